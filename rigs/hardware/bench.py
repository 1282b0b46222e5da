"""The bench at work: verbs one after the other, instruments read beside them, and all left dead at the end.

One thread of its own touches the devices; what was done and read is told in the environment's thread.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from evc5.models.faults import Fault
from evc5.models.vehicles import Vehicle
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.believed import Agreement
from evc5.rigs.hardware.bus import FAULTS as BUS_FAULTS
from evc5.rigs.hardware.bus import Bus
from evc5.rigs.hardware.car import EmulatedCar
from evc5.rigs.hardware.devices import SUPPLY_WITHIN_S, Devices
from evc5.rigs.hardware.guardian import Guardian
from evc5.rigs.hardware.instruments import columns
from evc5.rigs.hardware.locks import locked
from evc5.rigs.hardware.making import SAFE_A, check
from evc5.rigs.hardware.offer import Offer, UnitPilot
from evc5.rigs.hardware.roles import BringsCar, Pilot, Reading, Three
from evc5.rigs.rigfile.hardware import Hardware

GONE_S = 10.0  # assumed: a device that did not answer for so long is gone
ENDS_WITHIN_S = 30.0  # assumed: the way down of a bench whose devices all time out
GRID = "grid"  # what a source is to give; told as that one
AMBIENT = "ambient"  # what the air is to be; events tell of it as an operator's doing
SHOWN_S = 1.0  # assumed: how long a card is held
BOX_FAULTS = {Fault.DIODE: "diode", Fault.PILOT: "cp-short"}  # what a cable box can bring about
UNGUARDED = ("sim", "person")  # nothing of them outlives us

Post = Callable[[Callable[[], None]], None]
Done = Callable[[BenchFault | None, float], None]  # what failed, and how long it took in s
Measured = Callable[[int, Mapping[str, Any]], None]


class HardwareBench:
    """Made of a rig's [hardware]; `start` touches the first device, `close` the last.

    `post` lets something run in the environment's thread; `measured` takes the columns of one reading.
    Periods of reading are seconds of the run, which go by at `pace`.
    """

    def __init__(
        self, hardware: Hardware, folder: Path, post: Post, measured: Measured, pace: float = 1.0
    ) -> None:
        check(hardware, folder)
        self._hardware = hardware
        self._post = post
        self._measured = measured
        self._pace = pace
        self._locks = locked(hardware)
        self._devices = Devices(hardware, folder)
        self._folder = folder
        self._guardian: Guardian | None = None
        self._work: Queue[Callable[[], None]] = Queue()
        self._cars: dict[int, EmulatedCar] = {}
        self._pilots: dict[int, UnitPilot] = {}
        self._shown: dict[int, str] = {}  # by connector: the state that a cable without a car's load is in
        self._buses: dict[int, Bus] = {}
        self._served: dict[int, Any] = {}  # by connector: the meter on the charger's bus
        self._began_wh: dict[int, float] = {}
        self._agreements: dict[int, Agreement] = {}  # by connector: what its meter told of power and current
        self._silent_since: dict[int, float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evc5-bench", daemon=True)
        self.fault: str | None = None  # what failed first
        self.dead: bool | None = None  # was it left dead? None before the end
        self.left: list[str] = []  # what could not be proven
        self.seen: dict[str, str] = {}  # what the self-check before the run read
        self.seen_after: dict[str, str] = {}  # and the one after it
        self._is_cut = False  # did the rig leave the mains off?
        self._identities: dict[tuple[str, int | None], str] = {}

    def start(self, fed: Mapping[str, Any] | None = None) -> None:
        """See that the bench is well and at rest; BenchFault before anything is energised.

        `fed` is what a source gives when it is switched on, else what it stands at.
        """
        try:
            if any(device.driver not in UNGUARDED for _, _, device in self._hardware.devices()):
                self._guardian = Guardian(self._hardware, self._folder, self._locks)
            with self._renewing():
                self._begin(fed)
        except BaseException:  # Ctrl-C too: the mains may be on by now
            self.close()
            raise
        self._thread.start()

    def _begin(self, fed: Mapping[str, Any] | None) -> None:
        self._identities = self._devices.identities()
        if fed is not None and (feed := self.verb(GRID, None, fed)) is not None:
            feed()
        was_off = self._devices.switch_on()
        self.seen = self._devices.checked(SUPPLY_WITHIN_S if was_off else 0.0)
        self._serve_buses()

    @contextmanager
    def _renewing(self) -> Iterator[None]:
        """The guardian's lease, while devices are waited for that may take longer than it lasts.

        Where we hang for longer than any way down takes, it is the guardian's.
        """
        over, until = threading.Event(), time.monotonic() + ENDS_WITHIN_S

        def renew() -> None:
            while not over.wait(1.0) and time.monotonic() < until:
                self.renew()

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _serve_buses(self) -> None:
        for role, connector, device in self._hardware.devices():
            if role == "bus" and connector is not None:
                from evc5.rigs.hardware.modbus import maps
                from evc5.rigs.hardware.modbus.serving import MeterEmulator

                bus = self._buses[connector] = Bus(self._devices.get("meter", connector) is not None)
                map_ = maps.find(device.map or "", self._folder)
                self._served[connector] = MeterEmulator(device.url or "", map_, {device.unit: bus.values})

    def renew(self) -> None:
        """Called each second by whoever moves time: without it the guardian takes the bench down."""
        if self._guardian is not None:
            self._guardian.renew()

    def reads(self, connector: int) -> bool:
        """Does a device read anything at this connector?"""
        return any(self._devices.get(role, connector) is not None for role in ("cable", "meter"))

    def driver(self, role: str, connector: int | None) -> str:
        """Which driver plays a role; person where none is named."""
        named = {(name, number): device.driver for name, number, device in self._hardware.devices()}
        return named.get((role, connector), "person")

    # -- what is done ----------------------------------------------------------------------------

    def verb(self, event: str, connector: int | None, detail: Mapping[str, Any]) -> Callable[[], None] | None:
        """What does this on the bench; None where it is left to a person."""
        cable, reader = (self._devices.get(role, connector) for role in ("cable", "reader"))
        if event == "plug-in" and cable is not None and connector is not None:
            return partial(self._plug, connector, detail)
        if event == "unplug" and cable is not None and connector is not None:
            return partial(self._unplug, connector)
        if event == "tag" and reader is not None:
            return partial(reader.present, str(detail["id_tag"]), SHOWN_S)
        if event in ("fault", "clear") and detail.get("fault") in BUS_FAULTS and connector in self._served:
            how = BUS_FAULTS[detail["fault"]]
            return partial(self._served[connector].spoil, how, event == "fault")
        if event in ("fault", "clear") and cable is not None and detail.get("fault") in BOX_FAULTS:
            return partial(cable.fault, BOX_FAULTS[detail["fault"]], event == "fault")
        if event == AMBIENT and (climate := self._devices.get("climate")) is not None:
            return partial(climate.ambient, float(detail["ambient_c"]))
        if event == GRID and (supply := self._devices.get("supply")) is not None:
            return partial(self._feed, supply, tuple(detail["grid_v"]), float(detail["grid_hz"]))
        if event in ("power-cut", "power-restore"):
            return self._mains(event == "power-restore")
        return None

    def do(self, verb: Callable[[], None], done: Done) -> None:
        """Do it after what was asked before; `done` is told in the environment's thread."""

        def work() -> None:
            began = time.monotonic()
            failed = None
            try:
                verb()
            except Exception as error:
                failed = _fault_of(error)
                self._failed(str(failed))
            self._post(partial(done, failed, time.monotonic() - began))

        self._work.put(work)

    def _mains(self, on: bool) -> Callable[[], None] | None:
        mains, supply = (self._devices.get(role) for role in ("mains", "supply"))
        if mains is not None:
            return partial(self._switch, on, partial(mains.set, on))
        if supply is not None:
            return partial(self._switch, on, supply.on if on else supply.off)
        return None

    def _feed(self, supply: Any, volts: Three, hz: float) -> None:
        supply.frequency(hz)
        supply.voltage(volts)

    def _switch(self, on: bool, do: Callable[[], None]) -> None:
        do()
        self._is_cut = not on

    def _plug(self, connector: int, detail: Mapping[str, Any]) -> None:
        cable, load = (self._devices.get(role, connector) for role in ("cable", "load"))
        vehicle: Vehicle | None = detail.get("car")
        cable_a = float(detail.get("cable_a") or 32.0)
        if isinstance(cable, BringsCar) and vehicle is not None:
            cable.arrive(vehicle, float(detail.get("soc", 0.0)), cable_a)
            return
        if load is None or vehicle is None:
            assert cable is not None
            cable.plug(cable_a)
            cable.pilot("C")
            self._shown[connector] = "C"
            return
        most_a = self._hardware.connector[str(connector)].load
        limit_a = SAFE_A if most_a is None or most_a.max_a is None else most_a.max_a
        needed_wh = detail.get("needed_wh") or (1.0 - float(detail.get("soc", 0.0))) * vehicle.usable_wh
        car = EmulatedCar(vehicle, needed_wh, cable, load, limit_a, cable_a)
        car.arrive()
        self._cars[connector] = car

    def _unplug(self, connector: int) -> None:
        car = self._cars.pop(connector, None)
        if car is not None:
            car.leave()
            return
        cable = self._devices.get("cable", connector)
        assert cable is not None
        if isinstance(cable, BringsCar):
            cable.leave()
            return
        cable.pilot("B")
        cable.unplug()
        self._shown.pop(connector, None)

    # -- what is read ----------------------------------------------------------------------------

    def _run(self) -> None:
        due = dict.fromkeys(self._devices.connectors, 0.0)
        while not self._ending.is_set():
            try:
                wait_s = min([0.1, *(at - time.monotonic() for at in due.values())])
                self._work.get(timeout=max(wait_s, 0.001))()
            except Empty:
                pass
            for connector, at in due.items():
                now = time.monotonic()
                if now >= at and self.fault is None:
                    due[connector] = max(at + self._period_s(connector), now)
                    self._look(connector)

    def _look(self, connector: int) -> None:
        """Read a connector's instruments, and let its car look at the pilot."""
        try:
            offer, reading = self._read(connector)
            if (car := self._cars.get(connector)) is not None and offer is not None:
                car.follow(offer, reading)
                if connector in self._buses:
                    self._buses[connector].draws(car.draws)
            if connector in self._buses and reading is not None:
                self._buses[connector].read(reading)
            self._silent_since.pop(connector, None)
        except Exception as error:
            fault = _fault_of(error)
            since = self._silent_since.setdefault(connector, time.monotonic())
            if time.monotonic() - since > GONE_S or connector in self._cars:
                self._failed(str(fault))
            return
        if offer is not None or reading is not None:
            self._post(partial(self._measured, connector, self._columns(connector, offer, reading)))

    def _read(self, connector: int) -> tuple[Offer | None, Reading | None]:
        cable, meter = (self._devices.get(role, connector) for role in ("cable", "meter"))
        offer = None if cable is None else self._offer(connector, cable.read())
        if meter is None:
            return offer, None
        reading = meter.read()
        self._agreements.setdefault(connector, Agreement()).see(reading)
        return offer, reading

    def _offer(self, connector: int, pilot: Pilot) -> Offer:
        car = self._cars.get(connector)
        shows = self._shown.get(connector) if car is None else car.shows
        return self._pilots.setdefault(connector, UnitPilot()).offer(pilot, shows)

    @property
    def worst_offer(self) -> Offer | None:
        """The least exact offer that was read; None where none was."""
        read = [one.worst for one in self._pilots.values() if one.worst is not None]
        return max(read, key=lambda offer: offer.off_a, default=None)

    def _columns(self, connector: int, offer: Offer | None, reading: Reading | None) -> dict[str, Any]:
        """As telemetry names them, the energy since the first reading."""
        told = columns(offer, reading)
        if told.get("energy_wh") is not None:
            told["energy_wh"] -= self._began_wh.setdefault(connector, told["energy_wh"])
        return told

    def _period_s(self, connector: int) -> float:
        outlet = self._hardware.connector[str(connector)]
        periods = [device.period_s for device in (outlet.meter, outlet.cable) if device is not None]
        return min(periods, default=1.0) / self._pace

    # -- the end ---------------------------------------------------------------------------------

    def _failed(self, why: str) -> None:
        if self.fault is None:
            self.fault = why

    def close(self) -> None:
        """Leave the bench dead; `dead` and `left` say whether that is proven."""
        if self.dead is not None:
            return
        self._ending.set()
        with self._renewing():
            if self._thread.is_alive():
                self._thread.join(ENDS_WITHIN_S)
                self._check_after()
            self.left = self._devices.way_down()
            self.dead = not self.left
        for served in self._served.values():
            served.close()
        if self._guardian is not None:
            self._guardian.dismiss()
        for lock in self._locks:
            lock.release()

    def _check_after(self) -> None:
        """A bench that is not as well as before has measured nothing that proves anything."""
        if self.fault is not None:
            return
        if odd := [number for number, told in self._agreements.items() if not told.holds]:
            self._failed(f"connector {odd[0]} meter: its power is not that of its voltage and current; is one"
                         " of them in another unit?")  # fmt: skip
        try:
            self.seen_after = self._devices.checked_at_rest(is_live=not self._is_cut)
        except BenchFault as fault:
            self._failed(f"after the run: {fault}")

    def about(self) -> dict[str, Any]:
        """For the summary: the devices, and how it ended."""
        devices = [
            {"role": role, "connector": connector, "driver": device.driver, "serial": device.serial,
             "calibrated": device.calibrated, "identity": self._identities.get((role, connector), "")}
            for role, connector, device in self._hardware.devices()
        ]  # fmt: skip
        ended = {"fault": self.fault, "dead": self.dead, "left": self.left}
        checks = {"self_check": self.seen, "self_check_after": self.seen_after}
        return {"devices": devices, **checks, "notes": self._hardware.notes, **ended}


def _fault_of(error: Exception) -> BenchFault:
    """What a driver lets through is a fault of the bench, too: its thread must live to take it down."""
    return error if isinstance(error, BenchFault) else BenchFault(f"{type(error).__name__}: {error}")
