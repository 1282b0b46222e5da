"""A car made of a cable box and a load: it follows the pilot as a car does, until it has what it came for."""

from dataclasses import dataclass
from typing import Any

from evc5.models.vehicles import Vehicle
from evc5.rigs.hardware.offer import Offer
from evc5.rigs.hardware.roles import Reading, Three

OFF: Three = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class EmulatedCar:
    """One car at one connector; `needed_wh` is what it takes at the meter."""

    vehicle: Vehicle
    needed_wh: float
    cable: Any
    load: Any
    most_a: float
    cable_a: float
    shows: str = "B"
    draws: Three = OFF
    began_wh: float | None = None

    def arrive(self) -> None:
        self.cable.plug(self.cable_a)
        self.cable.pilot("B")

    def follow(self, offer: Offer, reading: Reading | None) -> None:
        """Look at the pilot and the meter, and do what a car does about them."""
        amps = self.vehicle.min_a if offer.amps is None else offer.amps  # the least that is ever offered
        full = self._is_full(reading)
        if amps < self.vehicle.min_a or full:
            self._let_go()
            return
        if self.shows != "C":
            self.cable.pilot("C")
            self.shows = "C"
            return  # the contactor closes first
        self._draw(min(amps, self.vehicle.max_a, self.most_a))

    def leave(self) -> None:
        self._let_go()
        self.cable.unplug()

    def _is_full(self, reading: Reading | None) -> bool:
        shown = reading.energy_wh if reading is not None else None
        if shown is None:
            return False
        if self.began_wh is None:
            self.began_wh = shown
        return shown - self.began_wh >= self.needed_wh

    def _draw(self, amps: float) -> None:
        l1, l2, l3 = (amps if phase < self.vehicle.phases else 0.0 for phase in range(3))
        if (l1, l2, l3) != self.draws:
            self.load.draw((l1, l2, l3))
            self.draws = (l1, l2, l3)

    def _let_go(self) -> None:
        if self.draws != OFF:
            self.load.off()
            self.draws = OFF
        if self.shows != "B":
            self.cable.pilot("B")
            self.shows = "B"
