"""How exactly telemetry was measured: from each reading the least and the most that may have been there.

A reading tells what stood at some moment of its period and settling time; so what holds around it lies
between the lowest and the highest of the readings so near, each widened by accuracy and resolution. The
world's own recording is exact: there the least and the most are the reading itself.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FACTOR = 0.01  # assumed: a power factor is told with two digits
PER_DUTY_A = 0.6  # IEC 61851-1 Annex A: a percent of duty stands for 0.6 A
EXACT_COLUMNS = ("t_s", "epoch_s")
HAIR_S = 0.01  # times of readings are rounded


class Accuracy(NamedTuple):
    """How far one quantity may be off: a part of the reading, a part of the range, and its last digit."""

    part: float = 0.0
    of_range: float = 0.0
    digit: float = 0.0

    def slack(self, values: Array) -> Array:
        """Reading by reading, in the unit of the values."""
        slack: Array = self.part * np.abs(values) + self.of_range + self.digit
        return slack


class Instrument(NamedTuple):
    """What a summary's `telemetry` says of its source; the default is exact."""

    period_s: float = 0.0
    settle_s: float = 0.0
    current: Accuracy = Accuracy()
    voltage: Accuracy = Accuracy()
    power: Accuracy = Accuracy()
    energy: Accuracy = Accuracy()
    offer_a: float = 0.0  # how far an offer may be off by the way in which it was read from the pilot
    is_exact: bool = True

    @classmethod
    def of(cls, told: Any) -> "Instrument":
        """From a summary; what is absent, or no number, counts as 0."""
        if not isinstance(told, Mapping) or told.get("source", "world") == "world":
            return EXACT
        span, digit = _table(told, "range"), _table(told, "resolution")
        part_of_range = _number(span, "of_range_pct") / 100.0

        def accuracy(name: str, unit: str) -> Accuracy:
            full = _number(span, f"{name}_{unit}")
            part = _number(told, f"{name}_pct") / 100.0
            return Accuracy(part, part_of_range * full, _number(digit, f"{name}_{unit}"))

        return cls(
            _number(told, "period_s"),
            _number(told, "settle_s"),
            accuracy("current", "a"),
            accuracy("voltage", "v"),
            accuracy("power", "w"),
            accuracy("energy", "wh"),
            _number(told, "offered_a"),
            is_exact=False,
        )

    @property
    def window_s(self) -> float:
        """From so long before or after it a reading may be."""
        return 0.0 if self.is_exact else self.period_s + self.settle_s + HAIR_S

    def slack(self, name: str, values: Array) -> Array:
        """How far the readings of a column may be off."""
        if self.is_exact:
            return np.zeros(np.shape(values))
        if name.endswith("_v"):
            return self.voltage.slack(values)
        if name == "p_w":
            return self.power.slack(values)
        if name == "pf":
            return np.full(np.shape(values), FACTOR + self.power.part)
        if name == "duty_pct":
            return np.maximum(self.current.slack(values * PER_DUTY_A), self.offer_a) / PER_DUTY_A
        if name.endswith("_a"):
            slack = self.current.slack(values)
            if name[0] == "i":
                return slack
            return np.where(values > 0, np.maximum(slack, self.offer_a), 0.0)  # no offer is seen as such
        if name.endswith("_wh"):
            return self.energy.slack(values)
        return np.zeros(np.shape(values))

    def energy_slack(self, grown_wh: Array) -> Array:
        """How far a difference of two readings of the energy may be off: the same gain, two last digits."""
        slack: Array = self.energy.part * np.abs(grown_wh) + 2.0 * (self.energy.of_range + self.energy.digit)
        return slack


EXACT = Instrument()


def around(epoch_s: Array, values: Array, window_s: float) -> tuple[Array, Array]:
    """The lowest and the highest of the values within the window of each; null where its own is null."""
    first, last = _within(epoch_s, window_s)
    here, low, high = np.arange(len(values)), values.copy(), values.copy()
    for step in range(1, int((last - first).max(initial=0)) + 1):
        for at in (np.maximum(here - step, first), np.minimum(here + step, last)):
            low, high = np.fmin(low, values[at]), np.fmax(high, values[at])
    unknown = np.isnan(values)
    low[unknown], high[unknown] = np.nan, np.nan
    return low, high


def is_steady(epoch_s: Array, words: Array, window_s: float) -> Array:
    """Instants within the window of which all words are the same."""
    first, last = _within(epoch_s, window_s)
    changes = np.cumsum(np.concatenate([[False], words[1:] != words[:-1]]))
    steady: Array = changes[last] == changes[first]
    return steady


def _within(epoch_s: Array, window_s: float) -> tuple[Array, Array]:
    """The first and the last row within the window of each."""
    first = np.searchsorted(epoch_s, epoch_s - window_s)
    return first, np.searchsorted(epoch_s, epoch_s + window_s, side="right") - 1


def is_evidence(told: Any) -> bool:
    """Does this telemetry say more than the station's own words? Made of MeterValues, it does not."""
    return not (isinstance(told, Mapping) and told.get("source") == "meter_values")


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(told: Mapping[str, Any], name: str) -> float:
    """A number that is finite and not negative; else 0."""
    value = told.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return 0.0
    return max(float(value), 0.0)
