"""What the energy of a run emitted, by a grid's intensity over time."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from evc5.rigs.analysis.busiest_day import connectors
from evc5.rigs.analysis.questions.demand import TOTAL, Drawn, boundaries, drawn_at, instants, step_s
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.tariffs.series import Span, source_of, steps_of
from evc5.rigs.tariffs.steps import Steps


def emissions(run: Recorded, series: Any, interval: str | timedelta) -> pd.DataFrame:
    """The table of `Run.emissions`."""
    edges_s = boundaries(run, step_s(interval))
    grams = steps_of(source_of(series, "series"), Span(run.start, run.end_s))
    drawn = {connector: drawn_at(run, connector) for connector in connectors(run)}
    some = {TOTAL: list(drawn.values()), **{connector: [one] for connector, one in drawn.items()}}
    tables = [_table(run, edges_s, grams, connector, those) for connector, those in some.items()]
    return pd.concat(tables, ignore_index=True).sort_values(["start", "connector"], ignore_index=True)


def _table(run: Recorded, edges_s: Array, grams: Steps, connector: int, drawn: list[Drawn]) -> pd.DataFrame:
    at = instants(run, edges_s)
    within = (grams.edges_s > 0.0) & (grams.edges_s < edges_s[-1])
    fine_s = np.union1d(grams.edges_s[within], edges_s)
    energy_wh = sum((one.energy_at(fine_s) for one in drawn), np.zeros(len(fine_s)))
    emitted_g = np.cumsum(np.append(0.0, grams.at(fine_s[:-1]) * np.diff(energy_wh) / 1000.0))
    at_edge = np.searchsorted(fine_s, edges_s)
    energy_wh, emitted_g = np.diff(energy_wh[at_edge]), np.diff(emitted_g[at_edge])
    mean = np.divide(
        emitted_g * 1000.0, energy_wh, out=np.full(len(energy_wh), np.nan), where=energy_wh > 0.0
    )
    return pd.DataFrame(
        {
            "start": at[:-1],
            "end": at[1:],
            "connector": connector,
            "energy_wh": energy_wh,
            "emissions_g": emitted_g,
            "mean_g_kwh": mean,
        }
    )
