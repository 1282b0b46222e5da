"""What charge point and back office said to each other about one transaction, from the plug to the unplug."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.canvas import Canvas, name_panel
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.visits import visits
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import printable
from evc5.rigs.recording.reading.frames import Frame

AROUND_S = 60.0  # before the start and after the stop, where no plug-in and no unplug are known
ROW_IN = 0.21
MOST_ROWS = 80
CHARGE_POINT, BACK_OFFICE = 0.0, 1.0  # where their lifelines stand
_WORDS = (
    "status",
    "reason",
    "type",
    "key",
    "value",
    "requestedMessage",
)  # of a CALL, what a figure says of it
_TOLD = ("status", "transactionId", "currentTime")  # of a reply, what a figure says of it


@dataclass(frozen=True, slots=True)
class Talk:
    """One subject and those who speak of it: a transaction's id, connector, card and time."""

    id: int
    connector: int
    id_tag: str
    since_s: float
    until_s: float

    def concerns(self, payload: dict[str, Any]) -> bool:
        """Is it about this transaction, its connector, the whole station's limits, or its card?"""
        if "transactionId" in payload:
            return bool(payload["transactionId"] == self.id)
        if "connectorId" in payload:
            return payload["connectorId"] in (self.connector, 0)
        return payload.get("idTag") == self.id_tag


@dataclass(frozen=True, slots=True)
class Arrow:
    """A CALL, or several that say the same in a row, and the answer to the last."""

    t_s: float
    up: bool
    said: str
    lost: bool
    count: int = 1
    answer: str | None = None  # None: there was none
    last_s: float = 0.0


def plot_sequence(run: Recorded, transaction: int | None, canvas: Canvas) -> Figure:
    talk = find(run, transaction)
    arrows = list(collapsed(exchanges(run, talk)))
    shown = arrows[:MOST_ROWS]
    title = f"Transaction {talk.id} · connector {talk.connector} · card {talk.id_tag}"
    calls = sum(arrow.count for arrow in arrows)
    more = f" · the first {MOST_ROWS} of {len(arrows)} rows" if len(arrows) > MOST_ROWS else ""
    under = f"{calls:,} messages with their answers · × n: so many in a row{more}"
    with canvas.panels([ROW_IN * (2 * len(shown) + 1)], title, under) as (figure, (axes,)):
        for row, arrow in enumerate(shown):
            _draw(axes, run, 2 * row + 1, arrow)
        _dress(axes, 2 * len(shown) + 1)
    return figure


def find(run: Recorded, transaction: int | None) -> Talk:
    """The transaction of an id; without one, the first. BadInput names those there are."""
    started: dict[int, Frame] = {}
    calls: dict[str | None, Frame] = {}
    for frame in run.frames("StartTransaction", replies=True):
        if frame.kind == "CALL":
            calls[frame.id] = frame
        elif frame.kind == "CALLRESULT" and frame.id in calls:
            started.setdefault(frame.payload.get("transactionId", -1), calls[frame.id])
    if not started:
        raise BadInput(f"{run.directory} has no transaction")
    id_ = next(iter(started)) if transaction is None else transaction
    if not isinstance(id_, Hashable) or id_ not in started:
        raise BadInput(f"transaction must be one of {_some(list(started))}, got {transaction!r}")
    return _talk(run, id_, started[id_])


def _some(ids: list[int]) -> str:
    first = ", ".join(map(str, ids[:10]))
    return first if len(ids) <= 10 else f"{first}, … {ids[-1]} ({len(ids)} in all)"


def _talk(run: Recorded, id_: int, call: Frame) -> Talk:
    connector = call.payload.get("connectorId", 0)
    stops = (f.t for f in run.frames("StopTransaction") if f.payload.get("transactionId") == id_)
    until_s = next(stops, run.end_s)
    near = visits(run.directory, run.end_s, since_s=call.t, until_s=call.t + 1.0)
    mine = [visit for visit in near if visit.connector == connector]
    begins_s = [visit.plug_in_s for visit in mine if visit.plug_in_s <= call.t]
    ends_s = [visit.unplug_s for visit in mine if visit.unplug_s is not None]
    return Talk(
        id_,
        connector,
        str(call.payload.get("idTag")),
        min([call.t - AROUND_S, *begins_s]),
        max([until_s, *ends_s]) + AROUND_S,
    )


def exchanges(run: Recorded, talk: Talk) -> list[Arrow]:
    """The CALLs that concern it, in the order they passed, each with what its answer said."""
    found: dict[str | None, Arrow] = {}
    for frame in run.frames(since=talk.since_s, until=talk.until_s):
        if frame.kind == "CALL" and talk.concerns(frame.payload):
            found[frame.id] = Arrow(frame.t, frame.dir == "up", _said(frame), frame.lost, last_s=frame.t)
        elif frame.kind != "CALL" and frame.id in found and not frame.lost:
            found[frame.id] = replace(found[frame.id], answer=_answer(frame), last_s=frame.t)
    return list(found.values())


def _said(frame: Frame) -> str:
    """The action, and the word that matters of its payload."""
    words = [frame.payload[name] for name in _WORDS if name in frame.payload]
    return printable(" ".join(map(str, [frame.action, *words])))


def _answer(frame: Frame) -> str:
    if frame.kind == "CALLERROR":
        return printable(str((frame.frame or [None] * 3)[2]))
    told = [frame.payload.get("idTagInfo", {}).get("status")] if "idTagInfo" in frame.payload else []
    told += [frame.payload[name] for name in _TOLD if name in frame.payload]
    return printable(" · ".join(map(str, told)))


def collapsed(arrows: list[Arrow]) -> Iterator[Arrow]:
    """Those that say the same and are answered the same and that follow each other, as one."""
    last: Arrow | None = None
    for arrow in arrows:
        alike = ("up", "said", "lost", "answer")
        if last and all(getattr(last, name) == getattr(arrow, name) for name in alike):
            last = replace(last, count=last.count + 1, last_s=arrow.last_s)
            continue
        if last:
            yield last
        last = arrow
    if last:
        yield last


def _draw(axes: Axes, run: Recorded, y: float, arrow: Arrow) -> None:
    begin, end = (CHARGE_POINT, BACK_OFFICE) if arrow.up else (BACK_OFFICE, CHARGE_POINT)
    reach = end if not arrow.lost else (begin + end) / 2
    colour = LIGHT["error"] if arrow.lost or arrow.answer is None else LIGHT["line"]
    look: dict[str, Any] = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (reach, y), (begin, y), arrowprops=look)
    words = f"{arrow.said} × {arrow.count}" if arrow.count > 1 else arrow.said
    words += " (lost)" if arrow.lost else ""
    axes.text(0.5, y - 0.08, printable(words), ha="center", va="bottom", fontsize=7.5)
    axes.text(-0.02, y, _time(run, arrow.t_s), ha="right", va="center", fontsize=7, color=LIGHT["muted"])
    if arrow.answer is not None:
        axes.annotate(
            "", (begin, y + 1), (end, y + 1), arrowprops=look | {"linestyle": (0, (3, 2)), "lw": 0.8}
        )
        axes.text(
            0.5, y + 0.92, printable(arrow.answer), ha="center", va="bottom", fontsize=7, color=LIGHT["muted"]
        )
    elif not arrow.lost:
        axes.text(0.5, y + 0.92, "no answer", ha="center", va="bottom", fontsize=7, color=LIGHT["error"])


def _time(run: Recorded, t_s: float) -> str:
    return f"{(run.start + timedelta(seconds=t_s)).astimezone(run.tz):%H:%M:%S}"


def _dress(axes: Axes, rows: float) -> None:
    for place, name in ((CHARGE_POINT, "charge point"), (BACK_OFFICE, "back office")):
        axes.plot([place, place], [0, rows], color=LIGHT["rule"], linewidth=1.4, zorder=0)
        axes.text(place, -0.25, name, ha="center", va="bottom", fontsize=8, fontweight="bold")
    name_panel(axes, "")
    axes.set_axis_off()
    axes.set_xlim(-0.28, 1.16)
    axes.set_ylim(rows, -1)
