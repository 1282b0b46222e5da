"""In whose time a recording is judged: where the station's clock was set at its boot, in the station's own.

That is its back office's time too; a run in real time may meet one whose clock is minutes off the rig's. A
clock that its rig lets drift gains or loses between the times that it is set, and what is recorded is taken
to the station's time likewise, so that its stamps and what happened stand on one axis.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evc5.rigs.checks.reading.frames import CALL, Frame, Reader, lines
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.station_pace import Pair, pace_of, served_pace, told_times
from evc5.rigs.checks.reading.transcripts import transcript
from evc5.rigs.recording.reading.events import event_row

Sets = Sequence[tuple[float, float]]  # when a clock was set in the run, and by how much
Array = np.ndarray[Any, np.dtype[Any]]

EMBEDDED = "embedded"  # the rig's own back office, whose answers tell the time of the run
DIALLED_IN = ("served", "tapped")  # summary.csms: the station had a life, and a clock, before the recording
CLOCK_SET = b'"clock-set"'
MOST_STEP_S = 10.0  # assumed: a step so great is no drift's, unless the clock had gained as much by then
FOREVER_S = 1e9  # no run is longer
MOST_OFFSET_S = 1e10  # three centuries; assumed
MOST_PPM = 1e4  # a quartz has 500 at worst; assumed
ADOPTED_S = 1.0  # assumed: a clock that is wrong by more is set at its boot
STEP_HAIR_S = 1e-6
TOLD_TO_S = 0.001  # stamps are written to the millisecond, the step of a clock is not
SET_NEAR_S = 1.0  # assumed: so near to where a clock is set its stamps may be of either time
SETTING_S = 2.0  # a clock set back by a second is drawn over so many, that time never runs back


class TwinClock(NamedTuple):
    """A twin's clock against the time of its run, as its rig describes it and its events say it was set."""

    start: float
    rate: float
    knots: Sets  # from when on it was ahead by how much, and gained at its rate
    step_s: float  # it is set where it is off by so much

    def ahead_s(self, t_s: float) -> float:
        """How far it is ahead once all of this instant is done."""
        since, ahead = self.knots[bisect_right(self.knots, (t_s + STEP_HAIR_S, FOREVER_S)) - 1]
        return ahead + self.rate * (t_s - since)


class StationTime:
    """From seconds of the run to epoch seconds in the station's time, and back.

    `knots` are seconds of the run and how far the clock is ahead there, in between in proportion.
    """

    pace = 1.0  # how many times as fast as the run's it goes
    twin: TwinClock | None = None  # where its back office lives in the time of the run

    def __init__(
        self, start: float, knots: list[tuple[float, float]] | None = None, sets: Sets = (), rate: float = 0.0
    ) -> None:
        self.start = start
        self._runs = np.array([t_s for t_s, _ in knots or ()])
        self._epochs = np.array([start + t_s + ahead for t_s, ahead in knots or ()])
        self._run, self._told = self._runs.tolist(), self._epochs.tolist()
        self.epoch: Callable[[float], float] = self._warped if knots else partial(add, start)
        # when it was set by what its drift had gained, how long before and after stamps are off by how much
        self._doubts = [
            (self.epoch(t_s), _around_s(step_s), abs(step_s) + TOLD_TO_S)
            for t_s, step_s, is_drifts in stepwise(rate, sets)
            if is_drifts
        ]
        self._steps = [
            (self.epoch(t_s), abs(step_s), *_margins_s(step_s, is_drifts))
            for t_s, step_s, is_drifts in stepwise(rate, sets)
        ]

    @property
    def begins(self) -> float:
        """When the recording begins, in the station's time."""
        return self.start

    def epochs(self, t_s: Array) -> Array:
        """The same of many instants."""
        if not self._run:
            return t_s + self.start
        inside = np.interp(t_s, self._runs, self._epochs)
        before, after = np.minimum(t_s - self._run[0], 0.0), np.maximum(t_s - self._run[-1], 0.0)
        found: Array = inside + before + after
        return found

    def t_s(self, epoch_s: float) -> float:
        """When in the run the station's time is `epoch_s`."""
        return _between(self._told, self._run, epoch_s) if self._run else epoch_s - self.start

    def doubt_s(self, epoch_s: float) -> float:
        """How far a stamp may be off because the clock was just set, or was about to be."""
        return float(self.doubts_s(np.array([epoch_s]))[0])

    def doubts_s(self, stamps: Array) -> Array:
        """The same of many stamps."""
        found = np.zeros(len(stamps))
        if not self._doubts or not len(stamps):
            return found
        first, last = stamps.min(), stamps.max()
        for at, around_s, doubt_s in self._doubts:
            if first - around_s <= at <= last + around_s:
                near = np.abs(stamps - at) <= around_s
                found[near] = np.maximum(found[near], doubt_s)
        return found

    def vague_s(self, epoch_s: float) -> float:
        """How far a frame's own time may be off: here only a clock that is set brings doubt."""
        return 0.0

    def later(self, since: float, seconds: float) -> float:
        """The time at which the station's timers have run so long."""
        return self.epoch(self.t_s(since) + seconds)

    def all_later(self, since: float, seconds: Array) -> Array:
        """The same of many."""
        return self.epochs(self.t_s(since) + seconds)

    def lasted_s(self, since: float, until: float) -> float:
        """Seconds of the station's timers between two instants, however its clock was set meanwhile."""
        return self.t_s(until) - self.t_s(since)

    def stepped_s(self, stamps: Array) -> Array:
        """By how much the clock may have been set between each stamp and the next."""
        found = np.zeros(max(len(stamps) - 1, 0))
        for at, by_s, early_s, late_s in self._steps:
            found += by_s * ((stamps[:-1] <= at + late_s) & (stamps[1:] >= at - early_s))
        return found

    def _warped(self, t_s: float) -> float:
        return _between(self._run, self._told, t_s)


def _around_s(step_s: float) -> float:
    """How long before and after it is set by so much a clock may be off."""
    return SETTING_S * abs(step_s) + SET_NEAR_S


def _margins_s(step_s: float, is_drifts: bool) -> tuple[float, float]:
    """How far before and after it is set the stamps of before may lie, or those of after."""
    if is_drifts:
        return _around_s(step_s), _around_s(step_s)
    return SET_NEAR_S + max(step_s, 0.0), SET_NEAR_S + max(-step_s, 0.0)


class PacedTime(StationTime):
    """That of a station whose clock and timers run many times as fast as the run's."""

    def __init__(self, start: float, told: list[Pair], pace: float) -> None:
        newest = dict(told)  # of the stamps that came at one moment: its time
        super().__init__(start, [(t_s, stamp - start - t_s) for t_s, stamp in newest.items()])
        self.pace = pace
        self._oldest = list(dict(reversed(told)).values())[::-1]

    @property
    def begins(self) -> float:
        return self.epoch(0.0)

    def vague_s(self, epoch_s: float) -> float:
        """It lies somewhere between the stamps around it: such a station's time goes by leaps."""
        k = bisect_right(self._told, epoch_s + STEP_HAIR_S)
        since = min(self._told[max(k - 2, 0)], self._oldest[max(k - 1, 0)])
        return float(self._told[min(k, len(self._told) - 1)] - since)

    def later(self, since: float, seconds: float) -> float:
        return since + seconds

    def all_later(self, since: float, seconds: Array) -> Array:
        return since + seconds

    def lasted_s(self, since: float, until: float) -> float:
        return until - since


def _between(known: list[float], wanted: list[float], at: float) -> float:
    k = bisect_right(known, at)
    if k == 0:
        return wanted[0] + at - known[0]
    if k == len(known):
        return wanted[-1] + at - known[-1]
    part = (at - known[k - 1]) / (known[k] - known[k - 1])
    return wanted[k - 1] + part * (wanted[k] - wanted[k - 1])


def station_time(
    summary: Mapping[str, Any], messages: Path, events: Path | None, start: float
) -> StationTime:
    """The time that a recording is judged in; `summary` says whether its clock drifts."""
    if events is None:
        return StationTime(start)
    if served_pace(summary) > 1.0 and len(told := told_times(messages, start)) > 1:
        return PacedTime(start, told, 1.0)  # a second of the wall clock is many here: stamps tell more
    if summary.get("csms") in DIALLED_IN and (found := pace_of(messages, start)) is not None:
        pace, told = found
        return PacedTime(start, told, pace)
    sets = _clock_sets(events)
    offset_s, ppm = _clock(summary)
    if ppm or offset_s:
        time = StationTime(start, drifting(offset_s, ppm * 1e-6, sets), sets, ppm * 1e-6)
    else:
        time = StationTime(start + set_ahead_s(messages, sets, start))
    if summary.get("csms") == EMBEDDED and isinstance(summary.get("clock"), dict):
        time.twin = _twin(start, offset_s, ppm * 1e-6, sets, summary.get("clock_step_s"))
    return time


def _clock(summary: Mapping[str, Any]) -> tuple[float, float]:
    """The offset and the drift that the rig gives it; neither where no clock has such."""
    clock = summary.get("clock")
    table = clock if isinstance(clock, dict) else {}
    offset_s, ppm = (table.get(name) or 0.0 for name in ("offset_s", "drift_ppm"))
    return (
        (offset_s, ppm) if _is_within(ppm, MOST_PPM) and _is_within(offset_s, MOST_OFFSET_S) else (0.0, 0.0)
    )


def _twin(start: float, offset_s: float, rate: float, sets: Sets, step_s: object) -> TwinClock:
    since, ahead = 0.0, offset_s
    knots = [(since, ahead)]
    for t_s, by_s in sets:
        ahead += rate * (t_s - since) + by_s
        since = t_s
        knots.append((since, ahead))
    return TwinClock(start, rate, knots, max(step_s if isinstance(step_s, int | float) else 0.0, ADOPTED_S))


def _is_within(told: object, most: float) -> bool:
    """Is it a number that a clock can have? Anybody may have written the summary."""
    return isinstance(told, int | float) and abs(told) <= most


def stepwise(rate: float, sets: Sets) -> Iterator[tuple[float, float, bool]]:
    """Each time that a clock was set, by how much, and whether its drift can have brought that about."""
    since = 0.0
    for t_s, step_s in sets:
        yield t_s, step_s, abs(step_s) < max(MOST_STEP_S, ADOPTED_S + abs(rate) * (t_s - since))
        since = t_s


def drifting(offset_s: float, rate: float, sets: Sets) -> list[tuple[float, float]]:
    """The knots of a clock that gains `rate` a second between the times it was set, by how much each.

    A step too great for a drift, as that of a clock wrong from the factory, is no part of them: what lies
    before it is taken to be in the time after it.
    """
    ahead = offset_s
    since = 0.0
    knots: list[tuple[float, float]] = []
    for t_s, step_s, is_drifts in stepwise(rate, sets):
        before = ahead + rate * (t_s - since)
        after = before + step_s
        if (is_drifts and abs(offset_s) < ADOPTED_S) or knots:
            last = t_s + SETTING_S * min(step_s, 0.0)
            knots += [(since + STEP_HAIR_S, ahead), (last, ahead + rate * (last - since))]
        else:
            knots = [(since, after)]
        ahead = after
        since = t_s
        offset_s = 0.0
    knots += [(since + STEP_HAIR_S, ahead), (since + FOREVER_S, ahead + rate * FOREVER_S)]
    return _rising(knots)


def _rising(knots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without those that a set so soon after another has overtaken."""
    kept: list[tuple[float, float]] = []
    for t_s, ahead in knots:
        if not kept or (t_s > kept[-1][0] and t_s + ahead > sum(kept[-1])):
            kept.append((t_s, ahead))
    return kept


def set_ahead_s(messages: Path, sets: Sets, start: float) -> float:
    """How far the clock was set ahead of the recording before its first stamp, and that confirms it."""
    first = next(_stamped(messages, start), None) if sets else None
    if first is None:
        return 0.0
    frame, stamp = first
    set_s = sum(step_s for t_s, step_s in sets if start + t_s <= frame.epoch_s)
    stamped_s = stamp - frame.epoch_s
    return set_s if abs(stamped_s - set_s) < abs(stamped_s) else 0.0  # else it was set right


def _clock_sets(events: Path) -> list[tuple[float, float]]:
    """When a clock was set, and by how much; of a broken line the judge tells."""
    found = []
    for _, raw in lines(events) if events.is_file() else ():
        if CLOCK_SET not in raw:
            continue
        with suppress(ValueError, KeyError):
            row = event_row(raw)
            if row["event"] == "clock-set":
                found.append((row["t"], row["detail"]["offset_s"]))
    return found


def _stamped(messages: Path, start: float) -> Iterator[tuple[Frame, float]]:
    """The station's CALLs that tell the time, each with that."""
    reader = Reader(start)
    for number, raw in transcript(messages):
        with suppress(ValueError, TypeError):
            frame = reader.read(number, raw)
            if frame.up and frame.kind == CALL and isinstance(frame.payload, dict):
                yield frame, epoch(frame.payload.get("timestamp", ""))
