"""How the current came after each change of what a car may draw."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from evc5.rigs.analysis.busiest_day import connectors
from evc5.rigs.analysis.questions.demand import instants
from evc5.rigs.analysis.questions.states import CURRENTS, States
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.recording.reading.telemetry_columns import phase_names

UNDER_A = 0.1  # above a lower limit: the resolution of a profile's limit (OCPP 1.6, 7.14)
NEAR_A = 0.5  # below a higher one: cars stay a little under what is offered (assumed)

ALLOCATED, DEMAND = phase_names("allocated"), phase_names("demand")
COLUMNS = ("t", "connector", "from_a", "to_a", "followed_s", "overshoot_a")
Row = tuple[float, int, float, float, float, float]


def reactions(run: Recorded) -> pd.DataFrame:
    """The table of `Run.reactions`."""
    rows = [row for connector in connectors(run) for row in _changes(run, connector)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS, "float64"))
    table = table.astype({"connector": "int64"}).sort_values(["t", "connector"], ignore_index=True)
    table.insert(1, "at", instants(run, table["t"].to_numpy()))
    return table


class _Course(NamedTuple):
    """One connector from row to row: what it may draw, would draw, and draws."""

    t_s: Array
    ends_s: Array  # of each row: when the next one stands
    limit_a: Array
    demand_a: Array
    begin_a: Array  # just after each row
    end_a: Array  # just before the next

    def between(self, first: int, beyond: int) -> "_Course":
        return _Course(*(values[first:beyond] for values in self))


def _course(run: Recorded, connector: int) -> _Course:
    states = States.of(run, connector, [*ALLOCATED, *DEMAND, *CURRENTS])
    t_s = states.rows["t"]
    begin_a = highest(states.rows, CURRENTS)
    ends_s = np.append(t_s[1:], t_s[-1:])
    end_a = np.fmax.reduce([states.at(name, ends_s, before=True) for name in CURRENTS])
    limit_a, demand_a = highest(states.rows, ALLOCATED), highest(states.rows, DEMAND)
    return _Course(t_s, ends_s, limit_a, demand_a, begin_a, end_a)


def _changes(run: Recorded, connector: int) -> Iterator[Row]:
    course = _course(run, connector)
    changes = [0, *(np.flatnonzero(np.diff(course.limit_a) != 0.0) + 1), len(course.t_s)]
    for before, first, beyond in zip(changes, changes[1:], changes[2:], strict=False):
        from_a, since = float(course.limit_a[before]), course.between(first, beyond)
        to_a = float(since.limit_a[0])
        if np.isnan(from_a + to_a + since.demand_a[0]):
            continue
        t_s, at_s = float(since.t_s[0]), _followed(since, from_a, to_a)
        over_a = _highest_since(since, at_s) - to_a
        if np.isfinite(at_s):
            yield t_s, connector, from_a, to_a, at_s - t_s, max(0.0, over_a)
        else:
            yield t_s, connector, from_a, to_a, np.nan, np.nan


def _followed(since: _Course, from_a: float, to_a: float) -> float:
    """When the current first was where the new limit wants it; infinite: never."""
    if to_a < from_a:
        most_a = to_a + UNDER_A
        return _first_not_above_zero(since, since.begin_a - most_a, since.end_a - most_a)
    least_a = np.fmin(to_a, since.demand_a) - NEAR_A
    return _first_not_above_zero(since, least_a - since.begin_a, least_a - since.end_a)


def _highest_since(since: _Course, at_s: float) -> float:
    later, ending = since.t_s >= at_s, since.ends_s > at_s
    return float(max(since.begin_a[later].max(initial=0.0), since.end_a[ending].max(initial=0.0)))


def _first_not_above_zero(since: _Course, begins: Array, ends: Array) -> float:
    """When a quantity that goes evenly from each begin to its end first is at most 0; infinite: never."""
    for begin_s, end_s, begin, end in zip(since.t_s, since.ends_s, begins, ends, strict=True):
        if begin <= 0.0:
            return float(begin_s)
        if end <= 0.0 and end_s > begin_s:
            return float(begin_s + (end_s - begin_s) * begin / (begin - end))
    return np.inf
