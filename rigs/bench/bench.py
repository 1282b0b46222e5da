"""The bench: a charge point in virtual time under a user's hands, in a test, a notebook or a rig's script."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from evc5.models.faults import Fault
from evc5.models.units import DAY_S
from evc5.models.vehicles import Vehicle
from evc5.rigs import user_files
from evc5.rigs.bench import asked
from evc5.rigs.bench.assembly import assemble
from evc5.rigs.bench.network import LOCKSTEP, Network, Remote
from evc5.rigs.bench.scratch import Scratch
from evc5.rigs.bench.verbs import CsmsVerbs, LinkVerbs, PowerVerbs, verb
from evc5.rigs.bench.worker import Here, Worker
from evc5.rigs.errors import BadInput, NotAvailable
from evc5.rigs.recording.writing.lock import Lock
from evc5.twin.charging.grid import limits_nothing
from evc5.twin.line.incoming import NoConnection
from evc5.twin.line.pace import Paced
from evc5.twin.line.wire import WireLink
from evc5.twin.ocpp.rpc import REPLY_TIMEOUT_S, Reply
from evc5.twin.services.files import SimulatedFiles

if TYPE_CHECKING:
    from evc5.rigs.analysis.run import Run
    from evc5.rigs.rigfile.file import RigFile

MAX_ID_TAG = 20  # OCPP 1.6 7.28: CiString20Type
MOST_S = 3660 * DAY_S  # the longest a rig may last

T = TypeVar("T")


class CallError(Exception):
    """The charge point answered with a CALLERROR."""

    def __init__(self, code: str, description: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description
        self.details = dict(details or {})


class NoReply(Exception):
    """The charge point did not answer within 30 virtual seconds, or the link is down."""


class Bench:
    """A charge point, its world and an embedded back office, booted and standing at `start`.

    With a latency it stands where the answer to its boot came; one that is refused it tries again by itself.
    `booted=False` stands before the station is switched on, which the first `advance` or `call` then does.
    Time moves only in `advance` and `call`. `keys` are configuration keys, `policies` open questions decided
    (`evc5 sheet` lists both). Everything is recorded; `run_so_far()` judges and opens the recording.

    With `csms` (a ws:// or wss:// URL, `ca_file` its authority) the back office is a real one, and the bench
    a thread of its own: `pace` "lockstep" moves time only in `advance`, a factor has it follow the wall
    clock. `start` may be "now". The verbs are the same and may come from any thread; `close()`, or `with`,
    ends it.
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
        csms: str | None = None,
        pace: float | str = LOCKSTEP,
        ca_file: str | Path | None = None,
        network: Network | None = None,
        lock: Lock | None = None,
        booted: bool = True,
        **station: Any,
    ) -> None:
        began_wall_s: float | None = None
        keys, policies = asked.table(keys, "keys"), asked.table(policies, "policies")
        if csms is None and network is None and (pace != LOCKSTEP or ca_file is not None):
            why = "in memory time moves only in advance and call"
            raise BadInput(f"pace and ca_file must stand beside csms, for {why}")
        options = {"connectors": connectors, "behaviour": behaviour, "latency_s": latency_s, **station}
        options |= {"keys": keys, "policies": policies}
        table = {"start": start, "seed": seed, "timezone": timezone}
        if rig is not None:
            _check_rig(rig, {**table, **options})
        else:
            from evc5.rigs.rigfile.file import RigFile  # loads pydantic, of use to who makes one

            if isinstance(start, str) and start == "now":
                table["start"] = datetime.now(UTC)
                began_wall_s = time.monotonic()  # of the same instant, whatever was loaded before
            rig = RigFile.parse({**table, "name": "bench", "days": 3660.0, "station": options})
        if csms is not None and network is None:
            authority = None if ca_file is None else user_files.path_of(ca_file, "ca_file")
            network = Remote(rig, asked.text(csms, "csms", "a URL"), pace, authority)
        self._scratch = Scratch("evc5-bench-") if out is None else None
        directory = self._scratch.path / "run" if self._scratch else user_files.path_of(out, "out")
        self.rig = rig
        self.assembly = assemble(rig, directory, network, lock or self._scratch)
        self._timeline = self.assembly.timeline
        if began_wall_s is not None and isinstance(self.assembly.pace, Paced):
            self.assembly.pace.begin(began_wall_s)
        if csms is not None and isinstance(self.assembly.link, WireLink):
            self.assembly.link.must_hear = False
        self._worker: Worker = Here(self._timeline, self.assembly.pace)
        if csms is not None and isinstance(network, Remote):
            from evc5.rigs.bench.thread import BenchThread

            self._worker = BenchThread(self._timeline, network.hub, self.assembly.pace)
        self.link = LinkVerbs(self.assembly, self._worker)
        self.power = PowerVerbs(self.assembly, self._worker)
        self.csms = CsmsVerbs(self.assembly)
        self._vehicles = rig.cars
        self._closed = False
        self._is_off = True
        if booted:
            try:
                self._boot()
            except NoConnection as failure:
                self.close("interrupted")
                raise BadInput(f"csms {failure}") from None

    def _boot(self) -> None:
        """Switch the station on, and wait for the answer to its boot, if there is one."""
        self._is_off = False
        agent = self.assembly.station.agent
        self._worker.do(self.assembly.station.power_on)
        self._worker.until(lambda: agent.boot_settled)

    def __repr__(self) -> str:
        now = self.assembly.calendar.iso(self._timeline.now)
        station = self.rig.station
        connectors = "1 connector" if station.connectors == 1 else f"{station.connectors} connectors"
        return f"<Bench {station.identity} at {now}: {self.rig.behaviour.name}, {connectors}>"

    # --- time ---

    @property
    def now(self) -> datetime:
        """The virtual moment, aware, in UTC."""
        return self.assembly.calendar.at(self._worker.do(lambda: self._timeline.now))

    def advance(self, seconds: float | None = None, *, until: str | datetime | None = None) -> Self:
        """Move on by seconds or to a moment, doing everything due at or before it; 0 settles the present."""
        if (seconds is None) == (until is None):
            raise BadInput("advance takes either seconds or until")
        if seconds is not None and not asked.is_number(seconds):
            raise BadInput(f"advance takes a number of seconds, got {seconds!r}")
        if self._is_off:
            self._boot()
        now_s = self._worker.do(lambda: self._timeline.now)
        target_s = now_s + seconds if seconds is not None else self._moment_s(until)
        if target_s < now_s:
            raise BadInput(f"advance must not go back: {self.assembly.calendar.iso(target_s)} is past")
        if target_s > MOST_S:
            raise BadInput(f"advance must not go beyond {MOST_S:g} s after the start, got {target_s:g} s")
        self._worker.advance(target_s)
        return self

    def _moment_s(self, moment: str | datetime | None) -> float:
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment)
            except ValueError:
                raise BadInput(f"until must be an ISO 8601 date-time, got {moment!r}") from None
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise asked.refused("until", "a date-time with its UTC offset", moment)
        return self.assembly.calendar.t(moment.timestamp())

    def do(self, errand: Callable[[], T]) -> T:
        """Have something done where the environment lives, from any thread; its result or its exception."""
        return self._worker.do(errand)

    # --- hands ---

    @verb
    def plug_in(
        self,
        /,
        connector: int,
        vehicle: str | Vehicle = "vw-id3-58",
        soc: float = 0.5,
        cable_a: float = 32.0,
        **note: Any,
    ) -> None:
        """Put a car's cable into a connector; `soc` 0–1 on arrival, `cable_a` the cable's coding."""
        car = vehicle if isinstance(vehicle, Vehicle) else self._vehicle(vehicle)
        outlet = self._outlet(connector)
        soc, cable_a = asked.number(soc, "soc"), asked.number(cable_a, "cable_a", "a number of amperes")
        try:
            outlet.plug_in(car, soc, cable_a)
        except ValueError as error:
            raise BadInput(str(error)) from None
        self.assembly.event("plug-in", connector, vehicle=car.id, soc=soc, cable_a=cable_a, **note)

    @verb
    def unplug(self, connector: int) -> None:
        """Pull the cable out on the car's side."""
        outlet = self._outlet(connector)
        if outlet.circuit.car is None:
            raise BadInput(f"connector {connector} has no cable in it to unplug: plug_in comes first")
        outlet.unplug()
        self.assembly.event("unplug", connector)

    @verb
    def present_tag(self, connector: int, id_tag: str) -> None:
        """Hold a card to the reader."""
        self._outlet(connector)
        if not 1 <= len(asked.text(id_tag, "id_tag")) <= MAX_ID_TAG:
            raise BadInput(f"id_tag must have 1 to {MAX_ID_TAG} characters, got {id_tag!r}")
        why = self.assembly.station.ignores_tag(connector)
        self.assembly.event("tag", connector, id_tag=id_tag, **({"ignored": why} if why else {}))
        self.assembly.station.present_tag(connector, id_tag)

    @verb
    def inject(self, fault: str, connector: int = 1) -> None:
        """Let a fault set in: lock-failure, ground-failure, …; `evc5.models.faults.Fault` has them all."""
        self._fault(fault, connector)
        self.assembly.event("fault", connector, fault=fault)
        self.assembly.station.inject(connector, fault)

    @verb
    def clear(self, fault: str, connector: int = 1) -> None:
        """Let a fault go."""
        self._fault(fault, connector)
        self.assembly.event("clear", connector, fault=fault)
        self.assembly.station.clear(connector, fault)

    @verb
    def grid_limit(self, amps: float | None) -> None:
        """What the master or supervisor allows the station, A per phase; None: it falls silent."""
        if amps is not None and asked.number(amps, "amps", "a number >= 0, or None") < 0:
            raise BadInput(f"grid limit must be >= 0 A, got {amps:g}")
        why = limits_nothing(self.assembly.station.configuration)
        if why:
            raise BadInput(f"a grid limit does nothing here: {why}")
        self.assembly.event("operator", grid_limit_a=amps)
        self.assembly.station.site.grid.limit(amps)

    def _fault(self, fault: str, connector: int) -> None:
        if (fault, connector) == (Fault.METER, 0):
            return  # the third meter, at the connection to the grid
        self._outlet(connector)
        asked.one_of(fault, "fault", list(Fault))

    def _vehicle(self, name: str) -> Vehicle:
        return self._vehicles[asked.one_of(name, "vehicle", sorted(self._vehicles))]

    def _outlet(self, connector: int) -> Any:
        number = asked.whole(connector, "connector", len(self.assembly.world.outlets))
        return self.assembly.world.outlet(number)

    # --- messages ---

    @verb
    def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Let the back office ask the charge point; steps until the reply and returns its payload.

        Raises CallError for a CALLERROR, NoReply after 30 virtual seconds or with the link down.
        """
        if self._is_off:
            self._boot()
        replies: list[Reply] = []
        request = asked.payload(payload, "payload")
        self.assembly.conversation.call(asked.text(action, "action"), request, replies.append)
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

    @verb
    def send_text(self, text: str) -> None:
        """Put raw text on the wire to the charge point; it need not be a frame.

        Lone surrogates stand for bytes that are no UTF-8, as Python's `surrogateescape` has them.
        """
        if not isinstance(text, str):
            raise asked.refused("text", "text", text)
        self.assembly.conversation.send(text)

    # --- what there is to see ---

    @verb
    def reading(self, connector: int) -> dict[str, Any]:
        """The telemetry columns of a connector, now."""
        self._outlet(connector)
        return self.assembly.recorder.reading(connector, self._timeline.now)

    @property
    def files(self) -> MutableMapping[str, bytes]:
        """What simulated servers hold, by URL: firmware to fetch, diagnostics that were delivered."""
        servers = self.assembly.station.files
        if not isinstance(servers, SimulatedFiles):
            raise NotAvailable("station.transfers is network: files come from real servers and go there")
        return servers.contents

    @verb
    def run_so_far(self) -> Run:
        """The recording up to now, judged; the bench goes on. BadInput before the first frame."""
        from evc5.rigs.analysis.run import Run
        from evc5.rigs.checks import finish

        if not self.assembly.recorder.frames:
            raise BadInput("no frame has been exchanged yet: advance the bench first")
        self.assembly.recorder.checkpoint(self._timeline.now)
        finish(self.assembly.recorder.directory)
        return Run(self.assembly.recorder.directory, self._scratch)

    # --- the end ---

    def close(self, state: str = "complete") -> None:
        """Hang up and end the recording; a bench with a thread ends it. Closing twice does nothing."""
        asked.one_of(state, "state", ("complete", "interrupted"))
        if not self._closed:
            self._closed = True
            self._worker.close()
            self.assembly.close(state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_rig(rig: object, told: Mapping[str, object]) -> None:
    """BadInput where it is none, or where something that it says itself was `told` beside it."""
    from evc5.rigs.rigfile.file import RigFile

    if not isinstance(rig, RigFile):
        raise asked.refused("rig", "a RigFile, as Rig.load(…).file", rig)
    usual = {name: option.default for name, option in signature(Bench).parameters.items()}
    for name, given in told.items():
        if (given or None) != (usual.get(name) or None):  # no keys at all are as good as none given
            raise BadInput(f"rig says {name} itself: Rig.revised changes it, got {given!r}")
