"""Deviations that somebody has accepted, by vendor, model and firmware: KNOWN DEVIATION, not faults.

```toml
[[deviation]]
requirement = "metering.prompt"   # an id, or a pattern such as metering.*
vendor = "Ecotap"                 # patterns all; without one, any
model = "EVC5*"
firmware = "V32*"
message = "*told late*"           # only findings whose message is like this
reason = "accepted until V33, ticket 4711"
```
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.checks.state.requirement import FAIL, KNOWN_DEVIATION
from evc5.rigs.checks.verdict.verdict import Verdict
from evc5.rigs.errors import BadInput


@dataclass(frozen=True, slots=True)
class Deviation:
    """One accepted deviation; every field but `reason` is a pattern."""

    requirement: str
    vendor: str = "*"
    model: str = "*"
    firmware: str = "*"
    message: str = "*"
    reason: str = ""

    def is_of(self, station: Mapping[str, str]) -> bool:
        told = (("vendor", self.vendor), ("model", self.model), ("firmware", self.firmware))
        return all(fnmatchcase(station.get(name, ""), pattern) for name, pattern in told)

    def covers(self, finding: Mapping[str, Any]) -> bool:
        alike = fnmatchcase(finding["requirement"], self.requirement)
        return alike and fnmatchcase(finding["message"], self.message)


def read_known(path: Path) -> tuple[Deviation, ...]:
    """The deviations of a file; BadInput names what is wrong in it."""
    try:
        table = user_files.toml(path)
    except OSError as error:
        raise BadInput(f"--known {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"--known {path} is not TOML: {error}") from None
    rows = table.get("deviation")
    if not isinstance(rows, list) or set(table) != {"deviation"}:
        raise BadInput(f"--known {path} must hold [[deviation]] tables and nothing else")
    return tuple(_deviation(path, number, row) for number, row in enumerate(rows, 1))


def _deviation(path: Path, number: int, row: Mapping[str, Any]) -> Deviation:
    allowed = [one.name for one in fields(Deviation)]
    where = f"--known {path}: deviation {number}"
    for name, value in row.items():
        if name not in allowed:
            raise BadInput(f"{where}: {name} is unknown; allowed: {', '.join(allowed)}")
        if not isinstance(value, str):
            raise BadInput(f"{where}: {name} must be text, got {value!r}")
    if "requirement" not in row:
        raise BadInput(f"{where} names no requirement")
    return Deviation(**row)


def accept(verdict: Verdict, known: tuple[Deviation, ...]) -> Verdict:
    """The verdict, with what a deviation covers as a warning and its requirement as a known deviation."""
    mine = [one for one in known if one.is_of(verdict.about.get("station", {}))]
    findings = []
    accepted = dict[str, int]()
    for finding in verdict.findings:
        by = next((one for one in mine if one.covers(finding)), None)
        if by is None or finding["severity"] != "error":
            findings.append(finding)
            continue
        accepted[finding["requirement"]] = accepted.get(finding["requirement"], 0) + finding["times"]
        why = f" (known deviation: {by.reason})" if by.reason else " (known deviation)"
        findings.append(finding | {"severity": "warning", "message": finding["message"] + why})
    rows = [_row(row, accepted.get(row["id"], 0)) for row in verdict.requirements]
    passed = None if verdict.passed is None else all(row["verdict"] != FAIL for row in rows)
    return replace(verdict, requirements=rows, findings=findings, passed=passed)


def _row(row: dict[str, Any], accepted: int) -> dict[str, Any]:
    if not accepted:
        return row
    left = row["failures"] - accepted
    changed = {"failures": left, "warnings": row["warnings"] + accepted}
    return row | changed | {"verdict": FAIL if left > 0 else KNOWN_DEVIATION}
