"""A stretch of a run on a time axis: its name and its ticks, in the zone that it is looked at from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from evc5.models.units import DAY_S

_TICKS_S = tuple(
    s * 60 for s in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10080, 20160, 40320)
)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the run, in seconds of the run; what `t` = 0 is in UTC; the zone whose hours are shown."""

    start: datetime
    since_s: float
    until_s: float
    zone: tzinfo = UTC

    def at(self, t_s: Any) -> Any:
        """Seconds of the run as matplotlib counts time (days since 1970, UTC); numbers and arrays."""
        return t_s / DAY_S + self.start.timestamp() / DAY_S

    @property
    def since(self) -> datetime:
        return (self.start + timedelta(seconds=self.since_s)).astimezone(self.zone)

    @property
    def until(self) -> datetime:
        return (self.start + timedelta(seconds=self.until_s)).astimezone(self.zone)

    def name(self) -> str:
        """The stretch in words: a day by its date, anything else from … to."""
        midnight = self.since.time() == self.until.time() == datetime.min.time()
        if midnight and (self.until.date() - self.since.date()).days == 1:
            return f"{self.since:%A} {self.since.day} {self.since:%B %Y}"
        last = f"{self.until:%H:%M}" if self.until.date() == self.since.date() else _moment(self.until)
        return f"{_moment(self.since)} – {last}"

    def ticks(self, most: int = 12) -> list[tuple[float, str]]:
        """Where the time axis has its ticks, and their labels: the hour, and under each midnight the date.

        They stand on whole multiples of their step from midnight, which a change of the clock moves with it.
        """
        every_s = next(
            (step for step in _TICKS_S if self.until_s - self.since_s <= most * step), _TICKS_S[-1]
        )
        placed = [(self._t(at), at) for at in self._grid(every_s)]
        inside = [(t_s, at) for t_s, at in placed if self.since_s <= t_s <= self.until_s]
        ticks = [(t_s, _tick(at, every_s, self.since < at < self.until)) for t_s, at in inside]
        return [(t_s, self._zoned(label) if n == 0 else label) for n, (t_s, label) in enumerate(ticks)]

    def _zoned(self, label: str) -> str:
        zone = self.since.tzname() or "UTC"
        return label.replace("\n", f" {zone}\n") if "\n" in label else f"{label} {zone}"

    def _t(self, at: datetime) -> float:
        return (at - self.start).total_seconds()

    def _grid(self, every_s: int) -> list[datetime]:
        """The multiples of a step around the window, in the zone's own hours; whole days count from 1970."""
        days_a_step = max(1, every_s // 86_400)
        first = self.since.date().toordinal() - 1
        first -= (first - datetime(1970, 1, 1).toordinal()) % days_a_step
        found = []
        for ordinal in range(first, self.until.date().toordinal() + 2, days_a_step):
            midnight = datetime.fromordinal(ordinal).replace(tzinfo=self.zone)
            for second in range(0, 86_400, min(every_s, 86_400)):
                wall = midnight + timedelta(seconds=second)
                found.append(wall.astimezone(UTC).astimezone(self.zone))
        return list(dict.fromkeys(found))


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M}"


def _tick(at: datetime, every_s: int, between: bool) -> str:
    date = f"{at:%a} {at.day} {at:%b}"
    if every_s >= DAY_S:
        return date
    return f"{at:%H:%M}\n{date}" if between and at.hour == at.minute == 0 else f"{at:%H:%M}"
