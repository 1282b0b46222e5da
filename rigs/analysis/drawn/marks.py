"""What a figure shows, as data: panels above each other on one axis, and in each the marks, bottom first.

Colours are names of the theme; x is in the axis's unit (seconds of the run), y in the panel's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from evc5.rigs.recording.reading.columns import Array

Ticks = Callable[[int], list[tuple[float, str]]]  # at most so many: where, and the label


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; a NaN is a gap."""

    x: Array
    y: Array
    colour: str
    width: float = 1.4
    label: str = ""
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """What lies between a line and zero."""

    x: Array
    y: Array
    colour: str
    alpha: float = 0.28
    label: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, with a text in it where there is room."""

    left: float
    right: float
    low: float
    high: float
    colour: str
    alpha: float = 1.0
    text: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Dots:
    """Points; hollow ones lie on a line."""

    x: Array
    y: Array
    colour: str
    label: str = ""
    hollow: bool = False
    radius: float = 2.2


@dataclass(frozen=True, slots=True)
class Flag:
    """A finding at its instant; a page's links know it by its id."""

    x: float
    id: str
    told: str


@dataclass(frozen=True, slots=True)
class Car:
    """A car above the panel, from plug-in to unplug."""

    left: float
    right: float
    name: str


Mark = Line | Area | Box | Dots | Flag | Car


@dataclass(frozen=True, slots=True)
class Panel:
    """One system of axes; `lanes` are names in place of numbers, a `bare` panel has no axes at all."""

    name: str
    height: float
    low: float
    high: float
    marks: tuple[Mark, ...]
    lanes: tuple[str, ...] = ()
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure: what it is called, a line of detail, and its panels on one axis from `low` to `high`."""

    title: str
    under: str
    low: float
    high: float
    ticks: Ticks
    panels: tuple[Panel, ...]
    flags: tuple[Flag, ...] = field(default=())
