"""The bench: a charge point in virtual time under a user's hands, in a test, a notebook or a rig's script."""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from models.vehicles import Vehicle
from rigs.assembly import Assembly, assemble
from rigs.csms import Answer
from rigs.errors import BadInput
from rigs.rigfile import RigFile
from twin.faults import FAULTS
from twin.rpc import REPLY_TIMEOUT_S, Reply

if TYPE_CHECKING:
    from rigs.run import Run


class CallError(Exception):
    """The charge point answered with a CALLERROR."""

    def __init__(self, code: str, description: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code, self.description, self.details = code, description, dict(details or {})


class NoReply(Exception):
    """The charge point did not answer within 30 virtual seconds, or the link is down."""


class LinkVerbs:
    """The network's faults: `down` closes the socket, `silent` keeps it open and lets nothing pass."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def down(self) -> None:
        self._assembly.event("link-down", kind="down")
        self._assembly.link.down()

    def silent(self) -> None:
        self._assembly.event("link-down", kind="silent")
        self._assembly.link.silent()

    def up(self) -> None:
        self._assembly.event("link-up")
        self._assembly.link.up()


class PowerVerbs:
    """The mains: cut and restored."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def cut(self) -> None:
        self._assembly.event("power-cut")
        self._assembly.station.power_cut()

    def restore(self) -> None:
        self._assembly.event("power-restore")
        self._assembly.station.power_restore()


class CsmsVerbs:
    """The embedded back office, scripted."""

    def __init__(self, assembly: Assembly) -> None:
        self._office = assembly.csms.office

    def reply(self, action: str, payload: Answer | None = None, **how: Any) -> None:
        """Script what requests of `action` get: a payload or a function of it; see `BackOffice.reply`."""
        self._office.reply(action, payload, **how)


class Bench:
    """A charge point, its world and an embedded back office, booted and standing at `start`.

    Time moves only in `advance` and `call`. `keys` are configuration keys, `policies` open questions decided
    (README). Everything is recorded; `run_so_far()` judges and opens the recording.
    """

    def __init__(
        self,
        *,
        connectors: int = 2,
        behaviour: str = "evc5-v32r30",
        start: str | datetime = "2024-01-01T00:00:00Z",
        keys: Mapping[str, Any] | None = None,
        policies: Mapping[str, str] | None = None,
        seed: int = 1,
        latency_s: float = 0.0,
        timezone: str = "UTC",
        rig: RigFile | None = None,
        out: str | Path | None = None,
        **station: Any,
    ) -> None:
        if rig is None:
            options = {"connectors": connectors, "behaviour": behaviour, "latency_s": latency_s, **station}
            options |= {"keys": dict(keys or {}), "policies": dict(policies or {})}
            table = {"name": "bench", "start": start, "days": 3660.0, "seed": seed, "timezone": timezone}
            rig = RigFile.parse({**table, "station": options})
        self._scratch = None if out is not None else tempfile.TemporaryDirectory(prefix="evc5-bench-")
        directory = Path(out) if out is not None else Path(self._scratch.name) / "run"  # type: ignore[union-attr]
        self.rig = rig
        self.assembly = assemble(rig, directory)
        self._timeline = self.assembly.timeline
        self.link = LinkVerbs(self.assembly)
        self.power = PowerVerbs(self.assembly)
        self.csms = CsmsVerbs(self.assembly)
        self._vehicles = rig.cars
        self.assembly.station.power_on()
        self.advance(0)

    # --- time ---

    @property
    def now(self) -> datetime:
        """The virtual moment, aware, in UTC."""
        return self.assembly.calendar.at(self._timeline.now)

    def advance(self, seconds: float | None = None, *, until: str | datetime | None = None) -> Self:
        """Move on by seconds or to a moment, doing everything due at or before it; 0 settles the present."""
        if (seconds is None) == (until is None):
            raise BadInput("advance takes either seconds or until")
        target_s = self._timeline.now + seconds if seconds is not None else self._moment_s(until)
        if target_s < self._timeline.now:
            raise BadInput(f"advance must not go back: {self.assembly.calendar.iso(target_s)} is past")
        self._timeline.advance(target_s)
        return self

    def _moment_s(self, moment: str | datetime | None) -> float:
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment)
            except ValueError:
                raise BadInput(f"until must be an ISO 8601 date-time, got {moment!r}") from None
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise BadInput(f"until must carry its UTC offset, got {moment}")
        return self.assembly.calendar.t(moment.timestamp())

    # --- hands ---

    def plug_in(
        self,
        connector: int,
        vehicle: str | Vehicle = "vw-id3-58",
        soc: float = 0.5,
        cable_a: float = 32.0,
        **note: Any,
    ) -> None:
        """Put a car's cable into a connector; `soc` 0–1 on arrival, `cable_a` the cable's coding."""
        car = vehicle if isinstance(vehicle, Vehicle) else self._vehicle(vehicle)
        outlet = self._outlet(connector)
        try:
            outlet.plug_in(car, soc, cable_a)
        except ValueError as error:
            raise BadInput(str(error)) from None
        self.assembly.event("plug-in", connector, vehicle=car.id, soc=soc, cable_a=cable_a, **note)

    def unplug(self, connector: int) -> None:
        """Pull the cable out on the car's side."""
        self._outlet(connector).unplug()
        self.assembly.event("unplug", connector)

    def present_tag(self, connector: int, id_tag: str) -> None:
        """Hold a card to the reader."""
        self._outlet(connector)
        self.assembly.event("tag", connector, id_tag=id_tag)
        self.assembly.station.present_tag(connector, id_tag)

    def inject(self, fault: str, connector: int = 1) -> None:
        """Let a fault set in: lock-failure, pilot-short, ground-failure, … (README)."""
        self._fault(fault, connector)
        self.assembly.event("fault", connector, fault=fault)
        self.assembly.station.inject(connector, fault)

    def clear(self, fault: str, connector: int = 1) -> None:
        """Let a fault go."""
        self._fault(fault, connector)
        self.assembly.event("clear", connector, fault=fault)
        self.assembly.station.clear(connector, fault)

    def _fault(self, fault: str, connector: int) -> None:
        self._outlet(connector)
        allowed = [*FAULTS, "power-loss"]
        if fault not in allowed:
            raise BadInput(f"fault must be one of {', '.join(allowed)}, got {fault!r}")

    def _vehicle(self, name: str) -> Vehicle:
        if name not in self._vehicles:
            raise BadInput(f"vehicle must be one of {', '.join(sorted(self._vehicles))}, got {name!r}")
        return self._vehicles[name]

    def _outlet(self, connector: int) -> Any:
        if connector not in range(1, len(self.assembly.world.outlets) + 1):
            raise BadInput(f"connector must be 1 to {len(self.assembly.world.outlets)}, got {connector}")
        return self.assembly.world.outlet(connector)

    # --- messages ---

    def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Let the back office ask the charge point; steps until the reply and returns its payload.

        Raises CallError for a CALLERROR, NoReply after 30 virtual seconds or with the link down.
        """
        replies: list[Reply] = []
        self.assembly.csms.call(action, dict(payload or {}), replies.append)
        deadline_s = self._timeline.now + REPLY_TIMEOUT_S
        while not replies and self._timeline.peek() <= deadline_s:
            self._timeline.step()
        self._timeline.advance(self._timeline.now)
        reply = replies[0] if replies else Reply()
        if reply.payload is not None:
            return reply.payload
        if reply.code:
            raise CallError(reply.code, reply.description, reply.details)
        raise NoReply(f"{action} got no reply")

    def send_text(self, text: str) -> None:
        """Put raw text on the wire to the charge point; it need not be a frame."""
        self.assembly.link.send_down(text)

    # --- what there is to see ---

    def reading(self, connector: int) -> dict[str, Any]:
        """The telemetry columns of a connector, now."""
        self._outlet(connector)
        return self.assembly.recorder.reading(connector, self._timeline.now)

    def run_so_far(self) -> "Run":
        """The recording up to now, judged; the bench goes on."""
        from rigs.checks import finish
        from rigs.run import Run

        self.assembly.recorder.checkpoint(self._timeline.now)
        finish(self.assembly.recorder.directory)
        return Run.open(self.assembly.recorder.directory)
