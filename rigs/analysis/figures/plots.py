"""The figures of a run, by name: what each shows, and what it shows where nobody says."""

from collections.abc import Mapping
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.figures import asked
from evc5.rigs.analysis.figures.canvas import Canvas
from evc5.rigs.analysis.figures.charge import plot_charge
from evc5.rigs.analysis.figures.comparison import plot_comparison
from evc5.rigs.analysis.figures.cost import plot_cost
from evc5.rigs.analysis.figures.day import plot_day
from evc5.rigs.analysis.figures.duration import plot_duration
from evc5.rigs.analysis.figures.energy import plot_energy
from evc5.rigs.analysis.figures.gantt import plot_sessions
from evc5.rigs.analysis.figures.heat import hottest_day, plot_heat
from evc5.rigs.analysis.figures.heatmap import plot_heatmap
from evc5.rigs.analysis.figures.phases import day_of_switching, plot_phases
from evc5.rigs.analysis.figures.power import plot_power
from evc5.rigs.analysis.figures.schedule import plot_schedule
from evc5.rigs.analysis.figures.sequence import plot_sequence
from evc5.rigs.analysis.figures.style import WIDTH_IN
from evc5.rigs.analysis.figures.violations import plot_violations
from evc5.rigs.analysis.questions.cost import cost
from evc5.rigs.analysis.recorded import Instant, Recorded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Zone = tzinfo | str | None
Day = date | str | None


class Plots:
    """`run.plot`: matplotlib figures of a run.

    Each takes `ax=`, an axes to draw into, else it is a figure of its own, `width_in` inches wide: 10 for a
    screen, 3.4 for a column of print or a phone. Hours and days are those of the rig's zone, or of `tz=`.
    What is asked for and not there is BadInput, which names what there is.
    """

    def __init__(self, run: Recorded) -> None:
        self._run = run

    def _in_zone(self, tz: Zone, *needs: str) -> Recorded:
        """The run as a figure reads it; NotAvailable where its rig gave up to record what that needs."""
        self._run.refuse_without(*needs)
        return self._run.in_zone(tz)

    def day(
        self,
        connector: int = 1,
        day: Day = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """One connector, one day: status, what limits, current, power, the meter, state of charge, heat.

        Without a `day`, the one with the first error at this connector, else the one with the most energy.
        """
        run = self._in_zone(tz, "telemetry")
        on = asked.the_day(day)
        window = busiest_day.day_window(run, asked.the_connector(run, connector), on)
        return plot_day(run, connector, window, Canvas(ax, width_in))

    def schedule(
        self,
        connector: int | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """Charging profiles as installed, what they allow together, what was offered and what flowed.

        Without a window, the 24 hours in which profiles limited for the longest; a short run is shown whole.
        """
        run = self._in_zone(tz, "telemetry", "messages")
        if connector is not None:
            asked.the_connector(run, connector)
        connector, window = busiest_day.schedule_window(run, connector, since, until)
        asked.check_window(run, window.since_s, window.until_s)
        return plot_schedule(run, connector, window, Canvas(ax, width_in))

    def energy(self, *, ax: "Axes | None" = None, tz: Zone = None, width_in: float = WIDTH_IN) -> "Figure":
        """Energy needed and delivered, by day of plug-in and by session."""
        return plot_energy(self._in_zone(tz), Canvas(ax, width_in))

    def power(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """Mean power of the connectors, one upon the other, and the highest at any moment.

        Means are exact, of each minute of a day, each quarter of an hour of two weeks, each hour of ten, else
        of each day. Without a window, the whole run.
        """
        run = self._in_zone(tz, "telemetry")
        return plot_power(run, asked.the_window(run, since, until), Canvas(ax, width_in))

    def heat(
        self,
        connector: int = 1,
        day: Day = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """The socket's temperature, the current that heat leaves, and the current that flows.

        Without a `day`, the one on which heat limited for the longest, else the busiest.
        """
        run = self._in_zone(tz, "telemetry")
        connector = asked.the_connector(run, connector)
        on = asked.the_day(day)
        window = hottest_day(run, connector) if on is None else busiest_day.day_window(run, connector, on)
        return plot_heat(run, connector, window, Canvas(ax, width_in))

    def phases(
        self,
        connector: int = 1,
        day: Day = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """How many phases conduct, the current of each, and each change between one and three.

        Without a `day`, the one with most changes while a car stayed, else the busiest.
        """
        run = self._in_zone(tz, "telemetry")
        connector = asked.the_connector(run, connector)
        on = asked.the_day(day)
        window = (
            day_of_switching(run, connector) if on is None else busiest_day.day_window(run, connector, on)
        )
        return plot_phases(run, connector, window, Canvas(ax, width_in))

    def charge(
        self, session: int | None = None, *, ax: "Axes | None" = None, width_in: float = WIDTH_IN
    ) -> "Figure":
        """State of charge by hours since plug-in, and power by state of charge: how cars taper.

        `session` is one by its number from 0, as `run.sessions` counts them; without it, all of them.
        """
        return plot_charge(self._in_zone(None, "telemetry"), session, Canvas(ax, width_in))

    def sessions(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """When cars stood and when they charged, a row a local day. Without a window, the whole run."""
        run = self._in_zone(tz, "telemetry")
        return plot_sessions(run, asked.the_window(run, since, until), Canvas(ax, width_in))

    def heatmap(
        self,
        connector: int = 0,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """Mean power of each quarter of an hour, by local hour and day; connector 0 is all together."""
        return plot_heatmap(self._in_zone(tz, "telemetry"), connector, Canvas(ax, width_in))

    def duration(
        self, interval: str = "15min", *, ax: "Axes | None" = None, width_in: float = WIDTH_IN
    ) -> "Figure":
        """For how much of the time the power was at least so high: means of each interval, highest first."""
        return plot_duration(self._in_zone(None, "telemetry"), interval, Canvas(ax, width_in))

    def sequence(
        self,
        transaction: int | None = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """The messages about one transaction, its connector and its card, from the plug to the unplug.

        Without a `transaction`, the id of the run's first.
        """
        return plot_sequence(self._in_zone(tz, "messages"), transaction, Canvas(ax, width_in))

    def violations(
        self,
        requirement: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """Findings in place: a lane a requirement, over the current that was offered and flowed.

        `requirement` is the id of one; without it, all that have findings.
        """
        run = self._in_zone(tz, "telemetry")
        window = asked.the_window(run, since, until)
        return plot_violations(run, requirement, window, Canvas(ax, width_in))

    def cost(
        self,
        tariff: str | Path | Mapping[str, Any],
        *,
        house: Any = None,
        ax: "Axes | None" = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """What each day costs under a tariff, part upon part, as `run.cost(tariff, house=…)` has it.

        Days are those of the tariff's zone.
        """
        run = self._in_zone(None, "telemetry")
        return plot_cost(cost(run, tariff, house), Canvas(ax, width_in))

    def comparison(
        self,
        other: Recorded | str | Path,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        ax: "Axes | None" = None,
        tz: Zone = None,
        width_in: float = WIDTH_IN,
    ) -> "Figure":
        """This run (A) and another (B) over each other, by their seconds: the power, connectors apart."""
        run = self._in_zone(tz, "telemetry")
        window = asked.the_window(run, since, until)
        other = other if isinstance(other, Recorded) else Recorded(other)
        return plot_comparison(run, other, window, Canvas(ax, width_in))
