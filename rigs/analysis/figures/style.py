"""How matplotlib draws our figures: thin axes, and colours that a page may swap."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from evc5.rigs.analysis.theme import LIGHT

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
