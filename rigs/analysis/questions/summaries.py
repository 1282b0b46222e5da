"""A run in sums: a row a session, a row a day, a row a phase."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evc5.models.units import DAY_S
from evc5.rigs.analysis.busiest_day import connectors
from evc5.rigs.analysis.questions.course import Course, Stay, stays
from evc5.rigs.analysis.questions.demand import TOTAL, boundaries, highest_w, instants
from evc5.rigs.analysis.questions.states import CURRENTS
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.visits import visits
from evc5.rigs.recording.reading.columns import Array

MINUTE_S = 60.0
HOUR_S = 3600.0
PHASES = ("L1", "L2", "L3")
SESSION = (
    "connector", "vehicle", "plug_in", "unplug", "energy_wh", "needed_wh", "unserved_wh", "peak_w", "mean_w",
    "load_factor", "stay_min", "charging_min", "idle_min", "limit_use",
)  # fmt: skip


def by_session(run: Recorded) -> pd.DataFrame:
    """The table of `Run.by_session`."""
    courses, there = _read(run)
    rows = [_session(run, courses[stay.visit.connector], stay) for stay in there]
    return pd.DataFrame(rows, columns=list(SESSION))


def by_day(run: Recorded) -> pd.DataFrame:
    """The table of `Run.by_day`."""
    courses, there = _read(run)
    edges_s = boundaries(run, DAY_S)
    some = {TOTAL: list(courses), **{connector: [connector] for connector in courses}}
    tables = [
        _days(run, edges_s, connector, [courses[one] for one in those],
              [stay for stay in there if stay.visit.connector in those])
        for connector, those in some.items()
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True).sort_values(["day", "connector"], ignore_index=True)


def by_phase(run: Recorded) -> pd.DataFrame:
    """The table of `Run.by_phase`."""
    courses, _ = _read(run)
    some = {TOTAL: list(courses.values()), **{connector: [one] for connector, one in courses.items()}}
    rows = [row for connector, those in some.items() for row in _phases(run.end_s, connector, those)]
    return pd.DataFrame(rows)


def _read(run: Recorded) -> tuple[dict[int, Course], list[Stay]]:
    run.refuse_without("telemetry")
    courses = {connector: Course.of(run, connector) for connector in connectors(run)}
    return courses, list(stays(visits(run.directory, run.end_s), courses, run.end_s))


def _session(run: Recorded, course: Course, stay: Stay) -> dict[str, Any]:
    visit = stay.visit
    ends_s = np.array([stay.since_s, stay.until_s])
    plug_in, unplug = instants(run, ends_s)
    stay_s = stay.until_s - stay.since_s
    peak_w = course.peak_w(stay.since_s, stay.until_s)
    mean_w = _part(stay.energy_wh * HOUR_S, stay_s)
    used_as, allowed_as = (float(np.diff(sums(ends_s))[0]) for sums in (course.used_as, course.allowed_as))
    return {
        "connector": visit.connector,
        "vehicle": visit.vehicle,
        "plug_in": plug_in,
        "unplug": pd.NaT if visit.unplug_s is None else unplug,
        "energy_wh": stay.energy_wh,
        "needed_wh": np.nan if visit.needed_wh is None else visit.needed_wh,
        "unserved_wh": stay.unserved_wh,
        "peak_w": peak_w,
        "mean_w": mean_w,
        "load_factor": _part(mean_w, peak_w),
        "stay_min": stay_s / MINUTE_S,
        "charging_min": float(np.diff(course.flowing_s(ends_s))[0]) / MINUTE_S,
        "idle_min": (stay.until_s - stay.idle_since_s) / MINUTE_S,
        "limit_use": _part(used_as, allowed_as),
    }


def _days(
    run: Recorded, edges_s: Array, connector: int, courses: Sequence[Course], there: Sequence[Stay]
) -> pd.DataFrame:
    drawn = [course.drawn for course in courses]
    energy_wh = _per_day(edges_s, [one.energy_at for one in drawn])
    peak_w = highest_w(edges_s, drawn)
    mean_w = energy_wh * HOUR_S / np.diff(edges_s)
    ended = np.searchsorted(edges_s, [stay.until_s for stay in there], side="left") - 1
    unserved_wh = [stay.unserved_wh for stay in there]
    return pd.DataFrame(
        {
            "day": [at.date() for at in instants(run, edges_s[:-1])],
            "connector": connector,
            "energy_wh": energy_wh,
            "peak_w": peak_w,
            "mean_w": mean_w,
            "load_factor": _ratio(mean_w, peak_w),
            "sessions": np.histogram([stay.since_s for stay in there], edges_s)[0],
            "occupied_min": _minutes(edges_s, [(stay.since_s, stay.until_s) for stay in there]),
            "charging_min": _per_day(edges_s, [course.flowing_s for course in courses]) / MINUTE_S,
            "idle_min": _minutes(edges_s, [(stay.idle_since_s, stay.until_s) for stay in there]),
            "unserved_wh": np.bincount(ended, np.nan_to_num(unserved_wh), len(edges_s) - 1),
            "limit_use": _ratio(
                _per_day(edges_s, [course.used_as for course in courses]),
                _per_day(edges_s, [course.allowed_as for course in courses]),
            ),
            "unbalance_a": _unbalance_a(edges_s, courses),
        }
    )


def _phases(end_s: float, connector: int, courses: Sequence[Course]) -> Iterator[dict[str, Any]]:
    ends_s = np.array([0.0, end_s])
    energy_wh = [sum(float(np.diff(one.phase_wh(phase, ends_s))[0]) for one in courses) for phase in range(3)]
    _, begin_a, end_a = _currents(ends_s, courses)
    peaks_a = np.maximum(begin_a, end_a).max(axis=1, initial=0.0)
    flowing_s = sum(float(np.diff(one.flowing_s(ends_s))[0]) for one in courses)
    for phase, name in enumerate(PHASES):
        charge_as = sum(float(np.sum(_mean_a(one, phase) * np.diff(one.t_s))) for one in courses)
        yield {
            "connector": connector,
            "phase": name,
            "energy_wh": energy_wh[phase],
            "share": _part(energy_wh[phase], sum(energy_wh)),
            "peak_a": float(peaks_a[phase]),
            "mean_a": _part(charge_as, flowing_s),
        }


def _mean_a(course: Course, phase: int) -> Array:
    return np.asarray((course.begin_a[phase] + course.end_a[phase]) / 2.0)


def _currents(edges_s: Array, courses: Sequence[Course]) -> tuple[Array, Array, Array]:
    """The instants of all rows and edges but the last; the currents of all together by phase just after each,
    and just before the next."""
    at_s = np.unique(np.concatenate([edges_s, *(one.t_s for one in courses)]))
    at_s = at_s[(at_s >= edges_s[0]) & (at_s <= edges_s[-1])]

    def total(instants_s: Array, before: bool) -> Array:
        each = [[one.states.at(name, instants_s, before=before) for name in CURRENTS] for one in courses]
        return np.asarray(np.nan_to_num(np.array(each)).sum(axis=0))

    return at_s[:-1], total(at_s[:-1], False), total(at_s[1:], True)


def _unbalance_a(edges_s: Array, courses: Sequence[Course]) -> Array:
    """The highest difference between two phases at one moment of each day."""
    at_s, *ends = _currents(edges_s, courses)
    spread_a = np.maximum.reduce([currents_a.max(axis=0) - currents_a.min(axis=0) for currents_a in ends])
    return np.asarray(np.maximum.reduceat(spread_a, np.searchsorted(at_s, edges_s[:-1])))


def _per_day(edges_s: Array, sums: Sequence[Any]) -> Array:
    return np.asarray(np.diff(sum((one(edges_s) for one in sums), np.zeros(len(edges_s)))))


def _minutes(edges_s: Array, spans: Sequence[tuple[float, float]]) -> Array:
    """How much of each day lies in the spans."""
    found = np.zeros(len(edges_s) - 1)
    for since_s, until_s in spans:
        found += np.diff(np.clip(edges_s, since_s, until_s))
    return np.asarray(found / MINUTE_S)


def _part(one: float, other: float) -> float:
    return one / other if other > 0.0 else np.nan


def _ratio(one: Array, other: Array) -> Array:
    return np.asarray(np.divide(one, other, out=np.full(len(one), np.nan), where=other > 0.0))
