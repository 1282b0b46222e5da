"""How cars fill: state of charge over the hours since plug-in, and power over state of charge, the taper."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.asked import known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, name_panel
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT, connector_colour
from evc5.rigs.analysis.visits import Visit, visits
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Columns
from evc5.rigs.recording.reading.telemetry_columns import phase_names

DEMAND, VOLTS = phase_names("demand"), ("u1_v", "u2_v", "u3_v")
COLUMNS = ("t", "soc", "p_w", *DEMAND, *VOLTS)


def chosen(run: Recorded, session: int | None) -> list[tuple[int, Visit]]:
    """One session by its number from 0, in the order of plug-in, or all; BadInput where there is none."""
    known_connectors(run)
    present = list(enumerate(visits(run.directory, run.end_s)))
    if not present:
        raise BadInput(f"{run.directory} has no session: no car was plugged in")
    if session is None:
        return present
    if not isinstance(session, int) or isinstance(session, bool) or not 0 <= session < len(present):
        raise BadInput(f"session must be a number from 0 to {len(present) - 1}, got {session!r}")
    return [present[session]]


def plot_charge(run: Recorded, session: int | None, canvas: Canvas) -> Figure:
    filled = [(visit, rows) for _, visit in chosen(run, session) if (rows := _rows(run, visit)) is not None]
    if not filled:
        raise BadInput(f"{run.directory} tells no state of charge of these sessions")
    single = filled[0][0].vehicle if session is not None else f"{len(filled)} sessions"
    title = f"State of charge and taper · {single}"
    under = "a line a session" if session is None else "dotted: what the car would take, unlimited"
    with canvas.panels([2.6, 2.6], title, under, shared=False, beside=(1, 1)) as (figure, (soc, power)):
        for visit, rows in filled:
            _draw_session(soc, power, visit, rows, alone=session is not None)
        _name(soc, power, {visit.connector for visit, _ in filled})
    return figure


def _rows(run: Recorded, visit: Visit) -> Columns | None:
    until_s = run.end_s if visit.unplug_s is None else visit.unplug_s
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, COLUMNS, visit.connector, visit.plug_in_s, until_s)
    known = ~np.isnan(rows["soc"])
    return {name: values[known] for name, values in rows.items()} if known.any() else None


def _draw_session(soc: Axes, power: Axes, visit: Visit, rows: Columns, *, alone: bool) -> None:
    percent = 100 * rows["soc"]
    colour = LIGHT[connector_colour(visit.connector)]
    soc.plot((rows["t"] - visit.plug_in_s) / 3600, percent, color=colour, linewidth=1.2, alpha=0.85)
    flows = rows["p_w"] > 0
    power.plot(percent[flows], rows["p_w"][flows] / 1000, color=colour, linewidth=1.2, alpha=0.85)
    if alone:
        demand_kw = sum(rows[a] * rows[v] for a, v in zip(DEMAND, VOLTS, strict=True)) / 1000
        power.plot(percent, demand_kw, color=LIGHT["muted"], linewidth=1.0, linestyle=(0, (1.5, 2)))


def _name(soc: Axes, power: Axes, connectors: set[int]) -> None:
    for connector in sorted(connectors):
        soc.plot([], [], color=LIGHT[connector_colour(connector)], label=f"connector {connector}")
    name_panel(soc, "State of charge, %")
    soc.set_xlabel("hours since plug-in", loc="right", fontsize=8, labelpad=1)
    soc.set_ylim(0, 104)
    soc.set_xlim(left=0)
    name_panel(power, "Power at the outlet, kW")
    power.set_xlabel("state of charge, %", loc="right", fontsize=8, labelpad=1)
    power.set_xlim(0, 104)
    power.set_ylim(bottom=0)
