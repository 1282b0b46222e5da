"""A bench without metal: a charger of one outlet that offers a fixed current, a cable, a load and a meter.

What the load draws flows while the pilot shows C or D and the mains are on; energy is counted by the clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from evc5.models.pilot import CABLE_OHM, VOLTS, duty_from_amps
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.roles import Pilot, Reading, Three

GRID_V, GRID_HZ = 230.0, 50.0
OFF: Three = (0.0, 0.0, 0.0)
LOW_V = -12.0
FAULTS = ("diode", "cp-short", "pe-open")


@dataclass(slots=True)
class SimStation:
    """The mains, the source and the air that all outlets share."""

    mains: bool = True
    source: bool = True
    volts: Three = (GRID_V, GRID_V, GRID_V)
    hz: float = GRID_HZ
    temp_c: float = 20.0

    @property
    def live_v(self) -> Three:
        return self.volts if self.mains and self.source else OFF


@dataclass(slots=True)
class SimOutlet:
    """One outlet: its pilot, what is asked of its load, and what its meter has counted."""

    station: SimStation
    offers_a: float = 16.0
    clock: Callable[[], float] = time.monotonic
    cable_a: float | None = None
    state: str = "A"
    asked_a: Three = OFF
    faults: set[str] = field(default_factory=set)
    energy_wh: float = 0.0
    counted_at: float | None = None

    def count(self) -> None:
        """Take in what has flowed since the last time; called before anything changes."""
        now = self.clock()
        if self.counted_at is not None:
            self.energy_wh += sum(self.watts) * (now - self.counted_at) / 3600.0
        self.counted_at = now

    @property
    def amps(self) -> Three:
        flows = self.state in "CD" and sum(self.station.live_v) > 0.0 and not self.faults
        return self.asked_a if flows else OFF

    @property
    def watts(self) -> Three:
        w1, w2, w3 = (volts * amps for volts, amps in zip(self.station.live_v, self.amps, strict=True))
        return (w1, w2, w3)


@dataclass(slots=True)
class SimCable:
    outlet: SimOutlet

    def plug(self, cable_a: float) -> None:
        if cable_a not in CABLE_OHM:
            raise BenchFault(f"a cable of {cable_a:g} A has no coding resistor")
        self.outlet.count()
        self.outlet.cable_a = cable_a
        self.outlet.state = "B"

    def unplug(self) -> None:
        self.outlet.count()
        self.outlet.cable_a = None
        self.outlet.state = "A"

    def pilot(self, state: str) -> None:
        if state not in VOLTS or state == "F":
            raise BenchFault(f"a car shows A to E on the pilot, not {state}")
        self.outlet.count()
        self.outlet.state = state

    def fault(self, name: str, on: bool) -> None:
        if name not in FAULTS:
            raise BenchFault(f"the cable knows no fault {name}; it knows {', '.join(FAULTS)}")
        self.outlet.count()
        (self.outlet.faults.add if on else self.outlet.faults.discard)(name)

    def read(self) -> Pilot:
        state = "E" if self.outlet.faults else self.outlet.state
        high_v = float(VOLTS[state])
        if state not in "BCD" or not sum(self.outlet.station.live_v):
            return Pilot(high_v, high_v, high_v, 100.0, 0.0)
        duty_pct = duty_from_amps(self.outlet.offers_a)
        mean_v = duty_pct / 100.0 * high_v + (1.0 - duty_pct / 100.0) * LOW_V
        return Pilot(high_v, LOW_V, mean_v, duty_pct, 1000.0)


@dataclass(slots=True)
class SimLoad:
    outlet: SimOutlet

    def draw(self, amps: Three) -> None:
        self.outlet.count()
        self.outlet.asked_a = amps

    def off(self) -> None:
        self.draw(OFF)


@dataclass(slots=True)
class SimMeter:
    outlet: SimOutlet

    def read(self) -> Reading:
        one = self.outlet
        one.count()
        return Reading(one.station.live_v, one.amps, one.watts, sum(one.watts), one.station.hz, one.energy_wh)


@dataclass(slots=True)
class SimReader:
    shown: list[str] = field(default_factory=list)

    def present(self, id_tag: str, hold_s: float) -> None:
        self.shown.append(id_tag)


@dataclass(slots=True)
class SimSupply:
    outlets: list[SimOutlet]
    station: SimStation

    def on(self) -> None:
        self._is(True)

    def off(self) -> None:
        self._is(False)

    def _is(self, on: bool) -> None:
        for outlet in self.outlets:
            outlet.count()
        self.station.source = on

    def voltage(self, volts: Three) -> None:
        for outlet in self.outlets:
            outlet.count()
        self.station.volts = volts

    def frequency(self, hz: float) -> None:
        self.station.hz = hz


@dataclass(slots=True)
class SimMains:
    outlets: list[SimOutlet]
    station: SimStation

    def set(self, on: bool) -> None:
        for outlet in self.outlets:
            outlet.count()
        self.station.mains = on

    def get(self) -> bool:
        return self.station.mains


@dataclass(slots=True)
class SimClimate:
    station: SimStation

    def ambient(self, temp_c: float) -> None:
        self.station.temp_c = temp_c

    def read(self) -> float:
        return self.station.temp_c
