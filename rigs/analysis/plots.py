"""The figures of a run: a day at one connector, charging profiles at work, the energy of the whole run."""

from datetime import UTC, date, datetime

from evc5.models.units import DAY_S
from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.plot_day import plot_day
from evc5.rigs.analysis.plot_energy import plot_energy
from evc5.rigs.analysis.plot_schedule import plot_schedule
from evc5.rigs.analysis.plot_style import Chart
from evc5.rigs.analysis.recorded import Instant, Recorded
from evc5.rigs.analysis.window import Window


class Plots:
    """`run.plot`: matplotlib figures of a run."""

    def __init__(self, run: Recorded) -> None:
        self._run = run

    def day(self, connector: int = 1, day: date | str | None = None) -> Chart:
        """Status, offered and delivered current, energy, state of charge: one connector, one day of UTC.

        Without a `day`, the one with the first error at this connector, else the one with the most energy.
        """
        run = self._run
        if day is None:
            begin_s = busiest_day.day(run, connector)
        else:
            at = date.fromisoformat(day) if isinstance(day, str) else day
            begin_s = run.seconds(datetime(at.year, at.month, at.day, tzinfo=UTC))
        end_s = min(begin_s + DAY_S, max(run.end_s, begin_s + 1.0))
        return plot_day(run, connector, Window(run.start, max(begin_s, 0.0), max(end_s, 1.0)))

    def schedule(
        self, connector: int | None = None, since: Instant | None = None, until: Instant | None = None
    ) -> Chart:
        """Charging profiles as installed, what they allow together, what was offered and what flowed.

        Without a window, the 24 hours in which profiles limited for the longest; a short run is shown whole.
        """
        run = self._run
        connector, first_s, last_s = busiest_day.profiles_at_work(run, connector)
        first_s = first_s if since is None else run.seconds(since)
        last_s = last_s if until is None else run.seconds(until)
        return plot_schedule(run, connector, Window(run.start, first_s, last_s))

    def energy(self) -> Chart:
        """Energy needed and delivered, by day of plug-in and by session."""
        return plot_energy(self._run)
