"""How fast the electrical world is by itself: two connectors, a session each a day, no OCPP."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from time import perf_counter

import numpy as np

from evc5.models.heat import Ambient
from evc5.models.outlet import Outlet, OutletSpec
from evc5.models.segment import Segment
from evc5.models.timeline import INPUT, SAMPLE, Timeline
from evc5.models.units import DAY_S
from evc5.models.vehicles import vehicle
from evc5.models.world import World

ROW_S = 60.0
SESSIONS = (
    ("vw-id3-58", 0.35, 17.5, 13.0),
    ("hyundai-kona-64-2020", 0.45, 18.75, 12.0),
)  # car, SoC, at, hours


class _Rows:
    """Renders each day's segments at most 60 s apart, as a recorder does, and counts the rows."""

    def __init__(self, world: World) -> None:
        self.rows = 0
        self._timeline = world.timeline
        self._segments: dict[int, list[Segment]] = {}
        self._unseen: set[int] = set()
        for outlet in world.outlets:
            outlet.on_segment.append(self._changed)
            self._segments[outlet.connector] = [outlet.segment]

    def _changed(self, outlet: Outlet) -> None:
        if outlet.connector not in self._unseen:
            self._unseen.add(outlet.connector)
            self._timeline.soon(partial(self._settled, outlet), SAMPLE)

    def _settled(self, outlet: Outlet) -> None:
        self._unseen.remove(outlet.connector)
        self._segments[outlet.connector].append(outlet.segment)

    def day_is_over(self) -> None:
        for segments in self._segments.values():
            times = [np.arange(one.t0_s, other.t0_s, ROW_S) for one, other in pairwise(segments)]
            if times:
                t_s, counts = np.concatenate(times), [len(some) for some in times]
                self.rows += len(Segment.rows(segments[:-1], t_s, counts)["p_w"])
            del segments[:-1]


def _follow(outlet: Outlet) -> None:
    """A wall box: offers 16 A, closes in state C, opens outside."""
    outlet.set_pwm(None if outlet.pilot == "A" else 16.0)
    outlet.set_contactor(3 if outlet.pilot == "C" else 0)


def _live(world: World, rows: _Rows | None, day: int) -> None:
    """Schedule the day's sessions, and the next day."""
    if rows is not None:
        rows.day_is_over()
    timeline = world.timeline
    start_s = day * DAY_S
    for outlet, (id_, soc, from_h, hours) in zip(world.outlets, SESSIONS, strict=True):
        at_s = start_s + from_h * 3600.0
        timeline.at(at_s, partial(outlet.plug_in, vehicle(id_), soc), INPUT)
        timeline.at(at_s + hours * 3600.0, outlet.unplug, INPUT)
    timeline.at(start_s + DAY_S, partial(_live, world, rows, day + 1), INPUT)


def world_days_per_s(days: int, rows: bool = False) -> float:
    """Simulated days per wall second, with taper, heat and a diurnal ambient; `rows`: every 60 s."""
    ambient = replace(Ambient(), mean_c=18.0, swing_k=6.0, sun_k=8.0)
    world = World(Timeline(), [OutletSpec(), OutletSpec()], ambient=ambient)
    for outlet in world.outlets:
        outlet.on_pilot.append(_follow)
    recorder = _Rows(world) if rows else None
    _live(world, recorder, 0)
    began = perf_counter()
    world.timeline.advance(days * DAY_S)
    took_s = perf_counter() - began
    if recorder is not None and recorder.rows < days * 1440:
        raise RuntimeError(f"rows must be at least {days * 1440}, got {recorder.rows}")
    return days / took_s
