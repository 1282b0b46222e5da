"""What the judge writes down: for each requirement how often it was put to the test, and each failure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

PASS, FAIL, NOT_EXERCISED, KNOWN_DEVIATION = "PASS", "FAIL", "NOT EXERCISED", "KNOWN DEVIATION"
Instants = float | np.ndarray[Any, np.dtype[Any]]
Watch = Callable[[str, int, Instants, bool], None]  # requirement, connector, when, was it good?
KEEP = 100  # findings kept per requirement; the rest are counted (a summary is read by people)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One promise, with the clause that makes it."""

    id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement that did not hold: where, what was expected, what was there instead."""

    check: str
    requirement: str
    severity: str
    t: float
    connector: int | None
    expected: str
    actual: str
    message: str


class Ledger:
    """Counts of what was judged and the findings, in the order of the table of requirements."""

    def __init__(self, table: tuple[Requirement, ...]) -> None:
        self.table = {row.id: row for row in table}
        self.judged: Counter[str] = Counter()
        self.failures: Counter[tuple[str, str]] = Counter()
        self.findings: list[Finding] = []
        self.start = 0.0  # epoch seconds of t = 0; findings carry seconds of the run
        self.watch: Watch | None = None  # is told of all that was judged at a connector

    def held(
        self, requirement: str, count: int = 1, connector: int | None = None, t: Instants | None = None
    ) -> None:
        """`count` more cases were judged and found good; where, and at which instants, if it is told."""
        self.judged[requirement] += count
        if self.watch is not None and count > 0 and connector and t is not None:
            self.watch(requirement, connector, t, True)

    def judge(
        self,
        requirement: str,
        good: bool,
        t: float,
        connector: int | None,
        expected: object,
        actual: object,
        message: str,
        *,
        severity: str = "error",
    ) -> None:
        """One more case: held or broken."""
        if good:
            self.held(requirement, 1, connector, t)
        else:
            self.broken(requirement, t, connector, expected, actual, message, severity=severity)

    def broken(
        self,
        requirement: str,
        t: float,
        connector: int | None,
        expected: object,
        actual: object,
        message: str,
        *,
        severity: str = "error",
    ) -> None:
        """One more case was found wanting; t in epoch seconds; severity error, warning or deviation."""
        row = self.table[requirement]
        self.judged[requirement] += 1
        self.failures[requirement, severity] += 1
        if self.watch is not None and connector:
            self.watch(requirement, connector, t, severity != "error")
        if self.failures[requirement, severity] <= KEEP:
            shown = "warning" if severity == "deviation" else severity
            check = requirement.partition(".")[0]
            at = round(t - self.start, 3)
            finding = Finding(check, row.id, shown, at, connector, str(expected), str(actual), message)
            self.findings.append(finding)

    def verdict(self, requirement: str) -> str:
        if self.failures[requirement, "error"]:
            return FAIL
        if self.failures[requirement, "deviation"]:
            return KNOWN_DEVIATION
        return PASS if self.judged[requirement] else NOT_EXERCISED

    def requirements(self) -> list[dict[str, Any]]:
        """The table as summary.json carries it."""
        return [
            {
                **asdict(row),
                "verdict": self.verdict(row.id),
                "count": self.judged[row.id],
                "failures": self.failures[row.id, "error"],
                "warnings": self.failures[row.id, "warning"] + self.failures[row.id, "deviation"],
            }
            for row in self.table.values()
        ]
