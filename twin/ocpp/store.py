"""The non-volatile memory as an SQLite file: what a process that was killed left, the next one finds.

Written with `synchronous = OFF`: a killed process loses nothing that was committed, a killed computer may.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from evc5.twin.ocpp.memory import Message, Transaction
from evc5.twin.sheet.plain_file import is_plain

APPLICATION_ID = 0x45564335  # "EVC5", in the file's header
VERSION = 3  # of the layout of this file; 3: checksums, registers in whole µWh
MARKS = {"application_id": APPLICATION_ID, "user_version": VERSION}

SCHEMA = """
CREATE TABLE transactions (number INTEGER PRIMARY KEY, running INTEGER NOT NULL, body TEXT NOT NULL,
                           sum INTEGER NOT NULL);
CREATE TABLE messages (row INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, payload TEXT NOT NULL,
                       number INTEGER REFERENCES transactions, sum INTEGER NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
"""
READ = {
    "transactions": "SELECT number, running, body, sum FROM transactions",
    "messages": "SELECT row, action, payload, number, sum FROM messages ORDER BY row",
    "facts": "SELECT name, body, sum FROM facts",
}
OURS = (b"CREATE TABLE transactions (number", b"CREATE TABLE messages (row", b"CREATE TABLE facts (name")
HEAD_BYTES = 1 << 16  # the first page, whatever its size: where the schema stands
MAGIC = b"SQLite format 3\0"  # how each file of SQLite begins, and where its header has the application_id:
ID_AT = slice(68, 72)  # sqlite.org/fileformat2.html 1.3
REFUSALS = {  # what SQLite says of the system, not of a file's contents
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_LOCKED: errno.EBUSY,
    sqlite3.SQLITE_IOERR: errno.EIO,
}

Read = tuple[list[Transaction], list[Message], dict[str, Any]]
OWNERS_ONLY = 0o600  # a station's memory holds the key that it dials in with


class Damaged(ValueError):
    """A station's memory that does not hold what was written into it; the message says what shows it."""


class SqliteStore:
    """One station's memory in one file, made where there is none.

    Raises Damaged for a memory that is broken, ValueError for a file that is something else and stays as it
    is, OSError for what the system refuses.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        with _refusals(self._path):
            if not self._path.exists():
                _begin(self._path)
            elif not _is_ours(self._path):
                told = f"its marks must be {MARKS}, and nothing in it says so"
                raise ValueError(f"{path} must be the memory file of a station: {told}")
            self._db = sqlite3.connect(path, isolation_level=None)
            try:
                self._open()
                self._found = self._read()
            except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
                self._db.close()
                if _of_the_system(error):
                    raise
                if isinstance(error, _Foreign):
                    raise ValueError(f"{path} must be the memory file of a station: {error}") from None
                raise Damaged(f"{path} is damaged: {error}") from None

    def _open(self) -> None:
        found = [self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in MARKS]
        if found != list(MARKS.values()):
            told = f"its marks must be {MARKS}, got {found}"
            is_earlier = found[0] == APPLICATION_ID and 0 < found[1] < VERSION and not self._has_sums()
            raise _Foreign(told) if is_earlier else ValueError(told)
        # No write-ahead log: what stands there and is damaged would be passed over in silence.
        self._db.execute("PRAGMA journal_mode = TRUNCATE")
        self._db.execute("PRAGMA synchronous = OFF")

    def _has_sums(self) -> bool:
        """Are its tables of this version?"""
        tables = self._db.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchall()
        return any("sum INTEGER" in sql for (sql,) in tables)

    def load(self) -> Read:
        """What was found when it was opened."""
        return self._found

    def _read(self) -> Read:
        """Everything, each row held against its checksum."""
        said = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise ValueError(said.replace("\n", " "))
        rows = {name: self._db.execute(statement).fetchall() for name, statement in READ.items()}
        for name, table in rows.items():
            for *values, kept in table:
                if _sum(*values) != kept:
                    raise ValueError(f"a row of {name} does not keep to its checksum")
        known = {number: Transaction(**orjson.loads(body)) for number, _, body, _ in rows["transactions"]}
        queue = [
            Message(action, orjson.loads(payload), known.get(number), row=row)
            for row, action, payload, number, _ in rows["messages"]
        ]
        facts = {name: orjson.loads(body) for name, body, _ in rows["facts"]}
        last = self._db.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()[0]
        self._last_row = max([last or 0, *(message.row for message in queue)])
        return [known[number] for number, running, *_ in rows["transactions"] if running], queue, facts

    def add(self, message: Message) -> None:
        number = message.transaction.number if message.transaction else None
        self._last_row += 1
        message.row = self._last_row
        values = (message.row, message.action, _json(message.payload), number)
        self._write("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", *values, _sum(*values))

    def opened(self, transaction: Transaction, message: Message) -> None:
        with self._at_once():
            insert = "INSERT INTO transactions (running, body, sum) VALUES (1, '', 0)"
            transaction.number = self._write(insert)
            self.changed(transaction)
            self.add(message)

    def closed(self, transaction: Transaction, message: Message) -> None:
        with self._at_once():
            self._keep(transaction, running=0)
            self.add(message)

    def changed(self, transaction: Transaction) -> None:
        running = "SELECT running FROM transactions WHERE number = ?"
        found = self._db.execute(running, (transaction.number,)).fetchone()
        if found is not None:
            self._keep(transaction, found[0])

    def remove(self, message: Message) -> None:
        """Forget a message: with a start keep the id it got, with a stop forget the transaction."""
        with self._at_once():
            self._write("DELETE FROM messages WHERE row = ?", message.row)
            if message.transaction is not None and message.action == "StartTransaction":
                self.changed(message.transaction)
            elif message.transaction is not None and message.action == "StopTransaction":
                self._write("DELETE FROM transactions WHERE number = ?", message.transaction.number)

    def keep(self, name: str, fact: Any) -> None:
        body = _json(fact)
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", name, body, _sum(name, body))

    def close(self) -> None:
        self._db.close()

    def _keep(self, transaction: Transaction, running: int) -> None:
        number = transaction.number
        body = _json(asdict(transaction))
        statement = "UPDATE transactions SET running = ?, body = ?, sum = ? WHERE number = ?"
        self._write(statement, running, body, _sum(number, running, body), number)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """All that is written within it, or nothing."""
        self._write("BEGIN")
        try:
            yield
            self._write("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._write("ROLLBACK")
            raise

    def _write(self, statement: str, *values: Any) -> int:
        with _refusals(self._path):
            return self._db.execute(statement, values).lastrowid or 0


class _Foreign(ValueError):
    """A memory of an earlier version."""


def put_aside(path: Path) -> Path:
    """Take a damaged memory out of the way, beside where it was; its new name, which no other file had."""
    taken = (path.with_name(f"{path.name}.damaged-{n}") for n in count(1))
    aside = next(name for name in taken if not name.exists())
    for tail in ("", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + tail).rename(aside.with_name(aside.name + tail))
    return aside


def _begin(path: Path) -> None:
    """A memory with nothing in it, which gets its name when it is whole: a kill leaves none half made."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_bytes(b"")  # the system says what stands against it better than SQLite does
    unfinished.chmod(OWNERS_ONLY)
    db = sqlite3.connect(unfinished, isolation_level=None)
    try:
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        db.executescript(f"PRAGMA journal_mode = OFF; BEGIN; {SCHEMA} {marks} COMMIT")
    finally:
        db.close()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # of another file that had this name
    unfinished.replace(path)


def _is_ours(path: Path) -> bool:
    """Did a station write it, however much is broken? What holds nothing is no other program's either."""
    if not is_plain(path):
        return False
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(MAGIC):
        is_marked = head[ID_AT] == APPLICATION_ID.to_bytes(4, "big") or len(head) < ID_AT.stop
    else:
        is_marked = MAGIC.startswith(head) or not head.strip(b"\0")
    return is_marked or any(mark in head for mark in OURS)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """What the system refuses SQLite is an OSError here, as of any other file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if (number := _of_the_system(error)) is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from None


def _of_the_system(error: Exception) -> int | None:
    """The system's number of what it refused; None for any other error."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else REFUSALS.get(code & 0xFF)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _sum(*values: Any) -> int:
    return crc32(orjson.dumps(values))
