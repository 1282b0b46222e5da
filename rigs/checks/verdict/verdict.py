"""What the judge says of a run, and the closing of a run directory with it."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from evc5.rigs.checks.state.requirement import Finding
from evc5.rigs.errors import BadInput

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sessions, each requirement with its verdict, and the findings; no error finding means passed."""

    requirements: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    frames: int
    passed: bool

    def summary(self) -> dict[str, Any]:
        return asdict(self)


def findings_of(findings: list[Finding]) -> list[dict[str, Any]]:
    """The findings in order of time, as summary.json carries them."""
    return [asdict(finding) for finding in sorted(findings, key=lambda finding: finding.t)]


def read_summary(directory: Path) -> dict[str, Any]:
    """The summary of a run directory; empty where there is none, BadInput where it cannot be read."""
    path = directory / SUMMARY
    if not path.is_file():
        return {}
    try:
        summary = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(summary, dict):
        raise BadInput(f"{path} must hold a JSON object")
    return summary


def write_summary(directory: Path, changes: Mapping[str, Any]) -> None:
    """Replace the summary atomically by itself with `changes`."""
    whole = read_summary(directory) | dict(changes)
    partial = directory / f".{SUMMARY}.judged"
    partial.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n")
    os.replace(partial, directory / SUMMARY)
