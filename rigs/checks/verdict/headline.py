"""The verdict in one line: faults found or none, and how many of the requirements that rests on."""

from collections.abc import Mapping
from typing import Any

from evc5.rigs.checks.state.requirement import FAIL, KNOWN_DEVIATION, PASS

JUDGED = (PASS, FAIL, KNOWN_DEVIATION)
Summary = Mapping[str, Any]


def headline(summary: Summary) -> str:
    """As `3 faults found · 57 of 93 requirements judged · as ocpp16`; never a bare word of praise."""
    rows = summary.get("requirements", ())
    judged = sum(row["verdict"] in JUDGED for row in rows)
    parts = [_found(summary, judged), f"{judged} of {len(rows)} requirements judged"]
    if behaviour := summary.get("behaviour"):
        parts.append(f"as {behaviour}")
    return " · ".join(parts)


def _found(summary: Summary, judged: int) -> str:
    faults = sum(finding["severity"] == "error" for finding in summary.get("findings", ()))
    if faults:
        return f"{faults} {'fault' if faults == 1 else 'faults'} found"
    if summary.get("breakdowns") or summary.get("bench_faults"):
        return "inconclusive"
    return "no fault found" if judged else "nothing judged"


def is_good(summary: Summary) -> bool | None:
    """No fault found; None where nothing was judged, or the bench or the judge broke down."""
    found = _found(summary, sum(row["verdict"] in JUDGED for row in summary.get("requirements", ())))
    return {"no fault found": True, "nothing judged": None, "inconclusive": None}.get(found, False)
