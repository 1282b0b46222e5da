"""How matplotlib draws our figures: thin axes, the zone on the time axis, colours that a page may swap."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.printable import printable

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
    "text.parse_math": False,  # a name may hold dollars
    "svg.hashsalt": "evc5",  # the same figure is the same text
    "figure.facecolor": LIGHT["paper"],
    "axes.facecolor": "none",
}
DPI = 110
WIDTH_IN = 10.0  # of a figure

_SVG = (  # what a file needs and an element within a page does not
    (r"^.*?<svg [^>]*(viewBox=\"[^\"]*\")[^>]*>", r'<svg role="img" \1>'),
    (r"<metadata>.*?</metadata>", ""),
    (r"<style .*?</style>", ""),
    (r'<g id="(?!mark-)[^"]*"', "<g"),
    (r"font-family: 'DejaVu Sans'", "font-family: var(--font)"),
    (r"\n\s*", "\n"),
)


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
    text, under = printable(text), printable(under)
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


def label_time(window: Window, axes: Axes, above: Sequence[Axes] = ()) -> None:
    """The time axis, from the first to the last instant, a date under each midnight between.

    The panels `above` share it: they have its lines and no ticks, which cost most of a figure's time.
    """
    ticks = window.ticks()
    places = [window.at(t_s) for t_s, _ in ticks]
    axes.set_xlim(window.at(window.since_s), window.at(window.until_s))
    axes.set_xticks(places, [label for _, label in ticks])
    for panel in above:
        panel.xaxis.set_visible(False)
        look: dict[str, Any] = {"color": LIGHT["grid"], "linewidth": 0.7, "zorder": 0}
        panel.vlines(places, 0, 1, transform=panel.get_xaxis_transform(), **look)
