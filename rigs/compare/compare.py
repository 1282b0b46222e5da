"""What is different between two recordings of one rig: the daily job of a tester with a new firmware.

Verdict by verdict, transaction by transaction, message by message: which is missing or new, which fields,
times and meter values differ. Both recordings are streamed.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.checks import judge
from evc5.rigs.compare.align import Aligner, Pair
from evc5.rigs.compare.exchanges import Exchange, Source
from evc5.rigs.compare.fields import differences, gaps, texts

TIME_TOLERANCE_S = 1.0
MOST_POINTS = 4000  # kept for the figure, of each kind

_NUMBERS = re.compile(r"\b\d[\d:.TZ-]*")

Row = dict[str, Any]


@dataclass(slots=True)
class Points:
    """Differences over time for the figure, thinned as they grow many."""

    t_s: "array[float]" = field(default_factory=lambda: array("d"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    every: int = 1
    seen: int = 0

    def add(self, t_s: float, value: float = 0.0) -> None:
        self.seen += 1
        if self.seen % self.every:
            return
        self.t_s.append(t_s)
        self.value.append(value)
        if len(self.t_s) > MOST_POINTS:
            self.t_s = self.t_s[::2]
            self.value = self.value[::2]
            self.every = 2 * self.every


@dataclass(slots=True)
class Tally:
    """One difference, however often: how often, where first, and the worst of it."""

    count: int = 0
    t_s: float = 0.0  # of the first or, with numbers, of the worst
    connector: int | None = None
    a: str = ""
    b: str = ""
    worst: float = 0.0
    total: float = 0.0

    def first(self, pair: Pair, a: str = "", b: str = "") -> None:
        self.count += 1
        if self.count == 1:
            self.t_s = pair.one.happened_s
            self.connector = pair.one.connector
            self.a = a
            self.b = b

    def number(self, pair: Pair, later: float, detail: str = "") -> None:
        self.count += 1
        self.total += later
        if abs(later) > abs(self.worst):
            self.t_s = pair.one.happened_s
            self.connector = pair.one.connector
            self.worst = later
            self.a = detail


@dataclass(slots=True, repr=False)
class Comparison:
    """Everything two recordings differ in; empty tables where they are alike."""

    heads: tuple[Row, Row]
    start_epoch_s: float = 0.0  # of the first one's t = 0
    end_s: float = 0.0
    paired: int = 0
    verdicts: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    transactions: list[Row] = field(default_factory=list)
    missing: dict[str, Tally] = field(default_factory=dict)
    extra: dict[str, Tally] = field(default_factory=dict)
    fields: dict[tuple[str, str], Tally] = field(default_factory=dict)
    timing: dict[str, Tally] = field(default_factory=dict)  # beyond the tolerance
    meter: dict[tuple[str, str], Tally] = field(default_factory=dict)
    points: dict[tuple[str, str, int | None], Points] = field(
        default_factory=dict
    )  # by (table, kind, connector of a meter value)

    def __repr__(self) -> str:
        found = {name: value for name, value in self.table().items() if isinstance(value, list) and value}
        counts = ", ".join(f"{len(rows)} {name}" for name, rows in found.items() if name != "transactions")
        said = "alike" if self.alike else f"different in {counts or 'transactions'}"
        return f"<Comparison: {said}>"

    @property
    def alike(self) -> bool:
        tables = (
            self.verdicts,
            self.findings,
            self.missing,
            self.extra,
            self.fields,
            self.timing,
            self.meter,
        )
        return not any(tables) and all(row["alike"] for row in self.transactions)

    def table(self) -> Row:
        """For JSON."""
        return {
            "alike": self.alike,
            "a": self.heads[0],
            "b": self.heads[1],
            "exchanges_paired": self.paired,
            "verdicts": self.verdicts,
            "findings": self.findings,
            "transactions": self.transactions,
            "missing": [{"message": kind, **_told(row)} for kind, row in self.missing.items()],
            "extra": [{"message": kind, **_told(row)} for kind, row in self.extra.items()],
            "fields": [
                {"message": kind, "field": path, **_told(row), "a": row.a, "b": row.b}
                for (kind, path), row in self.fields.items()
            ],
            "timing": [{"message": kind, **_told(row), **_offset(row)} for kind, row in self.timing.items()],
            "meter": [
                {"measurand": name, "unit": unit, **_told(row), **_offset(row), "phase": row.a}
                for (name, unit), row in self.meter.items()
            ],
        }


def compare(
    run_a: Recorded | str | Path,
    run_b: Recorded | str | Path,
    time_tolerance_s: float = TIME_TOLERANCE_S,
    meter_tolerance_pct: float = 0.0,
    progress: Callable[[float, float], None] | None = None,
) -> Comparison:
    """What differs between two recordings of one rig: runs, run directories or transcripts.

    Times are alike within `time_tolerance_s` seconds, meter values within `meter_tolerance_pct` percent. The
    comparison has `alike`, and `table()` with all that differs as lists of dicts. BadInput for what is no
    recording.
    """
    a, b = _place(run_a), _place(run_b)
    sources = Source.open(a), Source.open(b)
    for source in sources:
        source.bare = not (a.is_dir() and b.is_dir())
    comparison = Comparison((_head(sources[0]), _head(sources[1])))
    _Comparing(comparison, time_tolerance_s, meter_tolerance_pct).run(Aligner(*sources), progress)
    comparison.start_epoch_s = sources[0].start_epoch_s or 0.0
    _verdicts(comparison, *_judged(*sources))
    return comparison


def _place(run: Recorded | str | Path) -> Path:
    return run.directory if isinstance(run, Recorded) else user_files.path_of(run, "a recording")


class _Comparing:
    """Enters each pair into the tables."""

    def __init__(self, into: Comparison, time_s: float, meter_pct: float) -> None:
        self._into = into
        self._time_s = time_s
        self._meter_pct = meter_pct
        self._simulated_s = max(float(head["simulated_s"] or 0.0) for head in into.heads)
        self._rows: dict[Pair, Row] = {}

    def run(self, aligner: Aligner, progress: Callable[[float, float], None] | None) -> None:
        for pair in aligner.pairs():
            self._into.end_s = max(self._into.end_s, pair.one.t_s)
            if progress is not None and self._into.paired % 1000 == 0:
                progress(self._into.end_s, self._simulated_s)
            self._enter(pair)
        for row in self._into.transactions:
            row.pop("meter", None)
            row["alike"] = self._is_alike(row)
        self._into.transactions.sort(key=lambda row: row["start_s"])

    def _enter(self, pair: Pair) -> None:
        if pair.one.action in ("StartTransaction", "StopTransaction"):
            self._transaction(pair)
        if pair.a is None or pair.b is None:
            self._alone(pair)
            return
        self._into.paired += 1
        self._time(pair, pair.a, pair.b)
        if pair.a.payload != pair.b.payload or pair.a.reply != pair.b.reply:
            self._payloads(pair, pair.a, pair.b)

    def _alone(self, pair: Pair) -> None:
        """A message of a transaction that the other recording has not is told by that transaction's row."""
        if pair.start is not None and (pair.start.a is None or pair.start.b is None):
            return
        which = "extra" if pair.a is None else "missing"
        table = self._into.extra if pair.a is None else self._into.missing
        table.setdefault(pair.one.kind, Tally()).first(pair)
        self._point(which, pair.one.kind, pair.one.happened_s)

    def _time(self, pair: Pair, a: Exchange, b: Exchange) -> None:
        happened = b.happened_s - a.happened_s
        told = b.t_s - a.t_s
        later = told if abs(told) > abs(happened) else happened
        if abs(later) > self._time_s:
            self._into.timing.setdefault(a.kind, Tally()).number(pair, later)
            self._point("timing", a.kind, pair.one.happened_s, later)

    def _payloads(self, pair: Pair, a: Exchange, b: Exchange) -> None:
        for path, x, y in differences(a.payload, b.payload):
            self._field(pair, path, x, y)
        for path, x, y in differences(a.reply, b.reply):
            self._field(pair, f"reply: {path}" if path else "reply", x, y)
        for gap in gaps(a.payload, b.payload):
            if gap.a is None or gap.b is None:
                label = f"{gap.measurand} {gap.phase}".rstrip()
                self._field(pair, label, gap.a, gap.b)
                continue
            later = gap.b - gap.a
            if not self._is_near(gap.a, gap.b):
                self._into.meter.setdefault((gap.measurand, gap.unit), Tally()).number(pair, later, gap.phase)
                if not gap.phase and a.action == "MeterValues":  # a stop tells of instants long past
                    self._point("meter", gap.measurand, pair.one.happened_s, later, pair.one.connector)

    def _is_near(self, a: float, b: float) -> bool:
        return abs(b - a) <= self._meter_pct / 100 * max(abs(a), abs(b))

    def _is_alike(self, row: Row) -> bool:
        a, b = row["energy_a_wh"], row["energy_b_wh"]
        energy = a == b if a is None or b is None else self._is_near(a, b)
        return bool(row["in"] == "both" and energy and row["reason_a"] == row["reason_b"])

    def _field(self, pair: Pair, path: str, a: Any, b: Any) -> None:
        self._into.fields.setdefault((pair.one.kind, path), Tally()).first(pair, *texts(a, b))
        self._point("fields", pair.one.kind, pair.one.happened_s)

    def _point(
        self, table: str, kind: str, t_s: float, value: float = 0.0, connector: int | None = None
    ) -> None:
        self._into.points.setdefault((table, kind, connector), Points()).add(t_s, value)

    def _transaction(self, pair: Pair) -> None:
        if pair.one.action == "StartTransaction":
            row = self._rows[pair] = _transaction_row(pair)
            self._into.transactions.append(row)
        elif pair.start is not None and (known := self._rows.pop(pair.start, None)) is not None:
            _stopped(known, pair)


def _transaction_row(pair: Pair) -> Row:
    """A transaction in both: seconds of the run, the second's relative to the first's, energy in Wh."""
    start = pair.one
    row = {
        "connector": start.connector,
        "start_s": round(start.happened_s, 3),
        "start_later_s": round(pair.later_s, 3),
        "stop_later_s": 0.0,
    }
    meters = [_number(side, "meterStart") for side in (pair.a, pair.b)]
    blank = {"energy_a_wh": None, "energy_b_wh": None, "reason_a": None, "reason_b": None}
    return row | {"in": _where(pair), "meter": meters} | blank


def _stopped(row: Row, pair: Pair) -> None:
    row["stop_later_s"] = round(pair.later_s, 3)
    for name, side, start_wh in zip("ab", (pair.a, pair.b), row.pop("meter"), strict=True):
        stop_wh = _number(side, "meterStop")
        row[f"energy_{name}_wh"] = None if stop_wh is None or start_wh is None else stop_wh - start_wh
        reason = None if side is None else side.payload.get("reason", "Local")  # the default: OCPP 1.6, 6.49
        row[f"reason_{name}"] = reason


def _number(exchange: Exchange | None, key: str) -> float | None:
    found = None if exchange is None else exchange.payload.get(key)
    return float(found) if isinstance(found, int | float) else None


def _where(pair: Pair) -> str:
    if pair.a is None:
        return "b"
    return "a" if pair.b is None else "both"


def _told(row: Tally) -> Row:
    return {"count": row.count, "t": round(row.t_s, 3), "connector": row.connector}


def _offset(row: Tally) -> Row:
    return {"worst": round(row.worst, 6), "mean": round(row.total / row.count, 6)}


# -- verdicts ----------------------------------------------------------------------------------------


def _head(source: Source) -> Row:
    """What a recording is of."""
    known = ("rig", "seed", "behaviour", "state", "csms", "simulated_s")
    return {"path": str(source.path), **{key: source.summary.get(key) for key in known}}


def _judged(a: Source, b: Source) -> tuple[Row, Row]:
    """The verdicts as recorded; judged anew where one has none, or another judge gave it."""
    asked = [[row["id"] for row in source.summary.get("requirements", ())] for source in (a, b)]
    if asked[0] and asked[0] == asked[1]:
        return a.summary, b.summary
    if not a.bare:
        return judge(a.path).summary(), judge(b.path).summary()
    known = a.summary or b.summary
    choices = {"behaviour": known.get("behaviour"), "policies": known.get("policies")}
    return judge(a.messages, **choices).summary(), judge(b.messages, **choices).summary()


def _verdicts(into: Comparison, a: Row, b: Row) -> None:
    theirs = {row["id"]: row for row in b["requirements"]}
    ours = {row["id"]: row for row in a["requirements"]}
    for id in [*ours, *(id for id in theirs if id not in ours)]:
        first, second = ours.get(id), theirs.get(id)
        told = [(row["verdict"], row["failures"]) if row else ("–", 0) for row in (first, second)]
        if told[0] != told[1]:
            row = first or second or {}
            names = ("verdict_a", "failures_a", "verdict_b", "failures_b")
            into.verdicts.append(
                {"id": id, "title": row["title"], **dict(zip(names, (*told[0], *told[1]), strict=True))}
            )
    into.findings.extend(_new_findings(a, b))


def _new_findings(a: Row, b: Row) -> Iterator[Row]:
    """Findings by what they say, numbers aside, where one recording has more of them."""
    counts = [
        Counter((row["requirement"], _wording(row["message"])) for row in side["findings"]) for side in (a, b)
    ]
    for key in dict.fromkeys([*counts[0], *counts[1]]):
        first, second = (count[key] for count in counts)
        if first != second:
            yield {"requirement": key[0], "message": key[1], "count_a": first, "count_b": second}


def _wording(message: str) -> str:
    return _NUMBERS.sub("…", message)
