"""Time as people and devices read it: the calendar over virtual time, and the station's own clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from evc5.models.units import DAY_S

_EPOCH = datetime(1970, 1, 1)


class Calendar:
    """Maps seconds since the run's start to UTC, to a local zone and to text.

    `start` must be aware; it is kept to the millisecond. `zone` is where the station stands.
    """

    def __init__(self, start: datetime, zone: ZoneInfo | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start must carry a UTC offset, got {start.isoformat()}")
        self.start = start.astimezone(UTC)
        self.zone = zone or ZoneInfo("UTC")
        self._start_ms = round(self.start.timestamp() * 1000)
        self.start_epoch_s = self._start_ms / 1000
        self._last_ms, self._text = -1, ""  # one instant is written several times over
        self._minute, self._prefix = -1, ""
        self._day, self._date = -1, ""

    def epoch(self, t_s: float) -> float:
        """Seconds since 1970-01-01T00:00:00Z at `t_s` of the run."""
        return self.start_epoch_s + t_s

    def t(self, epoch_s: float) -> float:
        """Seconds of the run at a moment of UTC; the inverse of `epoch`."""
        return epoch_s - self.start_epoch_s

    def at(self, t_s: float) -> datetime:
        """The moment as an aware datetime in UTC."""
        return self.start + timedelta(seconds=t_s)

    def iso(self, t_s: float) -> str:
        """The moment as OCPP writes it: `2024-03-01T10:00:00.000Z`, rounded to the millisecond."""
        return self.iso_epoch_ms(self._start_ms + round(t_s * 1000))

    def iso_epoch_ms(self, epoch_ms: int) -> str:
        """Milliseconds of UTC as text."""
        if epoch_ms != self._last_ms:
            minute, ms = divmod(epoch_ms, 60_000)
            if minute != self._minute:
                self._minute = minute
                day, minute = divmod(minute, 1440)
                if day != self._day:
                    self._day = day
                    self._date = (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%dT")
                self._prefix = f"{self._date}{minute // 60:02}:{minute % 60:02}:"
            self._last_ms = epoch_ms
            self._text = f"{self._prefix}{ms // 1000:02}.{ms % 1000:03}Z"
        return self._text


def parse_instant(text: str) -> datetime | None:
    """An RFC 3339 date-time with its offset as an aware UTC datetime; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or "T" not in text.upper():
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar overflow
        return None


@dataclass(slots=True, eq=False, repr=False)
class StationClock:
    """The charge point's own idea of UTC: true time, plus an offset, plus a drift since it was last set.

    `drift_ppm` is the quartz's error in microseconds a second; positive runs fast.
    """

    calendar: Calendar
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    set_t_s: float = 0.0

    def epoch(self, t_s: float) -> float:
        """What the station believes UTC to be at run time `t_s`, in epoch seconds."""
        return self.calendar.epoch(t_s) + self.error_s(t_s)

    def error_s(self, t_s: float) -> float:
        """How far the station is ahead of true time."""
        return self.offset_s + self.drift_ppm * 1e-6 * (t_s - self.set_t_s)

    def t(self, epoch_s: float) -> float:
        """When (run time) the station's clock will read, or has read, `epoch_s`."""
        true_s = self.calendar.t(epoch_s)
        rate = self.drift_ppm * 1e-6
        if not rate:
            return true_s - self.offset_s
        return (true_s - self.offset_s + rate * self.set_t_s) / (1.0 + rate)

    def iso(self, t_s: float) -> str:
        """The station's timestamp at run time `t_s`."""
        return self.iso_epoch(self.epoch(t_s))

    def iso_epoch(self, epoch_s: float) -> str:
        return self.calendar.iso_epoch_ms(round(epoch_s * 1000))

    def set(self, t_s: float, epoch_s: float) -> float:
        """Set the clock to `epoch_s` at run time `t_s`; returns the step it made, in seconds."""
        step_s = epoch_s - self.epoch(t_s)
        self.offset_s = epoch_s - self.calendar.epoch(t_s)
        self.set_t_s = t_s
        return step_s


def next_boundary(epoch_s: float, interval_s: int, zone: ZoneInfo | None = None) -> float:
    """The next clock-aligned instant strictly after `epoch_s`: midnight + n·interval, anew each midnight.

    Midnight is UTC's, or the zone's own (days of 23 and 25 hours included). Source: OCPP 1.6 3.16.2, 9.1.5.
    """
    if zone is None:
        midnight_epoch_s = epoch_s // DAY_S * DAY_S
        tomorrow = midnight_epoch_s + DAY_S
    else:
        midnight_epoch_s, tomorrow = _local_day(epoch_s, zone)
    passed = (epoch_s - midnight_epoch_s) // interval_s + 1
    return float(min(midnight_epoch_s + passed * interval_s, tomorrow))


def last_boundary(epoch_s: float, interval_s: int, zone: ZoneInfo | None = None) -> float:
    """The last clock-aligned instant strictly before `epoch_s`: where the interval that ends there began."""
    before = epoch_s - 0.001  # no interval is shorter
    midnight_epoch_s = before // DAY_S * DAY_S if zone is None else _local_day(before, zone)[0]
    return midnight_epoch_s + (before - midnight_epoch_s) // interval_s * interval_s


def _local_day(epoch_s: float, zone: ZoneInfo) -> tuple[float, float]:
    today = datetime.fromtimestamp(epoch_s, zone).date()
    tomorrow = today + timedelta(days=1)
    starts = [datetime(d.year, d.month, d.day, tzinfo=zone).timestamp() for d in (today, tomorrow)]
    return starts[0], starts[1]
