"""The verdict as JUnit XML, in which build servers show test results: one test case a requirement."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from evc5.rigs.checks.state.requirement import INCONCLUSIVE, NOT_EXERCISED, NOT_JUDGED
from evc5.rigs.checks.verdict.render import place
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import in_xml

Row = Mapping[str, Any]
SKIPPED = (NOT_EXERCISED, NOT_JUDGED, INCONCLUSIVE)


def write_junit(path: Path, summary: Row, name: str) -> None:
    """Write the verdict of a summary (`Verdict.summary()`); `name` is the recording's."""
    try:
        path.write_bytes(junit(summary, name))
    except OSError as error:
        raise BadInput(f"--junit {path}: {error.strerror}") from None


def junit(summary: Row, name: str) -> bytes:
    """Errors are failures; what never came up or lacks evidence is skipped, and says which; a known deviation
    passes and says so in its output.
    """
    rows = summary["requirements"]
    suites = ET.Element("testsuites", name="evc5 verify")
    counts = {
        "tests": len(rows),
        "failures": sum(row["verdict"] == "FAIL" for row in rows),
        "errors": 0,
        "skipped": sum(row["verdict"] in SKIPPED for row in rows),
    }
    suite = ET.SubElement(
        suites, "testsuite", {key: str(value) for key, value in counts.items()}, name=in_xml(name)
    )
    for row in rows:
        _case(suite, row, [found for found in summary["findings"] if found["requirement"] == row["id"]])
    ET.indent(suites)
    text: str = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _case(suite: ET.Element, row: Row, findings: Sequence[Row]) -> None:
    where = f"evc5.{row['id'].partition('.')[0]}"
    case = ET.SubElement(suite, "testcase", classname=where, name=f"{row['id']}: {row['title']}")
    errors = [found for found in findings if found["severity"] == "error"]
    others = [found for found in findings if found["severity"] != "error"]
    if row["verdict"] == "FAIL":
        message = f"{row['failures']} of {row['count']} judged: {errors[0]['message']}"
        failure = ET.SubElement(case, "failure", type=row["id"], message=in_xml(message))
        failure.text = _told(errors, row["failures"])
    elif row["verdict"] in SKIPPED:
        ET.SubElement(case, "skipped", message=in_xml(_why(row)))
    if others:
        ET.SubElement(case, "system-out").text = _told(others, row["warnings"])


def _why(row: Row) -> str:
    """Why there is no verdict: it never came up, or what lacks."""
    if row["verdict"] == NOT_EXERCISED:
        return "nothing in the recording puts this to the test"
    return f"{row['verdict']}: {'; '.join(row['lacks'])}"


def _told(findings: Sequence[Row], of: int) -> str:
    """The findings, a paragraph each, and how many more there are."""
    paragraphs = [_paragraph(found) for found in findings]
    told = sum(found.get("times", 1) for found in findings)
    more = [f"… and {of - told} more"] if of > told else []
    return "\n\n".join(paragraphs + more)


def _paragraph(found: Row) -> str:
    where = "" if found["connector"] is None else f", connector {found['connector']}"
    line = f", {place(found)}" if found.get("line") else ""
    times = f" ({found['times']} times)" if found.get("times", 1) > 1 else ""
    lines = (
        f"t = {found['t']:.3f} s{line}{where}: {found['message']}{times}",
        f"  expected {found['expected']}",
        f"  actual   {found['actual']}",
    )
    return "\n".join(map(in_xml, lines))
