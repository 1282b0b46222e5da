"""Charging profiles at work: what each installed one says, what they allow together, and what came of it."""

import numpy as np

from evc5.rigs.analysis.drawn.day import stairs
from evc5.rigs.analysis.drawn.marks import Area, Box, Drawing, Line, Mark, Panel
from evc5.rigs.analysis.schedule import CAPABILITY, FLOWS, OFFERED, Schedule, lane_name, strength, told
from evc5.rigs.analysis.stepped import highest, steps

MOST_A = 80.0


def draw_schedule(shown: Schedule) -> Drawing:
    window = shown.window
    panels = (_lanes(shown), _current(shown))
    return Drawing(shown.name, shown.summary(), window.since_s, window.until_s, window.ticks, panels)


def _lanes(shown: Schedule) -> Panel:
    boxes = []
    for band in shown.history.bands:
        lane = shown.places.index(band.place)
        low, high = lane + 0.08, lane + 0.62  # its name stands above
        boxes.append(Box(band.begin_s, band.end_s, low, high, "limit", strength(band), told(band)))
    lanes = tuple(lane_name(place).replace("\n", ", ") for place in shown.places)
    count = max(len(lanes), 1)
    return Panel("Installed profiles", 42.0 * count, 0.0, float(count), tuple(boxes), lanes or ("none",))


def _current(shown: Schedule) -> Panel:
    t_s = shown.rows["t"]
    flows_a, offered_a, able_a = (highest(shown.rows, names) for names in (FLOWS, OFFERED, CAPABILITY))
    marks: list[Mark] = [
        Area(*stairs(t_s, flows_a), "L1", 0.3),
        Line(*steps(t_s, flows_a), "L1", 0.9, "delivered"),
        Line(*steps(t_s, offered_a), "line", 1.3, "offered"),
    ]
    allowed = shown.allowed()
    if np.isfinite(allowed).any():
        marks.append(Line(allowed[:, 0], allowed[:, 1], "limit", 2.0, "composite of the profiles"))
    marks.append(Line(*stairs(t_s, able_a), "muted", 1.0, "rated, cable, heat", dotted=True))
    top_a = float(np.fmax.reduce([*offered_a, *able_a, *allowed[:, 1]], initial=6.0))
    return Panel("Highest phase, A", 220.0, 0.0, min(top_a, MOST_A) * 1.08, tuple(marks))
