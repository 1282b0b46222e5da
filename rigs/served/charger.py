"""A real charge point under the verbs of a bench: the tests of a twin run on it as they are."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from evc5.models.faults import Fault
from evc5.models.vehicles import presets
from evc5.rigs.analysis.run import Run
from evc5.rigs.bench import asked
from evc5.rigs.bench.assembly import served_header
from evc5.rigs.bench.bench import CallError, NoReply
from evc5.rigs.checks import finish
from evc5.rigs.errors import BenchFault, NotAvailable
from evc5.rigs.hardware.making import check
from evc5.rigs.rigfile.file import NOTHING, RigFile
from evc5.rigs.served.back_office import Plan, Service, Station
from evc5.rigs.served.listener import Address
from evc5.rigs.served.metal import Metal

T = TypeVar("T")
STEP_S = 0.05  # wall clock: how often the end, and a fault of the bench, are looked for
DONE_WITHIN_S = 60.0  # assumed: whatever a device does, it has done


class Told(dict[str, Any]):
    """A reading: what nobody measured is NotAvailable, never NaN, which would compare false."""

    def __missing__(self, name: str) -> Any:
        raise NotAvailable(f"{name} is measured by nobody here")


class Line:
    """What can be done to the charge point's connection from our end of it."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger

    def down(self) -> None:
        """Hang up, and let it dial in vain."""
        self._charger.on_station(self._charger.service.down)

    def silent(self) -> None:
        """Keep the socket, and let nothing pass."""
        self._charger.on_station(self._charger.service.silent)

    def up(self) -> None:
        self._charger.on_station(self._charger.service.up)


class Mains:
    """The charger's mains, where the bench can switch them."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger

    def cut(self) -> None:
        self._charger.hands("power-cut", None)

    def restore(self) -> None:
        self._charger.hands("power-restore", None)


class Answers:
    """What the back office says."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger

    def reply(self, action: str, payload: Any = None, **how: Any) -> None:
        """Script an answer: a payload or a function of the request."""
        office = self._charger.station.conversation.office
        self._charger.do(partial(office.reply, action, payload, **how))


class Charger:
    """Serves until `close`; made when the rig's station has dialled in, BenchFault where it does not.

    Without a rig it is `identity`, or whichever dials in first, and nothing of it can be touched. `lacking`
    is told of a verb that the rig's hardware cannot do; it raises.
    """

    def __init__(
        self,
        rig: RigFile | None,
        out: Path,
        port: int = 9000,
        wait_s: float = 120.0,
        lacking: Callable[[str], Any] | None = None,
        tell: Callable[[str], None] = lambda _: None,
        address: Address | None = None,
        identity: str = "",
    ) -> None:
        hardware = rig.hardware if rig is not None else None
        if rig is not None and hardware is not None:
            check(hardware, rig.folder)
        self.rig = rig
        self.service = Service(_plan(rig, out, identity), address or Address(port=port), tell)
        self.link, self.power, self.csms = Line(self), Mains(self), Answers(self)
        self._lacking = lacking or _not_available
        self._ending = threading.Event()
        self._here: Future[Station] = Future()
        self.service.on_first.append(self._here.set_result)
        self._metal: Metal | None = None
        if rig is not None and hardware is not None:
            self._metal = Metal(self.service, hardware, rig, tell)
        self._thread = threading.Thread(target=self._serve, name="evc5-charger", daemon=True)
        self._thread.start()
        tell(f"charge points may dial {self.service.server.url}/<identity>")
        try:
            self.station = self._here.result(wait_s)
        except TimeoutError:
            self.close()
            who = rig.station.identity if rig is not None else identity or "a charge point"
            where = self.service.server.url
            raise BenchFault(f"{who} has not dialled {where} within {wait_s:g} s") from None
        if self._metal is not None:
            self.do(partial(self._metal.record, self.station))

    def _serve(self) -> None:
        while not self._ending.is_set():
            self.service.run(STEP_S)

    def do(self, errand: Callable[[], T]) -> T:
        """Have something done in the thread that serves."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(errand())
            except Exception as error:
                done.set_exception(error)

        self.service.hub.post(run)
        return done.result(DONE_WITHIN_S)

    def on_station(self, what: Callable[[Station], None]) -> None:
        self.do(partial(what, self.station))

    # -- the verbs of a bench --------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def advance(self, seconds: float) -> Self:
        """Let so much real time pass; BenchFault where a device fails meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, STEP_S))
            self._see()
        return self

    def call(self, action: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the charge point; its answer's payload. CallError for a CALLERROR, NoReply where none comes."""
        reply = self.service.ask(self.station, action, payload or {})
        if reply.payload is not None:
            return reply.payload
        if reply.code:
            raise CallError(reply.code, reply.description, reply.details)
        raise NoReply(f"{action} got no reply")

    def plug_in(
        self, connector: int, vehicle: str = "vw-id3-58", soc: float = 0.5, cable_a: float = 32.0
    ) -> None:
        """Plug in a car, as far as cable box and load can be one."""
        known = self.rig.cars if self.rig is not None else presets()
        asked.one_of(vehicle, "vehicle", sorted(known))
        about = {"vehicle": vehicle, "soc": soc, "cable_a": cable_a}
        self.hands("plug-in", connector, about, car=known[vehicle])

    def unplug(self, connector: int) -> None:
        self.hands("unplug", connector)

    def present_tag(self, connector: int, id_tag: str) -> None:
        """Hold a card to the reader."""
        self.hands("tag", connector, {"id_tag": id_tag})

    def inject(self, fault: str, connector: int = 1) -> None:
        self.hands("fault", connector, {"fault": asked.one_of(fault, "fault", list(Fault))})

    def clear(self, fault: str, connector: int = 1) -> None:
        self.hands("clear", connector, {"fault": asked.one_of(fault, "fault", list(Fault))})

    def reading(self, connector: int) -> Told:
        """What the instruments told last of a connector, by the names of telemetry's columns."""
        self._see()
        if self._metal is None or not self._metal.bench.reads(connector):
            self._lacking(f"nobody reads at connector {connector}")
            return Told()
        end = time.monotonic() + DONE_WITHIN_S
        while connector not in self._metal.latest and time.monotonic() < end:
            self.advance(STEP_S)
        latest = self._metal.latest.get(connector, {})
        return Told({name: value for name, value in latest.items() if value is not None})

    def readings(self) -> Mapping[int, Mapping[str, Any]]:
        """By connector, all that was read last; nothing where nobody reads."""
        return dict(self._metal.latest) if self._metal is not None else {}

    def hands(
        self, event: str, connector: int | None, detail: Mapping[str, Any] = NOTHING, **more: Any
    ) -> None:
        """Have the bench do what this event is; it is recorded when it is done."""
        self._see()
        bench = self._metal.bench if self._metal is not None else None
        verb = bench.verb(event, connector, {**detail, **more}) if bench is not None else None
        if bench is None or verb is None:
            where = f" at connector {connector}" if connector is not None else ""
            what = f"{event} {detail['fault']}" if "fault" in detail else event
            self._lacking(f"the rig's hardware has nothing for {what}{where}")
            return
        done: Future[tuple[BenchFault | None, float]] = Future()
        bench.do(verb, lambda failed, took_s: done.set_result((failed, took_s)))
        failed, took_s = done.result(DONE_WITHIN_S)
        if failed is not None:
            raise failed
        about = {**detail, "took_s": round(took_s, 3)}
        self.do(partial(self.service.event, self.station, event, connector, **about))

    def run_so_far(self) -> Run:
        """The recording up to now, judged."""
        recorder = self.station.recorder
        self.do(lambda: recorder.checkpoint(self.service.timeline.now))
        finish(recorder.directory)
        return Run.open(recorder.directory)

    @property
    def directory(self) -> Path:
        """Where it is recorded."""
        return self.station.recorder.directory

    def flush(self) -> None:
        self.do(self.station.recorder.flush)

    def _see(self) -> None:
        if self._metal is not None and self._metal.bench.fault is not None:
            raise BenchFault(self._metal.bench.fault)

    def close(self) -> None:
        """Leave the bench dead, hang up, and judge what was recorded."""
        if self._ending.is_set():
            return
        if self._metal is not None:
            self._metal.close()
        self._ending.set()
        self._thread.join(DONE_WITHIN_S)
        for directory in self.service.close():
            finish(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _plan(rig: RigFile | None, out: Path, identity: str = "") -> Plan:
    if rig is None:
        known = {identity: ""} if identity else {}
        return Plan(out, None, known, {"rig": "charger", "csms": "served", "pace": 1.0})
    keys = {rig.station.identity: rig.configuration().text("AuthorizationKey")}
    return Plan(out, rig, keys, {**served_header(rig), "csms": "served", "pace": 1.0})


def _not_available(what: str) -> None:
    raise NotAvailable(what)
