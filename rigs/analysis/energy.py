"""Energy needed and delivered over a run, as figures show it: by day of plug-in, and session by session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from evc5.models.units import DAY_S
from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.visits import Visit, visits_and_energies
from evc5.rigs.recording.reading.columns import Array

MOST_BARS = 62  # beyond, days are taken together
MOST_LABELS = 10
SHORT_WH = 500.0  # a session this far below its need is called short
DAYS_A_BAR = (1, 7, 28, 91)
PER = {1: "day", 7: "week", 28: "four weeks", 91: "quarter"}


@dataclass(frozen=True, slots=True)
class Energy:
    """All visits; the connectors there are, and the true energy of each at every midnight of the rig's zone;
    the bars' edges in seconds of the run, `days` to a bar.
    """

    run: Recorded
    visits: list[Visit]
    connectors: list[int]
    midnights_wh: dict[int, Array]
    edges_s: Array
    days: int

    @property
    def name(self) -> str:
        return f"Energy · {self.run.summary.get('rig') or self.run.directory.name}"

    @property
    def bars_name(self) -> str:
        return f"kWh by {PER[self.days]} of plug-in"

    @property
    def asked(self) -> list[Visit]:
        """The visits whose need is known."""
        return [visit for visit in self.visits if visit.needed_wh is not None]

    def at(self, connector: int) -> list[Visit]:
        return [visit for visit in self.visits if visit.connector == connector]

    def delivered_kwh(self, some: Sequence[Visit]) -> Array:
        """By the bar in which the plug went in."""
        return self._sums(some, [visit.energy_wh for visit in some])

    def needed_kwh(self) -> Array:
        return self._sums(self.asked, [visit.needed_wh or 0.0 for visit in self.asked])

    def _sums(self, some: Sequence[Visit], wh: Sequence[float]) -> Array:
        plugged_s = [visit.plug_in_s for visit in some]
        return np.histogram(plugged_s, self.edges_s, weights=np.array(wh) / 1000)[0]

    def labels(self, most: int = MOST_LABELS) -> list[tuple[int, str]]:
        """A date for some of the bars, by their number: of the day, or of the first that a bar takes."""
        count = len(self.edges_s) - 1
        every = -(-count // most)
        weekday = "%a " if self.days == 1 and count <= MOST_LABELS and most == MOST_LABELS else ""
        return [(n, self._date(n, weekday)) for n in range(0, count, every)]

    def _date(self, number: int, weekday: str) -> str:
        at = self.run.start + timedelta(seconds=float(self.edges_s[number]))
        day = at.astimezone(self.run.tz)
        return day.strftime(f"{weekday}{day.day} %b")

    def summary(self) -> str:
        delivered = sum(visit.energy_wh for visit in self.visits) / 1000
        needed = [visit.needed_wh for visit in self.asked if visit.needed_wh is not None]
        count = f"{len(self.visits):,} session{'s' * (len(self.visits) != 1)}"
        text = f"{count} · {delivered:,.1f} kWh delivered"
        if not needed:
            return text
        short = sum(_is_short(visit) for visit in self.visits)
        return f"{text} of {sum(needed) / 1000:,.1f} kWh needed · {short} left short by more than 0.5 kWh"


def energy(run: Recorded, connectors: list[int] | None = None) -> Energy:
    """`connectors`: those there are, where they are known already."""
    known = connectors or busiest_day.connectors(run) or [1]
    edges_s = busiest_day.midnights(run)
    all_visits, midnights_wh = visits_and_energies(run.directory, run.end_s, dict.fromkeys(known, edges_s))
    count = len(edges_s) - 1
    days = next((some for some in DAYS_A_BAR if count <= some * MOST_BARS), DAYS_A_BAR[-1])
    whole = -(-count // days) * days  # the last bar takes as many days as the others
    beyond_s = edges_s[-1] + DAY_S * np.arange(1, whole - count + 1)
    edges_s = np.concatenate([edges_s, beyond_s])[::days]
    return Energy(run, all_visits, known, midnights_wh, edges_s, days)


def _is_short(visit: Visit) -> bool:
    return visit.needed_wh is not None and visit.energy_wh < visit.needed_wh - SHORT_WH
