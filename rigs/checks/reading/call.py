"""One CALL of a transcript with its reply."""

from typing import Any

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.meter import Reading
from evc5.rigs.checks.reading.templates import Row


class Call:
    """A CALL and, once it came, its reply."""

    __slots__ = (
        *("line", "epoch_s", "up", "lost", "id", "action", "payload", "readings", "valid"),
        *("reply_epoch_s", "reply", "doubtful", "error", "row", "again"),
    )

    def __init__(
        self, line: int, epoch_s: float, up: bool, lost: bool, id: str, action: str, payload: Any
    ) -> None:
        self.line = line
        self.epoch_s = epoch_s
        self.up = up
        self.lost = lost
        self.id, self.action, self.payload = id, action, payload
        self.valid = False
        self.row: Row | None = None  # of MeterValues of known form, which have no payload here
        self.again = False  # this transaction message was sent before and not confirmed
        self.readings: list[Reading] | None = None  # of its meter values, where it has them and is valid
        self.reply_epoch_s: float | None = None
        self.reply: dict[str, Any] | None = None  # the payload of a valid CALLRESULT
        self.doubtful = False  # the answer holds foreign fields: the station may have taken it for none
        self.error: str | None = None  # the code of a CALLERROR

    @property
    def connector(self) -> int | None:
        at = self.payload.get("connectorId") if isinstance(self.payload, dict) else None
        return at if isinstance(at, int) else None

    @property
    def answered_s(self) -> float:
        """When its answer came; until then, when it went."""
        return self.epoch_s if self.reply_epoch_s is None else self.reply_epoch_s

    @property
    def happened_s(self) -> float:
        """When what it tells happened, by its own stamp where it has one; never after it went."""
        stamp = self.payload.get("timestamp") if isinstance(self.payload, dict) and self.valid else None
        if self.row is not None:
            told = self.row.stamp
        elif self.readings:
            told = self.readings[0].stamp
        else:
            told = epoch(stamp) if isinstance(stamp, str) else self.epoch_s
        return min(told, self.epoch_s)
