"""What the house beside the charge point draws, in steps: as the rig had it, or as somebody measured it."""

from typing import Any

import numpy as np

from evc5.models.units import DAY_S
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.tariffs.series import Span, source_of, steps_of
from evc5.rigs.tariffs.steps import Steps

HOUR_S = 3600.0


def house_w(run: Recorded, given: Any = None) -> Steps:
    """W of the house over the run: of a series in W, else of the rig's `grid.house`; BadInput without both.

    The rig's rows are A per phase; at the grid's nominal volts and power factor 1 they are W. Their hours
    count from the run's local beginning, as the electrical world counts them: no change of the clock moves
    them.
    """
    if given is not None:
        return steps_of(source_of(given, "house"), Span(run.start, run.end_s))
    told = run.summary.get("house") or {}
    if not told.get("rows"):
        raise BadInput("scope is site, and the recording tells of no house (grid.house): give house=")
    hours_s = np.array([hour * HOUR_S for hour, _ in told["rows"]])
    watts = np.array([np.dot(amps, told["voltage_v"]) for _, amps in told["rows"]])
    return _daily(hours_s, watts, run)


def _daily(clock_s: Array, watts: Array, run: Recorded) -> Steps:
    """Rows by the time of day, repeated day by day; before the first the last one holds."""
    at = run.start.astimezone(run.tz)
    begin_s = at.hour * HOUR_S + at.minute * 60.0 + at.second
    days_s = np.arange(-1.0, (begin_s + run.end_s) // DAY_S + 1.0) * DAY_S
    edges_s = (days_s[:, None] + clock_s[None, :]).ravel() - begin_s
    return Steps(np.append(edges_s, edges_s[-1] + DAY_S), np.tile(watts, len(days_s)))
