"""What the judge says of a recording, and the closing of a run directory with it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import orjson

from evc5.rigs import user_files
from evc5.rigs.checks.reading.logs.told import Told
from evc5.rigs.checks.state.requirement import PASS, Finding
from evc5.rigs.checks.verdict.headline import headline
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import SUMMARY, refuse_foreign_shapes

OK, FAULT_FOUND, NO_LOG_OF_16, OURS = 0, 1, 2, 3  # exit codes


@dataclass(frozen=True, slots=True)
class Verdict:
    """Sessions, each requirement with its verdict, and the findings, one a cause.

    `passed`: no error was found; None where nothing was judged. `breakdowns`: checks that could not go on,
    which is a fault of ours. `about`: what was judged, and as what.
    """

    requirements: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    frames: int
    passed: bool | None
    about: dict[str, Any] = field(default_factory=dict)
    breakdowns: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def exit_code(self) -> int:
        if self.about.get("version", "1.6") != "1.6":
            return NO_LOG_OF_16
        if self.breakdowns:
            return OURS
        return FAULT_FOUND if self.passed is False else OK

    def unmet(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The rows of these requirements that are not PASS."""
        rows = {row["id"]: row for row in self.requirements}
        return [rows[id] for id in ids if rows[id]["verdict"] != PASS]

    def __str__(self) -> str:
        return headline(self.summary() | {"behaviour": self.about.get("behaviour")})


def findings_of(findings: list[Finding]) -> list[dict[str, Any]]:
    """The findings in order of time, as summary.json carries them."""
    return [finding._asdict() for finding in sorted(findings, key=lambda finding: finding.t)]


def placed(findings: list[dict[str, Any]], told: Told) -> list[dict[str, Any]]:
    """The same; of a log of several files each with its `file`, and `line` that of the file."""
    for row in findings if told.files else ():
        if row["line"] is not None:
            row["file"], row["line"] = told.place(row["line"])
    return findings


def read_summary(directory: Path) -> dict[str, Any]:
    """The summary of a run directory; empty where there is none, BadInput where it cannot be read."""
    path = directory / SUMMARY
    if not path.is_file():
        return {}
    try:
        summary = orjson.loads(user_files.content(path))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(summary, dict):
        raise BadInput(f"{path} must hold a JSON object")
    refuse_foreign_shapes(path, summary)
    return summary


def write_summary(directory: Path, changes: Mapping[str, Any]) -> None:
    """Replace the summary atomically by itself with `changes`."""
    whole = read_summary(directory) | dict(changes)
    partial = directory / f".{SUMMARY}.judged"
    partial.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n")
    os.replace(partial, directory / SUMMARY)
