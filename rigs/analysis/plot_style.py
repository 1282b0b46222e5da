"""How our figures look: colours with a light and a dark form, thin axes, UTC on the time axis."""

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evc5.rigs.recording.reading.columns import Array, Columns

# name: (on white, on dark). Series colours are Okabe and Ito's, told apart with any colour vision; a report
# swaps one form for the other by its style sheet, so no two names may share a light form.
THEME = {
    "ink": ("#1c2430", "#e8ebf0"),
    "muted": ("#667080", "#9aa4b2"),
    "rule": ("#c9ced6", "#4a5361"),
    "grid": ("#e9ebee", "#2b323c"),
    "paper": ("#ffffff", "#14181e"),
    "L1": ("#0072b2", "#4aa8e0"),
    "L2": ("#d55e00", "#f08a3c"),
    "L3": ("#009e73", "#35c79c"),
    "offered": ("#aab2bf", "#6b7686"),
    "limit": ("#7a3e9d", "#c08be0"),
    "line": ("#33415c", "#b9c6dd"),
    "connector1": ("#4c5fae", "#8193e6"),
    "connector2": ("#e69f01", "#f2b93b"),
    "error": ("#c01f2e", "#ff6b75"),
    "Available": ("#eef0f3", "#232a33"),
    "Preparing": ("#cfe6f5", "#1f4257"),
    "Charging": ("#a8dcc9", "#14553f"),
    "SuspendedEV": ("#fbeab5", "#5c4a12"),
    "SuspendedEVSE": ("#f8cfae", "#68390f"),
    "Finishing": ("#dcd5ee", "#423862"),
    "Reserved": ("#f3cfe0", "#5d2c46"),
    "Unavailable": ("#b9bfc8", "#47505c"),
    "Faulted": ("#f2b3b6", "#701c23"),
}
LIGHT = {name: light for name, (light, _) in THEME.items()}
PHASES = ("L1", "L2", "L3")

_RC: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib; a report's own font takes its place
    "font.size": 8.5,
    "text.color": LIGHT["ink"],
    "axes.edgecolor": LIGHT["rule"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.7,
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.solid_capstyle": "butt",
    "lines.solid_joinstyle": "miter",
    "path.simplify_threshold": 0.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "evc5",  # the same figure is the same text
    "figure.facecolor": LIGHT["paper"],
    "axes.facecolor": "none",
}
DPI = 110
_TICKS_S = tuple(s * 60 for s in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320))

_SVG = (  # what a file needs and an element within a page does not
    (r"^.*?<svg [^>]*(viewBox=\"[^\"]*\")[^>]*>", r'<svg role="img" \1>'),
    (r"<metadata>.*?</metadata>", ""),
    (r"<style .*?</style>", ""),
    (r'<g id="(?!mark-)[^"]*"', "<g"),
    (r"font-family: 'DejaVu Sans'", "font-family: var(--font)"),
    (r"\n\s*", "\n"),
)


def mark_id(finding: int, connector: int) -> str:
    """What a page's links call the mark of a finding, counted from 0 in the summary, on a connector's day."""
    return f"mark-{finding}-{connector}"


class Chart(Figure):
    """A matplotlib figure that notebooks show by itself, without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """At twice the resolution, told to be shown at once the size: sharp on any screen."""
        content = io.BytesIO()
        self.savefig(content, format="png", dpi=2 * DPI)
        width, height = self.get_size_inches()
        return content.getvalue(), {"width": round(width * DPI), "height": round(height * DPI)}

    def svg(self) -> str:
        """The figure as an svg element whose colours and font are the page's style sheet's."""
        content = io.StringIO()
        with style():
            self.savefig(content, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        text = content.getvalue()
        for pattern, replacement in _SVG:
            text = re.sub(pattern, replacement, text, flags=re.DOTALL)
        for name, colour in LIGHT.items():
            text = text.replace(colour, f"var(--{name})")
        return text


@contextmanager
def style() -> Iterator[None]:
    with matplotlib.rc_context(_RC):
        yield


def chart(width_in: float, height_in: float) -> Chart:
    return Chart(figsize=(width_in, height_in), dpi=DPI)


def title(figure: Figure, text: str, under: str = "") -> None:
    """What the figure shows, at its upper left, and a line of detail under it."""
    height = figure.get_size_inches()[1]
    figure.text(0.008, 1 - 0.09 / height, text, fontsize=12, fontweight="bold", va="top")
    figure.text(0.008, 1 - 0.33 / height, under, fontsize=9, color=LIGHT["muted"], va="top")


def name_panel(axes: Axes, text: str) -> None:
    """What a panel shows, and its unit, above its left corner."""
    axes.set_title(text, loc="left", fontsize=8.5, fontweight="bold", color=LIGHT["ink"], pad=5)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def legend(axes: Axes, **more: Any) -> None:
    """One row above the panel's right corner."""
    entries = axes.get_legend_handles_labels()[1]
    if entries:
        place = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.985), "borderaxespad": 0.0}
        options = {"ncols": len(entries), "handlelength": 1.5, "columnspacing": 1.4} | place | more
        axes.legend(**options)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the run, in seconds of the run, and what `t` = 0 is in UTC."""

    start: datetime
    since_s: float
    until_s: float

    def at(self, t_s: Any) -> Any:
        """Seconds of the run as matplotlib counts time (days since 1970, UTC); numbers and arrays."""
        return t_s / 86_400.0 + self.start.timestamp() / 86_400.0

    @property
    def since(self) -> datetime:
        return self.start + timedelta(seconds=self.since_s)

    @property
    def until(self) -> datetime:
        return self.start + timedelta(seconds=self.until_s)

    def name(self) -> str:
        """The stretch in words: a day by its date, anything else from … to."""
        if self.since.time() == datetime.min.time() and self.until - self.since == timedelta(days=1):
            return f"{self.since:%A} {self.since.day} {self.since:%B %Y}"
        last = f"{self.until:%H:%M}" if self.until.date() == self.since.date() else _moment(self.until)
        return f"{_moment(self.since)} – {last}"

    def label(self, axes: Axes, above: Sequence[Axes] = ()) -> None:
        """The time axis in UTC, from the first to the last instant, a date under each midnight between.

        The panels `above` share it: they have its lines and no ticks, which cost most of a figure's time.
        """
        every_s = next((step for step in _TICKS_S if self.until_s - self.since_s <= 12 * step), _TICKS_S[-1])
        epoch_s = self.start.timestamp()
        first = math.ceil((epoch_s + self.since_s) / every_s)
        last = math.floor((epoch_s + self.until_s) / every_s)
        ticks = [datetime.fromtimestamp(number * every_s, UTC) for number in range(first, last + 1)]
        labels = [_tick(tick, every_s, self.since < tick < self.until) for tick in ticks]
        labels[:1] = [
            label.replace("\n", " UTC\n") if "\n" in label else f"{label} UTC" for label in labels[:1]
        ]
        places = [self.at((tick - self.start).total_seconds()) for tick in ticks]
        axes.set_xlim(self.at(self.since_s), self.at(self.until_s))
        axes.set_xticks(places, labels)
        for panel in above:
            panel.xaxis.set_visible(False)
            look: dict[str, Any] = {"color": LIGHT["grid"], "linewidth": 0.7, "zorder": 0}
            panel.vlines(places, 0, 1, transform=panel.get_xaxis_transform(), **look)


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M}"


def _tick(at: datetime, every_s: int, between: bool) -> str:
    date = f"{at:%a} {at.day} {at:%b}"
    if every_s >= 86_400:
        return date
    return f"{at:%H:%M}\n{date}" if between and at.hour == at.minute == 0 else f"{at:%H:%M}"


def highest(rows: Columns, names: Sequence[str]) -> Array:
    """Row by row the highest of some columns, such as the three phases; NaN where none is known."""
    values: Array = np.fmax.reduce([rows[name] for name in names])
    return values


def steps(at: Array, values: Array) -> tuple[Array, Array]:
    """The line of a quantity that jumps: a row holds until the next. Nothing is drawn along zero."""
    at, values = jumps(at, values)
    until = np.append(at[1:], at[-1:])
    middle = np.where(values == 0, np.nan, values)
    return np.column_stack([at, until, until]).ravel(), np.column_stack([values, middle, values]).ravel()


def jumps(at: Array, values: Array) -> tuple[Array, Array]:
    """Only the rows at which something changes, and the last."""
    if not len(values):
        return at, values
    keep = np.concatenate([[True], values[1:] != values[:-1]])
    keep[-1] = True
    return at[keep], values[keep]


def held(at: Array, values: Array) -> tuple[Array, Array]:
    """The line of a quantity that never jumps; where it ends (NaN follows) it is held up to that instant."""
    ends = np.flatnonzero(np.isnan(values[1:]) & ~np.isnan(values[:-1])) + 1
    return np.insert(at, ends, at[ends]), np.insert(values, ends, values[ends - 1])
