"""The non-volatile memory as an SQLite file: what a process that was killed left, the next one finds.

Written with `synchronous = OFF`: a killed process loses nothing that was committed, a killed computer may.
"""

import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from evc5.twin.ocpp.memory import Message, Transaction

APPLICATION_ID = 0x45564335  # "EVC5", in the file's header
VERSION = 2  # of the layout of this file; 2: began_t_s and began_epoch_s
MARKS = {"application_id": APPLICATION_ID, "user_version": VERSION}

SCHEMA = """
CREATE TABLE transactions (number INTEGER PRIMARY KEY, running INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE messages (row INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, payload TEXT NOT NULL,
                       number INTEGER REFERENCES transactions);
CREATE TABLE facts (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteStore:
    """One station's memory in one file, made where there is none.

    Raises ValueError for a file that is something else.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._open()
        except (sqlite3.DatabaseError, ValueError) as error:
            raise ValueError(f"{path} must be the memory file of a station: {error}") from None

    def _open(self) -> None:
        if not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
            self._db.executescript(f"BEGIN; {SCHEMA} {marks} COMMIT")
        found = [self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in MARKS]
        if found != list(MARKS.values()):
            raise ValueError(f"its marks must be {MARKS}, got {found}")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")

    def load(self) -> tuple[list[Transaction], list[Message], dict[str, Any]]:
        rows = self._db.execute("SELECT number, running, body FROM transactions").fetchall()
        known = {number: Transaction(**orjson.loads(body)) for number, _, body in rows}
        queue = [
            Message(action, orjson.loads(payload), known.get(number), row=row)
            for row, action, payload, number in self._db.execute(
                "SELECT row, action, payload, number FROM messages ORDER BY row"
            )
        ]
        facts = {name: orjson.loads(body) for name, body in self._db.execute("SELECT name, body FROM facts")}
        return [known[number] for number, running, _ in rows if running], queue, facts

    def add(self, message: Message) -> None:
        number = message.transaction.number if message.transaction else None
        message.row = self._write(
            "INSERT INTO messages (action, payload, number) VALUES (?, ?, ?)",
            message.action,
            _json(message.payload),
            number,
        )

    def opened(self, transaction: Transaction, message: Message) -> None:
        self._db.execute("BEGIN")
        transaction.number = self._write("INSERT INTO transactions (running, body) VALUES (1, '')")
        self.changed(transaction)
        self.add(message)
        self._db.execute("COMMIT")

    def closed(self, transaction: Transaction, message: Message) -> None:
        self._db.execute("BEGIN")
        self._write("UPDATE transactions SET running = 0 WHERE number = ?", transaction.number)
        self.add(message)
        self._db.execute("COMMIT")

    def changed(self, transaction: Transaction) -> None:
        self._write(
            "UPDATE transactions SET body = ? WHERE number = ?",
            _json(asdict(transaction)),
            transaction.number,
        )

    def remove(self, message: Message) -> None:
        """Forget a message: with a start keep the id it got, with a stop forget the transaction."""
        self._db.execute("BEGIN")
        self._write("DELETE FROM messages WHERE row = ?", message.row)
        if message.transaction is not None and message.action == "StartTransaction":
            self.changed(message.transaction)
        elif message.transaction is not None and message.action == "StopTransaction":
            self._write("DELETE FROM transactions WHERE number = ?", message.transaction.number)
        self._db.execute("COMMIT")

    def keep(self, name: str, fact: Any) -> None:
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, _json(fact))

    def close(self) -> None:
        self._db.close()

    def _write(self, statement: str, *values: Any) -> int:
        return self._db.execute(statement, values).lastrowid or 0


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
