"""Composite schedules as functions of absolute time, and whether two are the same where both speak."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

Payload = dict[str, Any]
Level = tuple[float, int | None]  # limit in the schedule's unit, numberPhases


@dataclass(frozen=True, slots=True)
class Composite:
    """One answer to GetCompositeSchedule: levels from instants (epoch s) on, until its end."""

    since: tuple[tuple[float, Level], ...]
    until_epoch_s: float

    @classmethod
    def of(cls, answer: Payload) -> "Composite | None":
        """None where the unit refused, or gave no schedule that can be read."""
        try:
            schedule = answer["chargingSchedule"]
            start_s = datetime.fromisoformat(answer["scheduleStart"]).timestamp()
            periods = schedule["chargingSchedulePeriod"]
            since = tuple(
                (start_s + period["startPeriod"], (float(period["limit"]), period.get("numberPhases")))
                for period in periods
            )
            return cls(since, start_s + schedule["duration"]) if since else None
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def begins_epoch_s(self) -> float:
        return self.since[0][0]

    @property
    def levels(self) -> frozenset[Level]:
        return frozenset(level for _, level in self.since)

    def at(self, epoch_s: float) -> Level:
        """The level that holds; before the first the first."""
        held = [level for since_s, level in self.since if since_s <= epoch_s]
        return held[-1] if held else self.since[0][1]


def difference(before: Composite, after: Composite) -> str | None:
    """Where two composites first disagree over the span that both cover, in words; None: nowhere."""
    begin_s = max(before.begins_epoch_s, after.begins_epoch_s)
    end_s = min(before.until_epoch_s, after.until_epoch_s)
    turns = {begin_s, end_s, *(since_s for one in (before, after) for since_s, _ in one.since)}
    for since_s, _ in pairwise(sorted(turn for turn in turns if begin_s <= turn <= end_s)):
        was, now = before.at(since_s), after.at(since_s)
        if was != now:
            at = datetime.fromtimestamp(since_s).astimezone().isoformat()
            return f"at {at} it was {_words(was)} and is {_words(now)}"
    return None


def _words(level: Level) -> str:
    phases = "" if level[1] is None else f" on {level[1]} phase(s)"
    return f"{level[0]:g}{phases}"
