"""What each day of a run costs: energy, house, fees and standing charges, one upon the other."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.canvas import Canvas, name_panel, wide_in
from evc5.rigs.analysis.questions.bill import Bill
from evc5.rigs.analysis.theme import LIGHT

PARTS = {  # column of the bill's days: what it is called, and its colour
    "energy": ("energy of the charge point", "L1"),
    "house": ("energy of the house", "offered"),
    "standing": ("standing charge", "line"),
    "fee": ("session fees", "L3"),
    "idle": ("idle fees", "L2"),
    "cap": ("above a session's cap", "limit"),
}
_A_LABEL_IN = 0.62  # the width that a date takes


def plot_cost(bill: Bill, canvas: Canvas) -> Figure:
    """Amounts before VAT; what falls on months stands in the line below the title."""
    days = bill.days
    by_day = float(sum(days[column].sum() for column in PARTS))
    rest = bill.total - by_day
    months = f" + {rest:,.2f} of months and VAT" if abs(rest) >= 0.005 else ""
    under = f"{bill.total:,.2f} {bill.currency} in all: {by_day:,.2f} of days{months}"
    with canvas.panels([2.6], f"Cost by day · {bill.name}", under) as (figure, (axes,)):
        _draw(axes, bill)
        name_panel(axes, f"{bill.currency} by day, before VAT")
        every = max(1, -(-len(days) // max(1, int(wide_in(axes) / _A_LABEL_IN))))
        shown = list(days["day"])[::every]
        axes.set_xticks(range(0, len(days), every), [f"{day.day} {day:%b}" for day in shown])
        axes.grid(axis="x", visible=False)
    return figure


def _draw(axes: Axes, bill: Bill) -> None:
    """What is owed grows up from zero, what is taken off hangs below it."""
    count = len(bill.days)
    above, below = np.zeros(count), np.zeros(count)
    for column, (label, colour) in PARTS.items():
        amounts = bill.days[column].to_numpy(dtype=float)
        if not amounts.any():
            continue
        bottom = np.where(amounts >= 0, above, below)
        axes.bar(np.arange(count), amounts, 0.82, bottom=bottom, color=LIGHT[colour], label=label)
        above += np.maximum(amounts, 0.0)
        below += np.minimum(amounts, 0.0)
    axes.axhline(0.0, color=LIGHT["rule"], linewidth=0.8)
    axes.set_xlim(-0.6, count - 0.4)
