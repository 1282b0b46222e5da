"""What was recorded, row by row, as the tables of kinds find it and change it."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

Row = dict[str, Any]
REGISTER = "Energy.Active.Import.Register"


@dataclass
class Recorded:
    """The rows of messages.jsonl, in order."""

    rows: list[Row]
    new_ids: Iterator[int] = field(default_factory=lambda: iter(range(90_000, 99_999)))

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls([json.loads(line) for line in path.read_text().splitlines()])

    def copy(self) -> Self:
        return type(self)(deepcopy(self.rows))

    def write(self, path: Path) -> Path:
        path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in self.rows))
        return path

    # -- found ------------------------------------------------------------------------------------

    def calls(self, action: str, direction: str = "up") -> list[Row]:
        """The CALLs of an action that one side made."""
        return [
            row
            for row in self.rows
            if row["dir"] == direction and row["frame"][0] == 2 and row["frame"][2] == action
        ]

    def reply_to(self, call: Row) -> Row:
        after = self.rows[self.place(call) :]
        return next(
            row
            for row in after
            if row["dir"] != call["dir"] and row["frame"][0] > 2 and row["frame"][1] == call["frame"][1]
        )

    def place(self, row: Row) -> int:
        return next(n for n, one in enumerate(self.rows) if one is row)

    # -- changed ----------------------------------------------------------------------------------

    def drop(self, call: Row) -> None:
        """It was never made, nor answered."""
        gone = (id(call), id(self.reply_to(call)))
        self.rows = [row for row in self.rows if id(row) not in gone]

    def add(self, *rows: Row, after: Row) -> None:
        """So many rows more, at the time of the one that they follow."""
        for row in rows:
            row.update(t=after["t"], at=after["at"])
        place = self.place(after) + 1
        self.rows[place:place] = rows

    def again(self, call: Row, id: str | None = None) -> tuple[Row, Row]:
        """The same CALL and its answer once more, right after; the two that came new."""
        reply = self.reply_to(call)
        first, second = deepcopy([call, reply])
        if id is not None:
            first["frame"][1] = second["frame"][1] = id
        self.add(first, second, after=reply)
        return first, second

    def move(self, call: Row, after: Row) -> None:
        """It and its answer come only after this row."""
        pair = [call, self.reply_to(call)]
        self.drop(call)
        self.add(*pair, after=after)


Pick = Callable[[Recorded], Row]


def payload(row: Row) -> Any:
    """Of a CALL or of an answer."""
    return row["frame"][3] if row["frame"][0] == 2 else row["frame"][2]


def later(stamp: str, seconds: float) -> str:
    """So many seconds after, in the form of the twin's stamps."""
    moved = datetime.fromisoformat(stamp) + timedelta(seconds=seconds)
    return moved.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moved.microsecond // 1000:03d}Z"


def call(action: str, n: int = 0, direction: str = "up", **fields: Any) -> Pick:
    """The nth CALL of an action whose payload has these fields."""

    def pick(told: Recorded) -> Row:
        found = [row for row in told.calls(action, direction) if fields.items() <= payload(row).items()]
        return found[n]

    return pick


def order(action: str, n: int = 0, **fields: Any) -> Pick:
    """A CALL of the CSMS."""
    return call(action, n, "down", **fields)


def answer(pick: Pick) -> Pick:
    """The answer to a CALL."""
    return lambda told: told.reply_to(pick(told))


def samples(told: Recorded, context: str = "Sample.Periodic", transaction: int | None = 1) -> list[Row]:
    """The MeterValues of a transaction that were taken for this reason."""
    return [
        row
        for row in told.calls("MeterValues")
        if payload(row)["meterValue"][0]["sampledValue"][0]["context"] == context
        and transaction in (None, payload(row).get("transactionId"))
    ]


def sample(n: int, context: str = "Sample.Periodic", transaction: int | None = 1) -> Pick:
    return lambda told: samples(told, context, transaction)[n]


def values(row: Row, measurand: str) -> list[Row]:
    """Of one sample."""
    return [one for one in payload(row)["meterValue"][0]["sampledValue"] if one["measurand"] == measurand]
