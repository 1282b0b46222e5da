"""The figures of a run: a day at one connector, charging profiles at work, the energy of the whole run."""

from datetime import date

from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.plot_day import plot_day
from evc5.rigs.analysis.plot_energy import plot_energy
from evc5.rigs.analysis.plot_schedule import plot_schedule
from evc5.rigs.analysis.plot_style import Chart
from evc5.rigs.analysis.recorded import Instant, Recorded
from evc5.rigs.errors import BadInput


class Plots:
    """`run.plot`: matplotlib figures of a run."""

    def __init__(self, run: Recorded) -> None:
        self._run = run

    def day(self, connector: int = 1, day: date | str | None = None) -> Chart:
        """Status, offered and delivered current, energy, state of charge: one connector, one day.

        Days and hours are those of the rig's zone. Without a `day`, the one with the first error at this
        connector, else the one with the most energy.
        """
        self._run.refuse_without("telemetry")
        on = _date(day)
        known = busiest_day.connectors(self._run)
        if known and connector not in known:
            raise BadInput(f"connector must be one of {', '.join(map(str, known))}, got {connector!r}")
        return plot_day(self._run, connector, busiest_day.day_window(self._run, connector, on))

    def schedule(
        self, connector: int | None = None, since: Instant | None = None, until: Instant | None = None
    ) -> Chart:
        """Charging profiles as installed, what they allow together, what was offered and what flowed.

        Without a window, the 24 hours in which profiles limited for the longest; a short run is shown whole.
        """
        self._run.refuse_without("telemetry", "messages")
        connector, window = busiest_day.schedule_window(self._run, connector, since, until)
        return plot_schedule(self._run, connector, window)

    def energy(self) -> Chart:
        """Energy needed and delivered, by day of plug-in and by session."""
        return plot_energy(self._run)


def _date(day: date | str | None) -> date | None:
    """A day as it may be given; BadInput for what is none."""
    if day is None or isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise BadInput(f"day must be a date such as 2024-03-01, got {day!r}") from None
