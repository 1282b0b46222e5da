"""Clock-aligned data: on every boundary of ClockAlignedDataInterval counted from midnight (4.7, 9.1.5)."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from evc5.rigs.checks.metering.sampling import CLOCK_KEY, MOST_MISSED
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import BEHAVIOUR, key
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.recording.reading.telemetry import DAY_S

EXACT, COMPLETE = "metering.clock-boundary", "metering.clock-complete"
WHOLE = "metering.clock-station"

MOST_OWED = 100_000  # of which nothing is known yet
REQUIREMENTS = (
    R(
        "metering.clock-boundary",
        "Clock-aligned data stand exactly on the boundary",
        "9.1.5",
        needs=(key(CLOCK_KEY),),
        arises=("MeterValues",),
    ),
    R(
        "metering.clock-complete",
        "Clock-aligned data miss no boundary",
        "4.7, 9.1.5, ER 3.15",
        needs=(key(CLOCK_KEY),),
        arises=("MeterValues",),
    ),
    R(
        WHOLE,
        "The station as a whole has clock-aligned data only where it has a meter of its own",
        "4.7, ER 3.16",
        needs=(BEHAVIOUR,),
        arises=("MeterValues",),
    ),
)

Midnights = Callable[[float], tuple[float, float]]


def utc_midnights(epoch_s: float) -> tuple[float, float]:
    """The midnights at or before, and after, an epoch."""
    first = epoch_s // DAY_S * DAY_S
    return first, first + DAY_S


def local_midnights(zone: ZoneInfo) -> Midnights:
    def midnights(epoch_s: float) -> tuple[float, float]:
        day = datetime.fromtimestamp(epoch_s, zone).date()
        edges = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
        first, second = (edge.timestamp() for edge in edges)
        return first, second

    return midnights


def boundary_after(epoch_s: float, interval: float, midnights: Midnights = utc_midnights) -> float:
    """The first boundary later than `epoch_s`; the count begins anew each midnight."""
    first, second = midnights(epoch_s)
    return min(first + ((epoch_s - first) // interval + 1) * interval, second)


def is_boundary(
    epoch_s: float, interval: float, tolerance: float, midnights: Midnights = utc_midnights
) -> bool:
    first, second = midnights(epoch_s + tolerance)
    into = (epoch_s - first) % interval
    return (
        min(into, interval - into) <= tolerance
        or second - epoch_s <= tolerance
        or epoch_s - first <= tolerance
    )


def restamping(context: Context) -> Callable[[Array, Array], Array] | None:
    """From when it was told and its interval's start, where a policy stamps it so, to when it was taken."""
    if context.policies["clock_stamp"] != "interval-start":
        return None
    local = context.policies["clock_midnight"] == "local" and context.zone is not None
    midnights: Midnights = local_midnights(context.zone) if local and context.zone else utc_midnights

    def ends(stamp: float) -> list[float]:
        """The boundaries an interval later, each by the interval in force there."""
        found = []
        changes = context.history.keys.changes(stamp, CLOCK_KEY.lower())
        known = {context.history.keys.integer(CLOCK_KEY, at) for at in (stamp, *changes)}
        for interval in filter(None, known):
            due = min(stamp + interval, midnights(stamp + STAMP_HAIR_S)[1])
            in_force = context.history.keys.integer(CLOCK_KEY, due - STAMP_HAIR_S) == interval
            if in_force and is_boundary(due, interval, context.tolerances.clock_s, midnights):
                found.append(due)
        return found

    def taken(told: float, stamp: float) -> float:
        """The last end before it was told, as a change of the interval may leave two; else the stamp."""
        due = ends(stamp)
        past = [each for each in due if each <= told + context.tolerances.clock_s]
        return max(past, default=min(due, default=stamp))

    return lambda told, stamps: np.array(list(map(taken, told.tolist(), stamps.tolist())))


class ClockAligned:
    """Judges the Sample.Clock readings of each connector: exact, complete, none twice."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._history = context.history
        self._link = context.history.link
        self._keys = context.history.keys
        self._ledger = context.ledger
        zone = context.zone if context.policies["clock_midnight"] == "local" else None
        self._midnights: Midnights = utc_midnights if zone is None else local_midnights(zone)
        self._only_in_transaction = context.policies["clock_outside_transaction"] == "transaction-only"
        self._last: dict[int, float] = {}  # by connector: up to where its boundaries are judged
        self._of_others = context.evidence.is_of_others
        self._told_outside: Counter[int] = Counter()  # by connector: boundaries without a transaction
        self._missing: dict[tuple[int, float], bool] = {}  # not seen yet, a later one was; is it owed?
        context.bus.readings.append(self._readings)
        context.bus.calls["StopTransaction"].append(self._stopped)
        context.bus.replies["BootNotification"].append(self._booted)
        context.bus.replies["GetConfiguration"].append(self._configured)
        context.bus.end.append(self._end)
        context.bus.settings.append(self._changed)

    def _interval(self, epoch_s: float) -> float | None:
        """Seconds; 0 means none are owed, None that the transcript does not say."""
        history = self._history
        interval, measurands = (
            history.keys.integer(CLOCK_KEY, epoch_s),
            history.keys.measurands("MeterValuesAlignedData", epoch_s),
        )
        if interval is None or measurands == frozenset(
            {"SoC"}
        ):  # without a car there is none, and so no message
            return None
        return float(interval) if measurands is None or measurands else 0.0

    def _booted(self, call: Call) -> None:
        if self._history.boots.accepted_since == call.reply_epoch_s:  # this reply accepted the boot
            for connector in self._connectors():
                self._advance(connector, self._history.boots.accepted_since or 0.0)

    def _configured(self, call: Call) -> None:
        """Connectors that the transcript names only now owe their data from now on."""
        for connector in self._connectors():
            self._last.setdefault(connector, self._history.boots.accepted_since or call.epoch_s)

    def _connectors(self) -> list[int]:
        zero = self._context.policies["clock_connector_zero"] == "sent"
        return ([0] if zero else []) + self._history.outlets()

    def _changed(self, key: str, epoch_s: float) -> None:
        if key == CLOCK_KEY.lower():
            for connector in self._connectors():
                self._advance(connector, epoch_s)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        aligned = [block for block in blocks if block.layout.context == "Sample.Clock"]
        if not aligned:
            return
        self._whole(connector, aligned)
        order = np.argsort(np.concatenate([block.order for block in aligned]))
        stamps = np.concatenate([block.stamp for block in aligned])[order]
        if not self._all_next(connector, stamps):
            told = np.concatenate([block.epoch_s for block in aligned])[order]
            for epoch_s, stamp in zip(told.tolist(), stamps.tolist(), strict=True):
                self._reading(connector, epoch_s, stamp)

    def _whole(self, connector: int, aligned: list[Block]) -> None:
        """By the station's policy; of one that nobody has described nothing is said."""
        evidence = self._context.evidence
        if evidence.is_of_others:
            return  # 3.16.3: it may have a meter of its own
        if connector or 0 in self._connectors():
            self._ledger.held(WHOLE, sum(map(len, aligned)), connector)
        else:
            message = "connector 0 tells clock-aligned data"
            epoch_s = float(aligned[0].epoch_s[0])
            self._ledger.broken(WHOLE, epoch_s, 0, "none: it has no meter", "some", message)

    def _all_next(self, connector: int, stamps: Array) -> bool:
        """The common case: each on the boundary that comes next, by one interval that divides the day."""
        last = self._last.get(connector)
        tolerance = self._context.tolerances.clock_s
        since, until = float(stamps[0]), float(stamps[-1])
        interval = self._interval(since - tolerance)
        plain = self._midnights is utc_midnights and interval and DAY_S % interval == 0.0
        if not plain or not interval or last is None or self._interval(until - tolerance) != interval:
            return False
        if self._keys.changes(since - interval, CLOCK_KEY.lower(), "metervaluesaligneddata"):
            return False
        due = (last + tolerance) // interval * interval + interval * np.arange(1, len(stamps) + 1)
        if (np.abs(stamps - due) > tolerance).any():
            return False
        if self._of_others and self._told_outside[connector] < 2:
            return False  # each is looked at
        self._last[connector] = float(due[-1])
        for requirement in (EXACT, COMPLETE):
            self._ledger.held(requirement, len(stamps), connector, stamps)
        return True

    def _reading(self, connector: int, epoch_s: float, stamp: float) -> None:
        tolerance = self._context.tolerances.clock_s
        interval = self._interval(stamp - tolerance)
        if not self._fits(stamp, interval) and self._changed_at(stamp):
            interval = self._interval(stamp + tolerance)
        if interval is None:
            return
        if not self._fits(stamp, interval):
            self._off(connector, epoch_s, stamp, interval)
            return
        self._ledger.held(EXACT, 1, connector, stamp)
        self._told_outside[connector] += not self._runs(connector, stamp)
        self._seen(connector, epoch_s, stamp, interval)

    def _fits(self, stamp: float, interval: float | None) -> bool:
        return bool(interval) and is_boundary(
            stamp, interval or 1, self._context.tolerances.clock_s, self._midnights
        )

    def _changed_at(self, stamp: float) -> bool:
        """Was the interval changed on this very instant? Then the old and the new one may hold."""
        tolerance = self._context.tolerances.clock_s
        return any(
            epoch_s <= stamp + tolerance
            for epoch_s in self._keys.changes(stamp - tolerance, CLOCK_KEY.lower())
        )

    def _off(self, connector: int, epoch_s: float, stamp: float, interval: float) -> None:
        self._ledger.broken(
            EXACT,
            epoch_s,
            connector,
            f"a multiple of {interval:g} s from midnight" if interval else "none: interval 0 or no measurand",
            iso(stamp),
            "clock-aligned data off the boundary",
        )

    def _seen(self, connector: int, epoch_s: float, boundary: float, interval: float) -> None:
        last = self._last.get(connector)
        tolerance = self._context.tolerances.clock_s
        if last is None:
            self._last[connector] = boundary
            return
        if boundary > last + tolerance:
            if boundary - last > interval + tolerance:
                self._advance(connector, boundary - tolerance)
            self._last[connector] = boundary
            self._ledger.held(COMPLETE, 1, connector, boundary)
            return
        which = (connector, round(boundary, 3))
        if which in self._missing:
            del self._missing[which]
            self._ledger.held(COMPLETE, 1, connector, boundary)
        elif not self._history.boots.is_dark(boundary, WHOLE_SECOND_S) and not self._changed_at(boundary):
            self._twice(connector, epoch_s, boundary)

    def _twice(self, connector: int, epoch_s: float, boundary: float) -> None:
        self._ledger.broken(
            COMPLETE,
            epoch_s,
            connector,
            "each boundary once",
            iso(boundary),
            "clock-aligned data of one boundary came twice, or of one before the boot",
        )

    def _advance(self, connector: int, until: float) -> None:
        """Note as missing what is owed after the last one judged and before `until`."""
        last = self._last.get(connector)
        self._last[connector] = until if last is None else max(last, until)
        interval = None if last is None else self._interval(last)
        if last is None or not interval:
            return
        tolerance = self._context.tolerances.clock_s
        due = boundary_after(last + tolerance, interval, self._midnights)
        until = min(until, last + MOST_MISSED * interval)
        while due < until:
            self._missing[connector, round(due, 3)] = self._owed(connector, due)
            due = boundary_after(due, interval, self._midnights)
        if len(self._missing) > MOST_OWED:
            self._write_missing(until)

    def _stopped(self, call: Call) -> None:
        """A stop told late: what was owed for its transaction after it was not."""
        for connector, due in self._missing:
            self._missing[connector, due] = self._owed(connector, due)

    def _owed(self, connector: int, due: float) -> bool:
        meters = [connector] if connector else self._history.outlets()  # connector 0 is told as their sum
        if self._ledger.time.doubt_s(due) > 0.0:  # a clock that is set may leap over it
            return False
        if self._history.boots.is_dark(due, WHOLE_SECOND_S) or any(
            self._history.connectors.is_unmetered(c, due, WHOLE_SECOND_S) for c in meters
        ):
            return False
        if self._runs(connector, due):
            return True
        return not self._only_in_transaction and not self._link.was_down(due)

    def _end(self, epoch_s: float) -> None:
        until = self._link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        for connector in list(self._last):
            self._advance(connector, until)
        self._write_missing(until)

    def _runs(self, connector: int, due: float) -> bool:
        """Has a transaction been running there, and not just begun?"""
        running = self._history.transactions.at(connector, due) if connector > 0 else None
        return running is not None and running.start < due - self._context.tolerances.clock_s

    def _is_left_open(self, connector: int, due: float) -> bool:
        """3.16: another's may tell them in transactions alone; who tells more than one besides tells all."""
        outside = connector > 0 and not self._runs(connector, due)
        return self._of_others and outside and self._told_outside[connector] < 2

    def _write_missing(self, until: float) -> None:
        for connector, due in [what for what, owed in self._missing.items() if owed and what[1] < until]:
            if self._is_left_open(connector, due):
                continue
            self._ledger.broken(
                COMPLETE,
                due,
                connector,
                f"data of the boundary {iso(due)}",
                "none",
                "clock-aligned data misses a boundary",
                line=None,
                untold=(due, due),
            )
        self._missing.clear()
