"""Where a figure is drawn: panels on a page of any width, or within an axes that is there."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from evc5.rigs.analysis.figures.style import WIDTH_IN, chart, style
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import printable

NARROW_IN = 6.0  # below, titles are smaller
LEAST_IN = 2.0  # nothing is legible on less
MOST_IN = 200.0  # a wall; matplotlib's pages end at 2**16 pixels
GAP_IN = 0.42  # between panels: the name of the lower one
NARROW_GAP_IN = 0.55  # where legends take rows of their own
AXIS_IN = 0.45  # the labels of the time axis
ROW_PT = 12.0  # a row of a legend
LETTER_PT = 4.9  # of a legend or a panel's name, on average
HANDLE_PT = 30.0  # a legend's entry beside its letters
MOST_TICKS = 12
A_TICK_IN = 0.72  # the width that a label of the time axis takes


@dataclass(frozen=True, slots=True)
class Canvas:
    """A page of its own, `width_in` inches wide; or the place of an axes that is there already."""

    ax: Axes | None = None
    width_in: float = WIDTH_IN

    def __post_init__(self) -> None:
        if self.ax is not None and not isinstance(self.ax, Axes):
            raise BadInput(f"ax must be an Axes of matplotlib, got {self.ax!r}")
        if not isinstance(self.width_in, int | float) or not LEAST_IN <= self.width_in <= MOST_IN:
            raise BadInput(f"width_in must be {LEAST_IN:g} to {MOST_IN:g} inches, got {self.width_in!r}")

    @contextmanager
    def panels(
        self,
        heights_in: Sequence[float],
        title: str,
        under: str,
        *,
        shared: bool = True,
        beside: Sequence[float] = (),
    ) -> Iterator[tuple[Figure, list[Axes]]]:
        """The figure and its empty panels, in our style: `shared` on one axis from left to right.

        With `beside` they stand beside each other, in these proportions, wherever that is wide enough.
        """
        with style():
            if self.ax is None:
                beside = beside if self.width_in >= NARROW_IN else ()
                yield self._page(heights_in, title, under, shared, beside)
            else:
                beside = beside if wide_in(self.ax) >= NARROW_IN else ()
                yield _figure(self.ax), _within(self.ax, heights_in, shared, beside)

    def _page(
        self, heights_in: Sequence[float], title: str, under: str, shared: bool, beside: Sequence[float]
    ) -> tuple[Figure, list[Axes]]:
        lines = _heading(title, under, self.width_in)
        head_in = sum(size for _, size, _ in lines) * 1.3 / 72 + 0.16
        gap_in = GAP_IN if self.width_in >= NARROW_IN else NARROW_GAP_IN
        rows_in = [max(heights_in)] if beside else heights_in
        height_in = head_in + sum(rows_in) + gap_in * len(rows_in) + AXIS_IN
        figure = chart(self.width_in, height_in)
        rect = (0.0, 0.0, 1.0, 1.0 - head_in / height_in)
        figure.set_layout_engine(ConstrainedLayoutEngine(rect=rect, w_pad=0.06, h_pad=0.05))
        above_in = 0.08
        for words, size, look in lines:
            place = (0.06 / self.width_in, 1 - above_in / height_in)
            figure.text(*place, printable(words), fontsize=size, va="top", **look)
            above_in += size * 1.3 / 72
        ratios = {"width_ratios": beside} if beside else {"height_ratios": heights_in}
        shape = (1, len(beside)) if beside else (len(heights_in), 1)
        grid = figure.subplots(*shape, sharex=shared, squeeze=False, gridspec_kw=ratios)
        return figure, list(grid.ravel())


def _heading(title: str, under: str, width_in: float) -> list[tuple[str, float, dict[str, Any]]]:
    """The lines above a figure: words, size in points, look."""
    size, small = (12.0, 9.0) if width_in >= NARROW_IN else (10.0, 8.0)
    lines = textwrap.wrap(printable(title), int(72 * width_in / (0.68 * size)))
    rest = textwrap.wrap(printable(under), int(72 * width_in / (0.57 * small)))
    bold: dict[str, Any] = {"fontweight": "bold"}
    return [(line, size, bold) for line in lines] + [
        (line, small, {"color": LIGHT["muted"]}) for line in rest
    ]


def _within(ax: Axes, heights_in: Sequence[float], shared: bool, beside: Sequence[float]) -> list[Axes]:
    """The axes itself as the only panel, else panels that share its place in these proportions."""
    if len(heights_in) == 1:
        _dress(ax)
        return [ax]
    ax.set_axis_off()
    parts = beside or heights_in
    gap = min(GAP_IN / (wide_in(ax) if beside else _tall_in(ax)), 0.4 / len(parts))
    scale = (1.0 - gap * (len(parts) - 1)) / sum(parts)
    panels: list[Axes] = []
    before = 0.0
    for part in parts:
        size = part * scale
        box = (before, 0.0, size, 1.0) if beside else (0.0, 1.0 - before - size, 1.0, size)
        more: dict[str, Any] = {"sharex": panels[0]} if panels and shared else {}
        panels.append(ax.inset_axes(box, **more))
        before += size + gap
    return panels


def _dress(ax: Axes) -> None:
    """Give an axes that others made the look of ours."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(visible=True, color=LIGHT["grid"], linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=8.5, labelcolor=LIGHT["muted"])


def name_panel(axes: Axes, text: str, **options: Any) -> None:
    """What a drawn panel shows and its unit, above its left corner; the legend above its right one.

    Where both find no room in one row, the legend has rows of its own under the name.
    """
    labels = axes.get_legend_handles_labels()[1]
    wide_pt = 72 * wide_in(axes)
    alone_pt = LETTER_PT * 1.1 * (len(text) + 2)
    beside = alone_pt + sum(map(_entry_pt, labels)) <= wide_pt
    columns = len(labels) if beside else _columns(labels, wide_pt)
    rows = 0 if beside or not labels else -(-len(labels) // columns)
    axes.set_title(
        printable(text),
        loc="left",
        fontsize=8.5,
        fontweight="bold",
        color=LIGHT["ink"],
        pad=5 + ROW_PT * rows,
    )
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    if labels:
        place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.1}
        spaces: dict[str, Any] = {"handlelength": 1.5, "columnspacing": 1.4, "labelspacing": 0.2}
        axes.legend(**(place | spaces | {"ncols": columns, "fontsize": 8} | options))


def _entry_pt(label: str) -> float:
    return LETTER_PT * len(label) + HANDLE_PT


def _columns(labels: Sequence[str], wide_pt: float) -> int:
    """As many columns as find room, each as wide as its longest label."""
    for count in range(len(labels), 1, -1):
        rows = -(-len(labels) // count)
        columns = [labels[n : n + rows] for n in range(0, len(labels), rows)]
        if sum(max(map(_entry_pt, column)) for column in columns) <= wide_pt:
            return count
    return 1


def label_time(window: Window, axes: Axes, above: Sequence[Axes] = ()) -> None:
    """The time axis, from the first to the last instant, a date under each midnight between.

    The panels `above` share it: they have its lines and no ticks, which cost most of a figure's time.
    """
    most = max(2, min(MOST_TICKS, int(wide_in(axes) / A_TICK_IN)))
    ticks = next(
        found for n in range(most, MOST_TICKS + 1) if len(found := window.ticks(n)) > 1 or n == MOST_TICKS
    )
    if most < MOST_TICKS:  # a date takes two rows
        ticks = [(t_s, _two_rows(label)) for t_s, label in ticks]
    places = [window.at(t_s) for t_s, _ in ticks]
    axes.set_xlim(window.at(window.since_s), window.at(window.until_s))
    axes.set_xticks(places, [label for _, label in ticks])
    for panel in above:
        panel.xaxis.set_visible(False)
        look: dict[str, Any] = {"color": LIGHT["grid"], "linewidth": 0.7, "zorder": 0}
        panel.vlines(places, 0, 1, transform=panel.get_xaxis_transform(), **look)


def _two_rows(label: str) -> str:
    """A date below its weekday; an hour stays as it is."""
    return label if "\n" in label or ":" in label else label.replace(" ", "\n", 1)


def wide_in(axes: Axes) -> float:
    """How wide a panel is, in inches, about: the layout settles it when the figure is drawn."""
    return float(axes.bbox.width / _figure(axes).dpi)


def _tall_in(axes: Axes) -> float:
    return float(axes.bbox.height / _figure(axes).dpi)


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None, "an axes without a figure"
    return figure
