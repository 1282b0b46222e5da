"""A drawing as an svg element of a given width, in the page's own colours and font.

A narrow one is drawn anew: fewer ticks, and a legend of several rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from evc5.rigs.analysis.drawn.marks import Area, Box, Car, Dots, Drawing, Flag, Line, Panel
from evc5.rigs.analysis.drawn.scale import Point, round_ticks, strokes, thinned
from evc5.rigs.printable import in_html
from evc5.rigs.recording.reading.columns import Array

TEXT, SMALL = 12.5, 11.0  # font sizes
LETTER = 0.56  # of a font's size: how wide a letter is, on average
LEFT, RIGHT = 40.0, 10.0  # margins
TOP, BOTTOM, NAME, ROW = 46.0, 40.0, 22.0, 16.0  # title; time axis; a panel's name; a row of the legend
PANEL_GAP = 14.0  # between panels
WITHIN = 0.15  # how far a line may lie off, in units of the page
STROKE, BAND = 2.5, 9.0  # how thick a legend shows the colour of a line, and of a band
MOST_TOLD = 5  # findings that a description names
A_TICK = 76.0  # the width that a label of the time axis takes


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel lies, and what its corners stand for."""

    left: float
    top: float
    width: float
    panel: Panel
    low: float
    high: float

    def x(self, value: float) -> float:
        return self.left + self.width * (value - self.low) / (self.high - self.low)

    def y(self, value: float) -> float:
        panel = self.panel
        return self.top + panel.height * (panel.high - value) / (panel.high - panel.low)

    @property
    def bottom(self) -> float:
        return self.top + self.panel.height

    def points(self, x: Array, y: Array) -> Iterator[list[Point]]:
        """The strokes of a line on the page; what lies beyond the panel is held at its edge."""
        kept = np.clip(y, self.panel.low, self.panel.high)
        across = self.left + self.width * (x - self.low) / (self.high - self.low)
        down = self.top + self.panel.height * (self.panel.high - kept) / (self.panel.high - self.panel.low)
        return (thinned(stroke, WITHIN) for stroke in strokes(across, down))


def svg(drawing: Drawing, width: float) -> str:
    """The element. Texts and colours follow the page's style sheet, so that it is dark in the dark."""
    y = TOP
    parts = [_heading(drawing, width)]
    frames = []
    for panel in drawing.panels:
        names = _legend(panel, width - LEFT - RIGHT)
        head = NAME + ROW * (len(names) - 1) if panel.name else (NAME if _cars(panel) else 0.0)
        frame = Frame(LEFT, y + head, width - LEFT - RIGHT, panel, drawing.low, drawing.high)
        parts += _panel(frame, names, y)
        frames.append(frame)
        y = frame.bottom + PANEL_GAP
    ticks = drawing.ticks(max(2, int((width - LEFT) / A_TICK)))
    parts[1:1] = _rules(frames, ticks)
    parts += _axis(frames[-1], ticks)
    size = f'viewBox="0 0 {width:g} {y - PANEL_GAP + BOTTOM:.0f}"'
    told = in_html(_described(drawing))
    named = f"<title>{in_html(drawing.title)}</title><desc>{told}</desc>"
    label = f"{in_html(drawing.title)}. {told}"
    return f'<svg role="img" aria-label="{label}" {size}>{named}{"".join(parts)}</svg>'


def _described(drawing: Drawing) -> str:
    """The figure for who does not see it: its detail, what each panel shows, and what is marked."""
    panels = "; ".join(_panel_told(panel) for panel in drawing.panels if panel.name)
    flags = [mark.told for panel in drawing.panels for mark in panel.marks if isinstance(mark, Flag)]
    more = f" and {len(flags) - MOST_TOLD} more" if len(flags) > MOST_TOLD else ""
    marked = f" Marked: {'; '.join(flags[:MOST_TOLD])}{more}." if flags else ""
    return f"{drawing.under}. Panels: {panels}.{marked}"


def _panel_told(panel: Panel) -> str:
    """A panel's name with its unit, and what is drawn in it."""
    labels = [label for _, label in _entries(panel)]
    return f"{panel.name} ({', '.join(labels)})" if labels else panel.name


def _entries(panel: Panel) -> list[tuple[str, str]]:
    """What a legend tells: a colour and its label, each label once."""
    entries = {mark.label: mark.colour for mark in panel.marks if getattr(mark, "label", "")}  # type: ignore[union-attr]
    return [(colour, label) for label, colour in entries.items()]


def _heading(drawing: Drawing, width: float) -> str:
    shown = _cut(drawing.title, width, TEXT + 2.5)
    under = _cut(drawing.under, width, SMALL)
    return (
        f"{text(4, 16, shown, size=TEXT + 2.5, weight=650)}{text(4, 34, under, size=SMALL, colour='muted')}"
    )


def _cut(words: str, width: float, size: float) -> str:
    most = int((width - 8) / (LETTER * size))
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _rules(frames: list[Frame], ticks: Iterable[tuple[float, str]]) -> list[str]:
    """The lines of the time axis through all panels that have axes."""
    lines = [
        f"M{frame.x(at):.1f} {frame.top:.1f}V{frame.bottom:.1f}"
        for frame in frames
        if not frame.panel.bare
        for at, _ in ticks
    ]
    return [f'<path d="{"".join(lines)}" stroke="var(--grid)" fill="none"/>']


def _axis(frame: Frame, ticks: list[tuple[float, str]]) -> list[str]:
    """The labels below the last panel; one that would run into the one before it is left out."""
    parts = []
    free = 0.0
    end = frame.left + frame.width
    for at, label in ticks:
        rows = label.split("\n")
        wide = LETTER * SMALL * max(map(len, rows))
        x = min(max(frame.x(at) - wide / 2, frame.left - 8), end - wide + 8)
        if x < free:
            continue
        free = x + wide + 4
        for row, words in enumerate(rows):
            y = frame.bottom + 15 + 13 * row
            parts.append(text(x + wide / 2, y, words, size=SMALL, colour="muted", anchor="middle"))
    return parts


def _legend(panel: Panel, width: float) -> list[list[tuple[str, str]]]:
    """Rows of (colour, label), to the right of the panel's name while there is room."""
    rows: list[list[tuple[str, str]]] = [[]]
    free = width - LETTER * TEXT * (len(panel.name) + 2)
    for colour, label in _entries(panel):
        needs = LETTER * SMALL * len(label) + 30
        if needs > free and (rows[-1] or len(rows) == 1):
            rows.append([])
            free = width
        rows[-1].append((colour, label))
        free -= needs
    return rows


def _cars(panel: Panel) -> bool:
    return any(isinstance(mark, Car) for mark in panel.marks)


def _panel(frame: Frame, legend: list[list[tuple[str, str]]], y: float) -> list[str]:
    panel = frame.panel
    parts = [text(frame.left, y + 14, panel.name, weight=600)] if panel.name else []
    for number, row in enumerate(legend):
        parts += _legend_row(
            row, frame.left + frame.width, y + 14 + ROW * number, BAND if panel.bare else STROKE
        )
    if not panel.bare:
        parts += _lanes(frame) if panel.lanes else _numbers(frame)
    free = frame.left
    for mark in panel.marks:
        if isinstance(mark, Car):
            car, free = _car(frame, mark, free)
            parts.append(car)
        else:
            parts.append(_drawn(frame, mark))
    return parts


def _legend_row(row: list[tuple[str, str]], right: float, y: float, thick: float) -> list[str]:
    parts = []
    look = f'stroke-width="{thick:g}"'
    for colour, label in reversed(row):
        left = right - LETTER * SMALL * len(label)
        parts.append(text(left, y, label, size=SMALL, colour="muted"))
        parts.append(f'<path d="M{left - 20:.1f} {y - 4:.1f}h14" stroke="var(--{colour})" {look}/>')
        right = left - 34
    return parts


def _numbers(frame: Frame) -> list[str]:
    """The values at the left, and a line across for each."""
    parts = []
    for value in round_ticks(frame.panel.low, frame.panel.high, max(2, int(frame.panel.height / 26))):
        y = frame.y(value)
        parts.append(f'<path d="M{frame.left:.1f} {y:.1f}h{frame.width:.1f}" stroke="var(--grid)"/>')
        parts.append(text(frame.left - 6, y + 4, f"{value:g}", size=SMALL, colour="muted", anchor="end"))
    return parts


def _lanes(frame: Frame) -> list[str]:
    """The name of each lane, at its upper left."""
    lanes = enumerate(frame.panel.lanes, 1)
    return [text(frame.left, frame.y(n) + 11, name, size=SMALL, colour="muted") for n, name in lanes]


def _car(frame: Frame, car: Car, free: float) -> tuple[str, float]:
    """A car's stay above the panel, its name as far as it finds room; and from where the next may stand."""
    left = frame.x(car.left)
    right = frame.x(car.right)
    y = frame.top - 5
    line = f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="var(--ink)" stroke-width="1.3"/>'
    needs = LETTER * SMALL * len(car.name)
    begin = max(min(left, frame.left + frame.width - needs), free)
    beyond = begin + needs > frame.left + frame.width + RIGHT
    if beyond or (begin + 0.3 * needs > right and begin > left + 1):
        return line, free
    return line + text(begin, y - 5, car.name, size=SMALL), begin + needs + 12


def _drawn(frame: Frame, mark: Line | Area | Box | Dots | Flag) -> str:
    match mark:
        case Line():
            dash = ' stroke-dasharray="1.5 2.5"' if mark.dotted else ""
            look = f'fill="none" stroke="var(--{mark.colour})" stroke-width="{mark.width:g}"{dash}'
            return f'<path d="{_path(frame, mark.x, mark.y)}" {look}/>'
        case Area():
            shape = "".join(_shape(frame, stroke) for stroke in frame.points(mark.x, mark.y))
            return f'<path d="{shape}" fill="var(--{mark.colour})" fill-opacity="{mark.alpha:g}"/>'
        case Box():
            return _box(frame, mark)
        case Dots():
            return _dots(frame, mark)
        case Flag():
            return _flag(frame, mark)


def _path(frame: Frame, x: Array, y: Array) -> str:
    return "".join(f"M{_places(stroke)}" for stroke in frame.points(x, y))


def _places(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _shape(frame: Frame, stroke: list[Point]) -> str:
    zero = frame.y(max(0.0, frame.panel.low))
    return f"M{stroke[0][0]:.1f} {zero:.1f}L{_places(stroke)}L{stroke[-1][0]:.1f} {zero:.1f}Z"


def _box(frame: Frame, box: Box) -> str:
    left, right = (min(max(value, frame.low), frame.high) for value in (box.left, box.right))
    x, y = frame.x(left), frame.y(box.high)
    width = max(frame.x(right) - x, 0.5)
    height = frame.y(box.low) - y
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    drawn = f'<rect {place} fill="var(--{box.colour})" fill-opacity="{box.alpha:.2f}"/>'
    if not box.text or width < LETTER * SMALL * (len(box.text) + 1):
        return drawn
    return drawn + text(x + width / 2, y + height / 2 + 4, box.text, size=SMALL, anchor="middle")


def _dots(frame: Frame, dots: Dots) -> str:
    colour = f"var(--{dots.colour})"
    look = f'fill="var(--card)" stroke="{colour}"' if dots.hollow else f'fill="{colour}" fill-opacity="0.75"'
    places = zip(dots.x.tolist(), dots.y.tolist(), strict=True)
    circles = (
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="{dots.radius:g}"/>' for x, y in places
    )
    return f"<g {look}>{''.join(circles)}</g>"


def _flag(frame: Frame, flag: Flag) -> str:
    x = frame.x(flag.x)
    y = frame.top + frame.panel.height / 2
    shape = f'<path d="M{x - 6:.1f} {y - 6:.1f}h12l-6 11z" fill="var(--error)"/>'
    return f'<g class="{in_html(flag.id)}"><title>{in_html(flag.told)}</title>{shape}</g>'


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = TEXT,
    colour: str = "ink",
    anchor: str = "start",
    weight: int = 400,
) -> str:
    look = f'font-size="{size:g}" fill="var(--{colour})"'
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    look += f' font-weight="{weight}"' if weight != 400 else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{in_html(words)}</text>'
