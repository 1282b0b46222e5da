"""What the judge writes down: for each requirement how often it was put to the test, and each failure."""

import re
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.doubts import Doubt, Holes
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.checks.state.requirement import (
    FAIL,
    INCONCLUSIVE,
    KNOWN_DEVIATION,
    NETWORK,
    NOT_EXERCISED,
    NOT_JUDGED,
    PASS,
    STATION,
    Finding,
    Need,
    Requirement,
)

Array = np.ndarray[Any, np.dtype[Any]]
Instants = float | Array
Watch = Callable[[str, int, Instants, bool], None]  # requirement, connector, when, was it good?
Misread = Callable[[int | None, float, float], bool]  # did the bench spoil the meter, from when to when?
Told = tuple[object, object, str]  # expected, actual, message
KEEP = 100  # causes kept per requirement; the rest are counted (a summary is read by people)
NUMBERS = re.compile(r"\d+(?:[.:]\d+)*")  # what differs from time to time where one cause shows again
BETTER_METER = "a better meter: every comparison lies within the instrument's uncertainty"
BY_METER = frozenset((  # requirements that a station breaks whose meter tells what is not so
    *("metering.true-values", "metering.true-energy", "metering.energy-power", "metering.energy-limit"),
    *("metering.energy-interval", "metering.register-monotonic", "metering.continuity"),
    *("metering.start-stop", "metering.power", "metering.phases", "metering.powered", "status.no-flow"),
    *("charging.flow", "charging.flow-together", "charging.flow-phases", "electrical.reported-offer"),
))  # fmt: skip
MISLED = "the bench had made the meter tell what is not so"
FIND = -1  # the line of the frame of that instant; None: of nothing that was sent
SAME_FRAME_S = 0.0015  # times are written to the millisecond


class Lines:
    """Where in the file the frames of an instant stand; the latest of many are known."""

    MOST = 1 << 20

    def __init__(self) -> None:
        self.epoch_s = array("d")  # in order of time
        self.line = array("q")
        self._now: tuple[float, int] | None = None

    def tell(self, epoch_s: float, line: int) -> None:
        """The frame that is judged now."""
        self._now = epoch_s, line
        self.note(epoch_s, line)

    def note(self, epoch_s: float, line: int) -> None:
        """A frame stands there."""
        self.epoch_s.append(epoch_s)
        self.line.append(line)
        self.forget()

    def note_all(self, epochs_s: list[float], first: int, step: int) -> None:
        """Frames stand on each `step`th line from the first."""
        self.epoch_s.extend(epochs_s)
        self.line.extend(range(first, first + step * len(epochs_s), step))
        self.forget()

    def forget(self) -> None:
        """Of very many the oldest."""
        if len(self.epoch_s) > 2 * self.MOST:
            del self.epoch_s[: self.MOST], self.line[: self.MOST]

    def at(self, epoch_s: float) -> int | None:
        """The line of a frame of this instant: the one that is judged now, else the first."""
        if self._now is not None and abs(self._now[0] - epoch_s) < SAME_FRAME_S:
            return self._now[1]
        k = bisect_left(self.epoch_s, epoch_s - SAME_FRAME_S)
        return self.line[k] if k < len(self.epoch_s) and self.epoch_s[k] - epoch_s < SAME_FRAME_S else None


class Ledger:
    """Counts of what was judged and the findings, in the order of the table of requirements."""

    def __init__(self, table: tuple[Requirement, ...]) -> None:
        self.table = {row.id: row for row in table}
        self.time = StationTime(0.0)  # findings carry seconds of the run
        self.lines = Lines()
        self.line_name: Callable[[int], str] = "line {}".format  # as a message speaks of one
        self.watch: Watch | None = None  # is told of all that was judged at a connector
        self.knows: Callable[[Need], bool] = lambda _: True  # does the recording tell this?
        self.inconclusive: set[str] = set()  # requirements whose check broke down
        self.seen: set[str] = set()  # actions and events of the recording
        self.unjudged: Mapping[str, Mapping[int, str]] = {}  # by connector: what telemetry lacks to judge by
        self.left_out: Mapping[str, str] = {}  # requirements that this kind of recording cannot tell of
        self.misread: Misread = lambda *_: False
        self.holes = Holes()
        self._judged: Counter[str] = Counter()
        self._undecided: Counter[str] = Counter()
        self._not_compared: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._failures: Counter[tuple[str, str]] = Counter()
        self._findings: dict[tuple[object, ...], Finding] = {}
        self._times: Counter[tuple[object, ...]] = Counter()
        self._kept: Counter[tuple[str, str]] = Counter()

    # -- what checks write -----------------------------------------------------------------------

    def held(
        self, requirement: str, count: int = 1, connector: int | None = None, epoch_s: Instants | None = None
    ) -> None:
        """`count` more cases were judged and found good; where, and at which instants, if it is told."""
        is_doubtful = requirement in self.unjudged or requirement in self.left_out
        if is_doubtful and self._leaves_out(requirement, connector, count):
            return
        self._judged[requirement] += count
        if self.watch is not None and count > 0 and connector and epoch_s is not None:
            self.watch(requirement, connector, epoch_s, True)

    def judge(
        self,
        requirement: str,
        good: bool,
        epoch_s: float,
        connector: int | None,
        expected: object,
        actual: object,
        message: str,
        **more: Any,
    ) -> None:
        """One more case: held or broken."""
        if good:
            self.held(requirement, 1, connector, epoch_s)
        else:
            self.broken(requirement, epoch_s, connector, expected, actual, message, **more)

    def judge_rows(
        self,
        requirement: str,
        connector: int | None,
        epoch_s: Array,
        cases: Array,
        wrong: Array,
        tell: Callable[[int], Told],
        unsure: Array | None = None,
        **more: Any,
    ) -> None:
        """A case for each row of `cases`: broken where `wrong`, of which `tell` says what, else held.

        `unsure`: rows that are decided only where they are wrong for sure.
        """
        sure = cases if unsure is None else cases & ~unsure
        good = epoch_s[sure & ~wrong]
        self.undecided(requirement, int(np.count_nonzero(cases & ~sure & ~wrong)))
        self.held(requirement, len(good), connector, good)
        for k in np.flatnonzero(cases & wrong).tolist():
            self.broken(requirement, float(epoch_s[k]), connector, *tell(k), **more)

    def broken(
        self,
        requirement: str,
        epoch_s: float,
        connector: int | None,
        expected: object,
        actual: object,
        message: str,
        *,
        severity: str = "error",
        blames: str | list[str] = STATION,
        line: int | None = FIND,
        cause: str | None = None,
        count: int = 1,
        since: float | None = None,
        until: float | None = None,
        untold: tuple[float, float] | None = None,
        lost: Hashable = None,
    ) -> None:
        """One more case was found wanting; severity error, warning or deviation.

        Findings of one requirement, connector and `cause` (else: of messages that differ in numbers alone)
        are one, told at its first time with how often it came. `count` is 0 of a case counted already;
        `until` is the end of what has a begin and an end, `since` when what it is held against was told.
        `untold`: from when to when something was to be told that would have made it good; where that may be
        lost in a hole of the log, it is an error only if it comes often. `lost` names what several findings
        lack, where that is one thing.
        """
        if untold is not None and severity == "error":
            hidden = self.holes.may_hide(*untold)
            if hidden is not None:
                line = self.lines.at(epoch_s) if line == FIND else line
                case = (requirement, epoch_s, connector, expected, actual, message)
                more: dict[str, Any] = {"line": line, "cause": cause, "count": count, "until": until}
                self._doubts((hidden, untold[0] if lost is None else lost), case, more, blames)
                return
        if self._leaves_out(requirement, connector, count):
            return
        if self._misled(requirement, connector, (since or epoch_s, until or epoch_s), count):
            return
        self._judged[requirement] += count
        self._failures[requirement, severity] += 1
        if self.watch is not None and connector:
            self.watch(requirement, connector, epoch_s, severity != "error")
        key = (requirement, severity, connector, NUMBERS.sub("#", message) if cause is None else cause)
        self._times[key] += 1
        if key in self._findings or self._kept[requirement, severity] >= KEEP:
            return
        self._kept[requirement, severity] += 1
        t_s = self.time.t_s(epoch_s)
        self._findings[key] = Finding(
            check=requirement.partition(".")[0],
            requirement=self.table[requirement].id,
            severity="warning" if severity == "deviation" else severity,
            t=round(t_s, 3),
            at=iso(self.time.start + t_s),
            line=self.lines.at(epoch_s) if line == FIND else line,
            connector=connector,
            times=1,
            expected=str(expected),
            actual=str(actual),
            message=message,
            blames=blames,
        )

    def _doubts(
        self,
        lost: tuple[float, Hashable],
        case: tuple[Any, ...],
        more: dict[str, Any],
        blames: str | list[str],
    ) -> None:
        requirement, epoch_s, connector, expected, _, message = case
        since, what = lost
        asked = f"{expected}; a log of the other end would tell"
        silent = f"nobody was heard since {iso(since)}"
        told = (requirement, epoch_s, connector, asked, silent, f"{message}, or the log has a hole")
        warn = partial(self.broken, *told, **more, severity="warning", blames=[STATION, NETWORK])
        sure = partial(self.broken, *case, **more, blames=blames)
        self.holes.misses(requirement, Doubt(since, 0.0, sure, warn, what))

    def undecided(self, requirement: str, count: int = 1) -> None:
        """So many comparisons lie within the instrument's uncertainty of their limit."""
        self._undecided[requirement] += count

    def not_compared(self, requirement: str, reason: str, count: int = 1) -> None:
        """So many cases came up and could not be compared; `reason` in words, and how to get what lacks."""
        if count:
            self._not_compared[requirement][reason] += count

    def _leaves_out(self, requirement: str, connector: int | None, count: int) -> bool:
        """Does the telemetry at hand lack what this is judged by? What spans connectors needs it of all."""
        if (reason := self.left_out.get(requirement)) is not None:
            self.not_compared(requirement, reason, count)
            return True
        lacking = self.unjudged.get(requirement)
        if not lacking or (connector is not None and connector not in lacking):
            return False
        self.not_compared(requirement, lacking.get(connector or 0) or next(iter(lacking.values())), count)
        return True

    def _misled(self, requirement: str, connector: int | None, span: tuple[float, float], count: int) -> bool:
        """Had the bench made the meter tell what is not so?"""
        if requirement not in BY_METER or not self.misread(connector, *span):
            return False
        self.not_compared(requirement, MISLED, count)
        return True

    # -- what the verdict reads ------------------------------------------------------------------

    @property
    def findings(self) -> list[Finding]:
        """One a cause, each with how often it came."""
        return [finding._replace(times=self._times[key]) for key, finding in self._findings.items()]

    def failures(self, requirement: str, severity: str = "error") -> int:
        return self._failures[requirement, severity]

    @property
    def errors(self) -> int:
        return sum(count for (_, severity), count in self._failures.items() if severity == "error")

    @property
    def any_judged(self) -> bool:
        return any(self._judged.values())

    def verdict(self, requirement: str) -> str:
        if self._failures[requirement, "error"]:
            return FAIL
        if requirement in self.inconclusive:
            return INCONCLUSIVE
        if self._failures[requirement, "deviation"]:
            return KNOWN_DEVIATION
        if self._judged[requirement]:
            return PASS
        return NOT_JUDGED if self.lacks(requirement) else NOT_EXERCISED

    def lacks(self, requirement: str) -> list[str]:
        """Why a requirement that came up was not judged; empty where it was, or never came up."""
        if self._judged[requirement]:
            return []
        row = self.table[requirement]
        reasons = list(self._not_compared[requirement])
        if self._undecided[requirement]:
            reasons.append(BETTER_METER)
        if not row.arises or self.seen & set(row.arises):
            reasons += [need.lacks for need in row.needs if not self.knows(need)]
            reasons += self.unjudged.get(requirement, {}).values()
        return list(dict.fromkeys(reasons))

    def requirements(self) -> list[dict[str, Any]]:
        """The table as summary.json carries it."""
        return [
            {
                "id": row.id,
                "title": row.title,
                "source": row.source,
                "verdict": self.verdict(row.id),
                "count": self._judged[row.id],
                "undecided": self._undecided[row.id],
                "not_compared": dict(self._not_compared[row.id]),
                "lacks": self.lacks(row.id),
                "failures": self._failures[row.id, "error"],
                "warnings": self._failures[row.id, "warning"] + self._failures[row.id, "deviation"],
            }
            for row in self.table.values()
        ]
