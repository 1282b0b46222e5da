"""A third reading of 3.13: the profiles painted over one another, second by second.

The canvas has a field for each second of a window. Whatever is overruled is painted first, what overrules it
over it, so that at the end each field shows what prevails. Slow and plain on purpose; it shares no code with
the twin or the judge. A field shows what holds at its whole second.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np

Wire = Mapping[str, Any]
Said = tuple[float, int | None, float | None]  # A per phase, numberPhases, W
Canvas = np.ndarray[Any, np.dtype[np.int16]]
LENGTH_S = {"Daily": 24 * 3600, "Weekly": 7 * 24 * 3600}
BLANK = -1


class Sheet(NamedTuple):
    """One accepted profile, as sent, and when."""

    connector: int
    wire: Wire
    received: float


class Window(NamedTuple):
    """The whole seconds [since, until), and what a profile may depend on."""

    since: int
    until: int
    started: Mapping[int, float]  # by connector: when the transaction that runs there began
    policies: Mapping[str, str]


def painted(sheets: Sequence[Sheet], connector: int, window: Window) -> tuple[Canvas, list[Said]]:
    """The canvas of a connector (0: of ChargePointMaxProfile), and what its numbers stand for."""
    canvas = np.full(window.until - window.since, BLANK, np.int16)
    colours: list[Said] = []
    for sheet in bottom_up(sheets, connector, window):
        for begin, end, said in strokes(sheet, connector, window):
            first, last = ceil(max(begin, window.since)), ceil(min(end, window.until))
            if first < last:
                colours += [said] * (said not in colours)
                canvas[first - window.since : last - window.since] = colours.index(said)
    return canvas, colours


def bottom_up(sheets: Sequence[Sheet], connector: int, window: Window) -> list[Sheet]:
    """The sheets that concern a connector, what is overruled before what overrules it."""

    def of(purpose: str, *connectors: int) -> list[Sheet]:
        found = [
            s for s in sheets if s.wire["chargingProfilePurpose"] == purpose and s.connector in connectors
        ]
        return sorted(found, key=lambda s: (s.wire["stackLevel"], s.connector))

    if connector == 0:
        return of("ChargePointMaxProfile", 0)
    running = of("TxProfile", connector) if connector in window.started else []
    if window.policies["txdefault_precedence"] == "connector":
        return [*of("TxDefaultProfile", 0), *of("TxDefaultProfile", connector), *running]
    return [*of("TxDefaultProfile", 0, connector), *running]


def strokes(sheet: Sheet, connector: int, window: Window) -> Iterator[tuple[float, float, Said]]:
    """(from, to, what is said) of each period of each time the schedule runs, clipped to its validity."""
    schedule = sheet.wire["chargingSchedule"]
    since = moment(sheet.wire["validFrom"]) if "validFrom" in sheet.wire else float("-inf")
    until = moment(sheet.wire["validTo"]) if "validTo" in sheet.wire else float("inf")
    periods = schedule["chargingSchedulePeriod"]
    ends = [period["startPeriod"] for period in periods[1:]] + [float("inf")]
    for zero, length in runs(sheet, connector, window):
        for period, end in zip(periods, ends, strict=True):
            begin = zero + min(period["startPeriod"], length)
            yield max(begin, since), min(zero + min(end, length), until), said_of(schedule, period)


def runs(sheet: Sheet, connector: int, window: Window) -> Iterator[tuple[float, float]]:
    """(begin, length) of each time that the schedule runs and may touch the window."""
    schedule, kind = sheet.wire["chargingSchedule"], sheet.wire["chargingProfileKind"]
    length = schedule.get("duration", float("inf"))
    zero = zero_of(sheet, connector, window)
    if zero is None:
        return
    if kind != "Recurring":
        yield zero, length
        return
    every = LENGTH_S[sheet.wire["recurrencyKind"]]
    number = floor((window.since - zero) / every)
    backwards = window.policies["recurring_before_start"] == "backwards"
    while zero + number * every < window.until:
        if number >= 0 or backwards:
            yield zero + number * every, min(length, every)
        number += 1


def zero_of(sheet: Sheet, connector: int, window: Window) -> float | None:
    kind, schedule = sheet.wire["chargingProfileKind"], sheet.wire["chargingSchedule"]
    if kind != "Relative" and "startSchedule" in schedule:
        return moment(schedule["startSchedule"])
    if kind == "Recurring":
        return sheet.received
    if connector == 0:
        return min(window.started.values(), default=None)
    return window.started.get(connector)


def said_of(schedule: Wire, period: Wire) -> Said:
    limit, phases = float(period["limit"]), period.get("numberPhases")
    if schedule["chargingRateUnit"] == "A":
        return limit, phases, None
    return round(limit / (230 * (phases or 3)), 9), phases, limit


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
