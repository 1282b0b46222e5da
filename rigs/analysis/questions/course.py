"""What one connector did over any stretch of a run: sums, times and peaks, each exact between rows."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np

from evc5.rigs.analysis.questions.demand import Drawn, idle_since_s
from evc5.rigs.analysis.questions.states import CURRENTS, States
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest
from evc5.rigs.analysis.visits import Visit
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.recording.reading.telemetry_columns import phase_names

ALLOCATED = phase_names("allocated")


class Course(NamedTuple):
    """One connector from row to row; arrays have what holds from a row to the next."""

    t_s: Array
    states: States
    flows: Array  # does power flow?
    begin_a: Array  # by phase: just after each row but the last
    end_a: Array  # and just before the next
    limit_a: Array  # the highest phase's

    @classmethod
    def of(cls, run: Recorded, connector: int) -> Self:
        states = States.of(run, connector, [*ALLOCATED, *CURRENTS])
        t_s = states.rows["t"]
        begin = [np.nan_to_num(states.rows[name][:-1]) for name in CURRENTS]
        end = [np.nan_to_num(states.at(name, t_s[1:], before=True)) for name in CURRENTS]
        limit_a = np.nan_to_num(highest(states.rows, ALLOCATED)[:-1])
        flows = states.drawn.power_w[:-1] > 0.0
        return cls(t_s, states, flows, np.array(begin), np.array(end), limit_a)

    @property
    def drawn(self) -> Drawn:
        return self.states.drawn

    def flowing_s(self, at_s: Array) -> Array:
        """Seconds in which power flowed, up to each instant."""
        return self._summed(self.flows.astype(float), at_s)

    def used_as(self, at_s: Array) -> Array:
        """Ampere-seconds of the highest phase while power flowed, up to each instant."""
        most_a = np.maximum.reduce(self.begin_a + self.end_a, axis=0) / 2.0
        return self._summed(np.where(self.flows, most_a, 0.0), at_s)

    def allowed_as(self, at_s: Array) -> Array:
        """Those of the limit while power flowed."""
        return self._summed(np.where(self.flows, self.limit_a, 0.0), at_s)

    def phase_wh(self, phase: int, at_s: Array) -> Array:
        """Wh of one phase, by its part of the currents, up to each instant."""
        sums_a = np.maximum((self.begin_a + self.end_a).sum(axis=0), 1e-9)
        share = (self.begin_a[phase] + self.end_a[phase]) / sums_a
        return self._cumulated(np.diff(self.drawn.energy_wh) * share, at_s)

    def peak_w(self, since_s: float, until_s: float) -> float:
        """The highest power from a row to another."""
        here = slice(*np.searchsorted(self.t_s, [since_s, until_s]))
        ends_w = self.drawn.power_at(self.t_s[1:], before=True)[here]
        return float(max(self.drawn.power_w[:-1][here].max(initial=0.0), ends_w.max(initial=0.0)))

    def _summed(self, values: Array, at_s: Array) -> Array:
        return self._cumulated(values * np.diff(self.t_s), at_s)

    def _cumulated(self, amounts: Array, at_s: Array) -> Array:
        return np.asarray(np.interp(at_s, self.t_s, np.append(0.0, np.cumsum(amounts))))


class Stay(NamedTuple):
    """A car at a connector, as far as the run goes."""

    visit: Visit
    since_s: float
    until_s: float
    idle_since_s: float
    energy_wh: float

    @property
    def unserved_wh(self) -> float:
        """What it asked for and did not get; NaN where nobody knows what it asked for."""
        needed_wh = self.visit.needed_wh
        return np.nan if needed_wh is None else max(0.0, needed_wh - self.energy_wh)


def stays(visits: Sequence[Visit], courses: dict[int, Course], end_s: float) -> Iterator[Stay]:
    """Each visit with what flowed; those at connectors that nobody measured are left out."""
    for visit in (one for one in visits if one.connector in courses):
        course = courses[visit.connector]
        until_s = min(end_s, end_s if visit.unplug_s is None else visit.unplug_s)
        (energy_wh,) = np.diff(course.drawn.energy_at(np.array([visit.plug_in_s, until_s])))
        idle_s = idle_since_s(course.drawn, visit.plug_in_s, until_s)
        yield Stay(visit, visit.plug_in_s, until_s, idle_s, float(energy_wh))
