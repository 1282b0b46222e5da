"""evc5 stand-in: the twin where the metal would be, for trying out a bench, its rig and this program."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from evc5.models.faults import Fault
from evc5.rigs.bench.bench import Bench
from evc5.rigs.bench.network import Remote
from evc5.rigs.checks import finish
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.making import check
from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.hardware import Device, Hardware
from evc5.rigs.standin.bus_meter import BusMeter
from evc5.rigs.standin.ends import Ends, Tell
from evc5.rigs.standin.plug import Plug, Power
from evc5.twin.ocpp.agent import REAL_CLOCK_STEP_S
from evc5.twin.ocpp.rpc import REPLY_TIMEOUT_S

POLL_S = 1.0  # assumed: how often a controller asks its meter
LOOK_S = 0.2
HELD_UP_S = 5.0  # wall clock: no process is for so long; assumed
GONE_S = 5.0  # assumed: a back office that nobody listens for so long has ended
HANDS = ("sessions", "sessions_csv", "session_files", "generator", "arrivals", "outages", "faults")
CSMS = ("csms.url", "csms.actions", "csms.replies")


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for; `seconds` None: until the back office has ended, or Ctrl-C."""

    rig: RigFile
    url: str
    pace: float = 1.0
    seconds: float | None = None
    out: Path | None = None


class StandIn:
    """Its ends are served from when it is made; `dial` switches it on; `close` ends both."""

    def __init__(self, order: Order, tell: Tell) -> None:
        hardware = order.rig.hardware
        if hardware is None:
            raise BadInput(f"{order.rig.where}hardware is missing: a stand-in serves the devices it names")
        check(hardware, order.rig.folder)
        self._order = order
        self.directory = order.out or Path("runs") / f"{order.rig.name}-stand-in"
        twin = _twin(order.rig)
        self._network = Remote(twin, order.url, order.pace, waits=True)
        self.bench = Bench(rig=twin, csms=order.url, network=self._network, booted=False, out=self.directory)
        self._live_in_its_time()
        loaded = {connector for role, connector, _ in hardware.devices() if role == "load"}
        plugs = {n: Plug(self.bench, n, n in loaded) for n in range(1, twin.station.connectors + 1)}
        self._over = threading.Event()
        try:
            self._ends = Ends(hardware, order.rig.folder, plugs, Power(self.bench), tell)
        except BaseException:
            self.bench.close("interrupted")
            raise
        self._pollers = [self._poll(*row) for row in _buses(hardware)]

    def _live_in_its_time(self) -> None:
        """The clock is that of the back office, which waits as long for us as at a pace of 1."""
        agent = self.bench.assembly.station.agent

        def is_set(_: float) -> None:
            """At a pace an answer that is held up tells a time long past: the first one is kept to."""
            agent.clock_step_s = HELD_UP_S * self._order.pace

        if self._order.pace != 1.0:
            agent.on_clock_set.append(is_set)

        def set_up() -> None:
            agent.foreign_time = self.bench.assembly.recorder.summary["foreign_time"] = False
            agent.clock_step_s = REAL_CLOCK_STEP_S
            agent.rpc.timeout_s = REPLY_TIMEOUT_S * self._order.pace

        self.bench.do(set_up)

    def _poll(self, connector: int, device: Device) -> threading.Thread:
        """The controller's own meter is read on its bus, by a thread that may wait for it."""
        line = Line(self._ends.far(device.url or ""), device.unit, device.timeout_s)
        reads = ModbusMeter(line, maps.find(device.map or "", self._order.rig.folder))

        def fails(gone: bool) -> None:
            (self.bench.inject if gone else self.bench.clear)(Fault.METER, connector)

        outlet = self.bench.assembly.world.outlet(connector)
        meter = self.bench.do(lambda: BusMeter(outlet, reads, fails))

        def run() -> None:
            while not self._over.wait(POLL_S):
                meter.poll()
            meter.close()

        thread = threading.Thread(target=run, name="evc5-bus-meter", daemon=True)
        thread.start()
        return thread

    def dial(self) -> None:
        """Switch it on once somebody listens at the back office's place."""
        while True:
            try:
                self._network.dial()
                break
            except BadInput:
                time.sleep(LOOK_S)
        self.bench.advance(0)

    @property
    def is_alone(self) -> bool:
        """Is it off the line, and nobody listens any more?"""
        return not self.bench.assembly.link.connected and not _listens(self._order.url)

    def close(self) -> Path:
        """Where it was recorded."""
        self._over.set()
        for poller in self._pollers:
            poller.join()
        self._ends.close()
        self.bench.close()
        finish(self.directory)
        return self.directory


def stand_in(order: Order, tell: Callable[[str], None]) -> Path:
    """Stand in until the back office is gone, the time is over, or Ctrl-C; the twin's own recording."""
    one = StandIn(order, tell)
    try:
        tell(f"the devices of {order.rig.name} are served; waiting for a back office at {order.url}")
        began = time.monotonic()
        one.dial()
        tell(f"{order.rig.station.identity} has dialled in")
        _stay(one, began + (order.seconds if order.seconds is not None else float("inf")))
    except KeyboardInterrupt:
        pass
    finally:
        directory = one.close()
    return directory


def _stay(one: StandIn, until: float) -> None:
    seen = time.monotonic()
    while time.monotonic() < until and time.monotonic() - seen < GONE_S:
        time.sleep(LOOK_S)
        if not one.is_alone:
            seen = time.monotonic()


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    place = (parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "wss" else 80))
    try:
        socket.create_connection(place, GONE_S).close()
    except OSError:
        return False
    return True


def _twin(rig: RigFile) -> RigFile:
    """The rig's station and surroundings, to which nothing is done but by the bench."""
    nothing = dict.fromkeys((*HANDS, *CSMS, "hardware", "grid.limits"))
    changes = {**nothing, "start": datetime.now(UTC), "station.backend": "twin", "station.latency_s": 0.0}
    return rig.revised({**changes, "recording.report": False})


def _buses(hardware: Hardware) -> list[tuple[int, Device]]:
    return [
        (connector, device)
        for role, connector, device in hardware.devices()
        if role == "bus" and connector is not None
    ]
