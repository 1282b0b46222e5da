"""The charger's temperature sensors and the levels they hold the outlets to."""

from collections.abc import Sequence
from math import inf

from evc5.models.crossing import leaves
from evc5.models.derating import Levels
from evc5.models.heat import CONTACTOR, ENCLOSURE, SOCKET, Air, Warmth

LOOK_AHEAD_S = 6 * 3600.0  # assumed to be enough of a search; it goes on from there
BOARD, CONTACTORS, CONTACTS = "board", "contactors", "socket"  # taken to be chg_TempCtrl1, 2 and 3-4


class Watch:
    """One sensor's hold on one outlet."""

    __slots__ = ("_rise", "extra_k", "level", "levels", "outlet", "sensor")

    def __init__(self, sensor: str, outlet: int, levels: Levels) -> None:
        self.sensor = sensor
        self.outlet = outlet
        self.levels = levels
        self.level = 0  # how many of the levels hold
        self.extra_k = 0.0  # a fault injected at the sensor
        self._rise = {CONTACTORS: CONTACTOR, CONTACTS: SOCKET}.get(sensor)

    @property
    def name(self) -> str:
        return f"{self.sensor} {self.outlet + 1}" if self.sensor == CONTACTS else self.sensor

    @property
    def limit_a(self) -> float:
        return self.levels[self.level - 1].limit_a if self.level else inf

    @property
    def up_c(self) -> float:
        return self.levels[self.level].up_c if self.level < len(self.levels) else inf

    @property
    def down_c(self) -> float:
        return self.levels[self.level - 1].down_c if self.level else -inf

    def _own(self, warmths: Sequence[Warmth]) -> Sequence[Warmth]:
        """The outlets whose current warms this sensor beyond the enclosure."""
        return (warmths[self.outlet],) if self.sensor == CONTACTS else warmths

    def at(self, air: Air, warmths: Sequence[Warmth], t_s: float) -> float:
        """°C at the sensor."""
        temp: float = air.at(t_s) + self.extra_k
        for warmth in warmths:
            temp += warmth.rises[ENCLOSURE].value(t_s - warmth.t0_s)
        if self._rise is not None:
            for warmth in self._own(warmths):
                temp += warmth.rises[self._rise].value(t_s - warmth.t0_s)
        return temp

    def slope(self, air: Air, warmths: Sequence[Warmth], t_s: float) -> float:
        """K/s at the sensor."""
        slope = air.slope(t_s)
        for warmth in warmths:
            slope += warmth.rises[ENCLOSURE].slope(t_s - warmth.t0_s)
        if self._rise is not None:
            for warmth in self._own(warmths):
                slope += warmth.rises[self._rise].slope(t_s - warmth.t0_s)
        return slope

    def bend(self, air: Air, warmths: Sequence[Warmth], t_s: float, until_s: float) -> float:
        """A bound on the second derivative from `t_s` to `until_s`."""
        bend = air.bend
        for warmth in warmths:
            bend += warmth.rises[ENCLOSURE].bend(t_s - warmth.t0_s, until_s - warmth.t0_s)
        if self._rise is not None:
            for warmth in self._own(warmths):
                bend += warmth.rises[self._rise].bend(t_s - warmth.t0_s, until_s - warmth.t0_s)
        return bend

    def peak_c(self, air: Air, warmths: Sequence[Warmth]) -> float:
        """Never above this while these currents hold."""
        peak = air.warmest_c + self.extra_k
        for warmth in warmths:
            peak += warmth.rises[ENCLOSURE].peak
        if self._rise is not None:
            for warmth in self._own(warmths):
                peak += warmth.rises[self._rise].peak
        return peak

    def step(self, direction: int) -> None:
        """The named crossing: one level up or down."""
        self.level += direction

    def follow(self, temp_c: float) -> None:
        """After a jump of the temperature, or several levels given back at once."""
        while temp_c > self.up_c:
            self.level += 1
        while temp_c < self.down_c:
            self.level -= 1

    def crossing(
        self, air: Air, warmths: Sequence[Warmth], now_s: float, until_s: float
    ) -> tuple[float, int] | None:
        """When, until `until_s`, the temperature next reaches the present level's edges."""
        if not self.level and self.peak_c(air, warmths) < self.up_c:
            return None
        return leaves(
            lambda t_s: (self.at(air, warmths, t_s), self.slope(air, warmths, t_s)),
            lambda t_s: self.bend(air, warmths, t_s, until_s),
            self.down_c,
            self.up_c,
            now_s,
            until_s,
        )


def watches(levels: Sequence[Levels]) -> tuple[Watch, ...]:
    """Board and contactors hold every outlet, a socket's contacts its own."""
    return tuple(
        Watch(sensor, outlet, levels[outlet])
        for sensor in (BOARD, CONTACTORS, CONTACTS)
        for outlet in range(len(levels))
    )
