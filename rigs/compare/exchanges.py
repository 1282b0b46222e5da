"""A recording as the exchanges that two recordings are aligned by: each CALL with its reply, each event."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.checks.reading.frames import CALL, RESULT, Frame, Reader
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import transcript
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.events import events

REPLY_WITHIN_S = 60.0  # a reply after this is taken for none

# What tells two CALLs of an action apart, besides their connector.
KEYS: Mapping[str, tuple[str, ...]] = {
    "StatusNotification": ("status",),
    "ChangeConfiguration": ("key",),
    "TriggerMessage": ("requestedMessage",),
    "DataTransfer": ("vendorId", "messageId"),
    "FirmwareStatusNotification": ("status",),
    "DiagnosticsStatusNotification": ("status",),
    "RemoteStartTransaction": ("idTag",),
    "Reset": ("type",),
}


@dataclass(slots=True, eq=False)
class Exchange:
    """A CALL with its reply, or an event; `stamp_s` is its own timestamp in seconds of the run."""

    t_s: float
    way: str  # up, down; event for what hands did
    action: str
    payload: dict[str, Any]
    reply: Any = None  # the payload of a CALLRESULT, the code of a CALLERROR, None without either
    lost: bool = False
    stamp_s: float | None = None

    @property
    def happened_s(self) -> float:
        """When it happened, which is before it went where a link was down."""
        return self.t_s if self.stamp_s is None else self.stamp_s

    @property
    def connector(self) -> int | None:
        found = self.payload.get("connectorId")
        return found if isinstance(found, int) else None

    @property
    def transaction(self) -> int | None:
        """The id of the transaction it belongs to; a start has it from its reply."""
        told = self.reply if self.action == "StartTransaction" else self.payload
        found = told.get("transactionId") if isinstance(told, dict) else None
        return found if isinstance(found, int) else None

    @property
    def kind(self) -> str:
        """Action and what tells it apart, as people read it."""
        if self.action == "MeterValues":
            return f"MeterValues {_context(self.payload)}"
        parts = [str(self.payload[key]) for key in KEYS.get(self.action, ()) if key in self.payload]
        return " ".join([self.action, *parts, *(["(lost)"] * self.lost)])


@dataclass(slots=True)
class Source:
    """A recording on disk: a run directory or a transcript in any form that `evc5 verify` reads."""

    path: Path
    summary: dict[str, Any] = field(default_factory=dict)
    start_epoch_s: float | None = None  # of t = 0; of a bare transcript, once its first line was read
    bare: bool = False  # nothing but its frames counts: the other is a bare transcript

    @property
    def messages(self) -> Path:
        return run_directory.messages(self.path) if self.path.is_dir() else self.path

    @classmethod
    def open(cls, path: Path) -> "Source":
        if not path.exists():
            raise BadInput(f"{path}: no such file or directory")
        if not path.is_dir():
            _check(path)
            return cls(path)
        run_directory.refuse_without_frames(path)
        summary = run_directory.read_summary(path)
        start = summary.get("start")
        return cls(path, summary, epoch(start) if isinstance(start, str) else None)

    def exchanges(self) -> Iterator[Exchange]:
        """Frames, each CALL as its reply comes, and events; in order but for the time a reply takes."""
        happened = self._events()
        event = next(happened, None)
        for exchange in self._calls():
            while event is not None and event.t_s <= exchange.t_s:
                yield event
                event = next(happened, None)
            yield exchange
        if event is not None:
            yield event
        yield from happened

    def _events(self) -> Iterator[Exchange]:
        if not self.bare:
            for row in events(self.path / run_directory.EVENTS):
                detail = {"connectorId": row["connector"], **row["detail"]}
                yield Exchange(float(row["t"]), "event", row["event"], detail)

    def _calls(self) -> Iterator[Exchange]:
        reader = Reader(self.start_epoch_s)
        waiting = dict[tuple[bool, str], Exchange]()
        found = False
        for number, raw in transcript(self.messages):
            try:
                frame = reader.read(number, raw)
            except ValueError:
                continue  # `evc5 verify` complains of it
            self.start_epoch_s = reader.start or 0.0
            found |= frame.kind != 0
            if frame.kind == CALL:
                exchange = _called(frame, self.start_epoch_s)
                yield from _overdue(waiting, exchange.t_s)
                if exchange.lost:
                    yield exchange
                else:
                    waiting[frame.up, frame.id] = exchange
            elif not frame.lost and (not frame.up, frame.id) in waiting:
                exchange = waiting.pop((not frame.up, frame.id))
                exchange.reply = frame.payload if frame.kind == RESULT else _code(frame)
                yield exchange
        if not found:
            raise BadInput(f"{self.messages} holds no OCPP frames")
        yield from waiting.values()


def _called(frame: Frame, start_epoch_s: float) -> Exchange:
    payload = frame.payload if isinstance(frame.payload, dict) else {}
    epoch_s = _stamp(payload)
    stamp_s = None if epoch_s is None else epoch_s - start_epoch_s
    way = "up" if frame.up else "down"
    return Exchange(frame.epoch_s - start_epoch_s, way, frame.action, payload, None, frame.lost, stamp_s)


def _overdue(waiting: dict[tuple[bool, str], Exchange], now_s: float) -> Iterator[Exchange]:
    late = [key for key, exchange in waiting.items() if exchange.t_s < now_s - REPLY_WITHIN_S]
    for key in late:
        yield waiting.pop(key)


def _code(frame: Frame) -> str:
    return f"CALLERROR {frame.payload[0]}"


def _stamp(payload: Mapping[str, Any]) -> float | None:
    """The epoch second of which a payload tells: its own, or that of its first reading."""
    text = payload.get("timestamp")
    readings = payload.get("meterValue")
    if text is None and isinstance(readings, list) and readings and isinstance(readings[0], dict):
        text = readings[0].get("timestamp")
    try:
        return epoch(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _context(payload: Mapping[str, Any]) -> str:
    try:
        return str(payload["meterValue"][0]["sampledValue"][0].get("context", "Sample.Periodic"))
    except (KeyError, IndexError, TypeError, AttributeError):
        return "?"


def _check(path: Path) -> None:
    try:
        user_files.check(path)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
