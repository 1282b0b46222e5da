"""A station whose time runs many times as fast as its recording's: it is judged in its own.

`evc5 run RIG --csms URL --pace 60`, or in lockstep, dials in like any charger and lives in the rig's time.
Its stamps tell that time, frame by frame.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from evc5.rigs.checks.reading.frames import CALL, Reader
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import transcript

FAST_PACE = 2.0  # assumed: no clock that is merely wrong gains a second in a second
FAST_MOSTLY = 0.8  # assumed: a clock that is set leaps once, one that runs fast leaps from stamp to stamp
FAST_STAMPS = 4  # assumed: so many different stamps tell it
NOT_ADOPTED_S = 60.0  # assumed: the time that a boot is told is adopted to the minute
LOOKED_AT_STAMPS = 500  # by which a fast station is known

Pair = tuple[float, float]  # seconds of the run; epoch seconds of the newest stamp told by then


@dataclass(slots=True, eq=False, repr=False)
class Stamps:
    """The stamps that a station's CALLs tell, none older than those before."""

    messages: Path
    start: float
    off_s: float = 0.0  # how far the first status after its boot was stamped from its frame

    def pairs(self) -> Iterator[Pair]:
        newest, booted = float("-inf"), False
        for t_s, action, stamp in _stamped(self.messages, self.start):
            if action == "BootNotification":
                booted = True
            elif stamp is not None:
                if action == "StatusNotification" and booted and not self.off_s:
                    self.off_s = abs(stamp - self.start - t_s)
                if stamp >= newest:
                    newest = stamp
                    yield t_s, stamp


def served_pace(summary: Mapping[str, Any]) -> float:
    """How many seconds of the run a second of our clock was (`evc5 csms --pace`); 1 where another kept it."""
    pace = summary.get("pace")
    is_served = summary.get("csms") == "served"
    return float(pace) if is_served and isinstance(pace, int | float) and pace > 1.0 else 1.0


def pace_of(messages: Path, start: float) -> tuple[float, list[Pair]] | None:
    """How many times as fast a station's time runs, and what it told; None of one that lives in ours."""
    stamps = Stamps(messages, start)
    pairs = list(islice(stamps.pairs(), LOOKED_AT_STAMPS))
    if not _run_fast(_grown(pairs)):
        return None
    t_s, newest = pairs[-1]
    ahead_s = newest - start - t_s
    if max(stamps.off_s, ahead_s) <= NOT_ADOPTED_S:
        return None  # told late, of a time that was right
    if len(pairs) == LOOKED_AT_STAMPS:
        pairs = list(Stamps(messages, start).pairs())
    return _factor(pairs), pairs


def told_times(messages: Path, start: float) -> list[Pair]:
    """What the station's stamps told of its time, and when."""
    return list(Stamps(messages, start).pairs())


def _grown(pairs: list[Pair]) -> list[Pair]:
    """Those that are newer than the one before: where a CALL is waited for, time may stand still."""
    return [*pairs[:1], *(now for before, now in pairwise(pairs) if now[1] > before[1])]


def _run_fast(grown: list[Pair]) -> bool:
    fast = sum(
        stamp - before >= FAST_PACE * (t_s - since) for (since, before), (t_s, stamp) in pairwise(grown)
    )
    return (
        len(grown) >= FAST_STAMPS and fast >= FAST_MOSTLY * (len(grown) - 1) and _factor(grown) >= FAST_PACE
    )


def _factor(pairs: list[Pair]) -> float:
    (since, first), (until, last) = pairs[0], pairs[-1]
    return (last - first) / max(until - since, 0.001)


def _stamped(messages: Path, start: float) -> Iterator[tuple[float, str, float | None]]:
    """The station's CALLs: when, what, and the newest stamp in it."""
    reader = Reader(start, lambda t_s: t_s)
    for number, raw in transcript(messages):
        with suppress(ValueError, TypeError, AttributeError):
            frame = reader.read(number, raw)
            if frame.up and frame.kind == CALL:
                yield frame.epoch_s, frame.action, _newest(frame.payload)


def _newest(payload: dict[str, Any]) -> float | None:
    """Of a payload and its meter values, epoch seconds."""
    told = [payload.get("timestamp"), *(one.get("timestamp") for one in payload.get("meterValue", ()))]
    return max((epoch(text) for text in told if isinstance(text, str)), default=None)
