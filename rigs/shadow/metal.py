"""What a real charger's recording tells of its station, its back office and what was done to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from evc5.rigs.analysis.run import Run
from evc5.rigs.checks.reading.schemas import schema
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.events import events
from evc5.rigs.recording.reading.frames import Frame
from evc5.rigs.shadow.hands import Hand, hands

BOOT_FIELDS = {
    "chargePointVendor": "vendor", "chargePointModel": "model", "chargePointSerialNumber": "serial",
    "firmwareVersion": "firmware",
}  # fmt: skip


@dataclass(frozen=True)
class Metal:
    """A recording, and the moment at which the twin's life begins: the first boot, else the first frame."""

    run: Run
    frames: Sequence[Frame] = field(repr=False)
    began_s: float
    ended_s: float

    @classmethod
    def open(cls, run: Run) -> "Metal":
        """BadInput where it has no frame of a charge point, or those of several."""
        frames = [frame for frame in run.frames() if not frame.lost and _is_readable(frame)]
        stations = sorted({frame.station for frame in frames})
        if len(stations) != 1 or not any(frame.dir == "up" for frame in frames):
            told = ", ".join(stations[:5]) or "none"
            raise BadInput(f"{run.directory} must be the recording of one charge point, it has {told}")
        boots = (frame.t for frame in frames if frame.action == "BootNotification" and frame.kind == "CALL")
        began_s = next(boots, frames[0].t)
        return cls(run, frames, began_s, max(frames[-1].t, began_s) + 1.0)

    @property
    def identity(self) -> str:
        return self.frames[0].station

    @cached_property
    def start(self) -> datetime:
        """When the twin begins: `began_s` in UTC."""
        return next(frame.at for frame in self.frames if frame.t >= self.began_s)

    def since_start(self, at: datetime) -> float:
        """An instant in seconds of the twin's life."""
        return (at - self.start).total_seconds()

    @cached_property
    def calls(self) -> list[tuple[Frame, Frame | None]]:
        """Each CALL with its reply, None where none came."""
        replies = {(f.dir, f.id): f for f in self.frames if f.kind in ("CALLRESULT", "CALLERROR")}
        back = {"up": "down", "down": "up"}
        return [(f, replies.get((back[f.dir], f.id))) for f in self.frames if f.kind == "CALL"]

    def answered(
        self, action: str, direction: str = "up"
    ) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Request and confirmation of each CALL of an action that got one."""
        for call, reply in self.calls:
            if (call.action, call.dir) == (action, direction) and reply and reply.kind == "CALLRESULT":
                yield call.payload, reply.payload

    def asked(self) -> Iterator[Frame]:
        """The CALLs of the back office while the twin lives."""
        return (call for call, _ in self.calls if call.dir == "down" and call.t >= self.began_s)

    @cached_property
    def hands(self) -> list[Hand]:
        """What was done to the station, in order."""
        rows = list(events(self.run.directory / run_directory.EVENTS))
        return hands(rows, self.frames)

    def boot(self) -> dict[str, str]:
        """Who it says it is, as a rig's [station.boot]."""
        for call, _ in self.calls:
            if call.action == "BootNotification":
                told = call.payload
                return {ours: str(told[theirs]) for theirs, ours in BOOT_FIELDS.items() if told.get(theirs)}
        return {}

    def keys(self) -> dict[str, str]:
        """The keys at the beginning: what the first GetConfiguration told, and the rig's own."""
        answers = (told.get("configurationKey", ()) for _, told in self.answered("GetConfiguration", "down"))
        told = {one["key"]: one["value"] for one in next(answers, ()) if one.get("value") is not None}
        own = self.run.summary.get("keys") or {}
        return {**told, **{name: value for name, value in own.items() if value is not None}}

    def connectors(self) -> int:
        """How many outlets it speaks of, at most the EVC5's two."""
        told = [call.payload.get("connectorId") for call, _ in self.calls if call.dir == "up"]
        most = max((number for number in told if isinstance(number, int)), default=1)
        if most > 2:
            raise BadInput(f"{self.run.directory} is of {most} connectors; the twin has one or two")
        return int(self.run.summary.get("connectors") or max(most, 1))


def _is_readable(frame: Frame) -> bool:
    """Has its payload what it must have, each of its type? All else that is wrong does no harm here."""
    known = None if frame.kind == "CALLERROR" else schema(frame.action or "", frame.kind == "CALLRESULT")
    return known is None or not any(fault.misshapen for fault in known.faults(frame.payload))
