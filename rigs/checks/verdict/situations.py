"""What a recording shows of the situations that test cases ask for, as words: `Reset Hard=Accepted`.

An answered CALL shows its action, with `=` the status of its reply, and with a space what it is about; each
also `… in transaction` or `… without transaction`. Hands and mishaps show as `event …`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evc5.rigs.checks.reading.frames import CALL, RESULT, Frame, Reader
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import transcript
from evc5.rigs.recording.reading.events import events
from evc5.rigs.recording.reading.run_directory import messages, refuse_without_frames

WAITED_S = 10.0  # assumed: a message that went this long after its own time waited for its link

# What a CALL is about, besides its action.
ABOUT: Mapping[str, tuple[str, ...]] = {
    "Reset": ("type",),
    "ChangeConfiguration": ("key",),
    "StatusNotification": ("status",),
    "ChangeAvailability": ("type",),
    "TriggerMessage": ("requestedMessage",),
    "SendLocalList": ("updateType",),
    "FirmwareStatusNotification": ("status",),
    "DiagnosticsStatusNotification": ("status",),
    "SetChargingProfile": ("csChargingProfiles", "chargingProfilePurpose"),
}


def situations(path: Path) -> Counter[str]:
    """How often each situation occurs in a run directory or a transcript."""
    if path.is_dir():
        refuse_without_frames(path)
    watching = _Watching()
    happened = _events(path / "events.jsonl") if path.is_dir() else iter(())
    event = next(happened, None)
    reader = Reader()
    first = None
    for number, raw in transcript(messages(path) if path.is_dir() else path):
        try:
            frame = reader.read(number, raw)
        except ValueError:
            continue
        first = reader.start if first is None else first
        while event is not None and (first or 0.0) + event[0] <= frame.epoch_s:
            watching.event(event[1])
            event = next(happened, None)
        watching.frame(frame)
    return watching.seen


def _events(path: Path) -> Iterator[tuple[float, str]]:
    for row in events(path):
        yield float(row["t"]), row["event"]


class _Watching:
    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._asked: dict[tuple[bool, str], Frame] = {}
        self._running: set[str] = set()
        self._statuses: dict[str, str] = {}

    def event(self, name: str) -> None:
        self._see(f"event {name}")

    def frame(self, frame: Frame) -> None:
        if frame.lost or not frame.kind:
            return
        if frame.kind == CALL:
            self._asked[frame.up, frame.id] = frame
        elif (asked := self._asked.pop((not frame.up, frame.id), None)) is not None:
            self._exchange(asked, frame)

    def _exchange(self, asked: Frame, answer: Frame) -> None:
        payload = asked.payload if isinstance(asked.payload, dict) else {}
        reply = answer.payload if answer.kind == RESULT and isinstance(answer.payload, dict) else {}
        status = _status(reply) if answer.kind == RESULT else "error"
        names = [asked.action, *(f"{asked.action} {about}" for about in self._about(asked, payload))]
        for name in names:
            self._see(name)
            if status:
                self._see(f"{name}={status}")
        self._follow(asked.action, payload, reply)

    def _see(self, name: str) -> None:
        self.seen[name] += 1
        self.seen[f"{name} {'in' if self._running else 'without'} transaction"] += 1

    def _about(self, asked: Frame, payload: Mapping[str, Any]) -> Iterator[str]:
        found: Any = payload
        for key in ABOUT.get(asked.action, ()):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):
            yield found
        if asked.action == "StopTransaction":
            yield str(payload.get("reason", "Local"))  # OCPP 1.6, 6.49
        if asked.action == "MeterValues":
            yield from _contexts(payload)
        if asked.action in ("StartTransaction", "StopTransaction") and _late(asked.epoch_s, payload):
            yield "late"
        if asked.action in ("Authorize", "RemoteStartTransaction"):
            yield "cable first" if "Preparing" in self._statuses.values() else "cable later"
        if "chargingProfile" in payload:
            yield "with profile"
        if payload.get("connectorId") == 0:
            yield "connector 0"

    def _follow(self, action: str, payload: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        if action == "StartTransaction":
            self._running.add(str(reply.get("transactionId")))
        elif action == "StopTransaction":
            self._running.discard(str(payload.get("transactionId")))
        elif action == "StatusNotification":
            connector, status = str(payload.get("connectorId")), str(payload.get("status"))
            if self._statuses.get(connector) == "Preparing":
                self._see(f"StatusNotification {status} after Preparing")
            self._statuses[connector] = status


def _status(reply: Mapping[str, Any]) -> str:
    tag = reply.get("idTagInfo")
    found = tag.get("status") if isinstance(tag, dict) else reply.get("status", reply.get("listVersion"))
    return str(found) if isinstance(found, str | int) else ""


def _late(epoch_s: float, payload: Mapping[str, Any]) -> bool:
    try:
        return epoch_s - epoch(str(payload.get("timestamp"))) > WAITED_S
    except ValueError:
        return False


def _contexts(payload: Mapping[str, Any]) -> set[str]:
    try:
        samples = [sample for reading in payload["meterValue"] for sample in reading["sampledValue"]]
        return {str(sample.get("context", "Sample.Periodic")) for sample in samples}
    except (KeyError, TypeError, AttributeError):
        return set()
