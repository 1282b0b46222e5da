"""Writes what a probe found: sheet.json, sheet.md, set-charging-profile.md and behaviour.toml."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evc5.rigs.probe.probe import PUBLISHED
from evc5.rigs.probe.results import pages
from evc5.rigs.probe.results.learned import learn, text
from evc5.rigs.probe.results.seen import Evidence, SeenRow, seen_rows
from evc5.rigs.probe.runner import DONE, GIVEN_UP, NOT_RUN, counted
from evc5.rigs.probe.session import SHEET, Probed
from evc5.twin.sheet.behaviour import Behaviour

PAGE, ANSWER, BEHAVIOUR = "sheet.md", "set-charging-profile.md", "behaviour.toml"
FORMAT = 1  # of sheet.json


def write(probed: Probed, out: Path, at: str, boot: list[list[Any]]) -> list[SeenRow]:
    """All four files into `out`; the sheet's rows as they were seen. `boot`: frames beside the probes'."""
    published = Behaviour.load(PUBLISHED)
    evidence = Evidence.of(probed.findings, boot)
    rows = seen_rows(evidence, published)
    about = _about(probed, at)
    learned = learn(probed.facts, published)
    title = f"{probed.identity} as evc5 probe found it on {at}"
    (out / BEHAVIOUR).write_text(text(learned, "probed", title), encoding="utf-8")
    (out / PAGE).write_text(pages.sheet(rows, probed.findings, about), encoding="utf-8")
    (out / ANSWER).write_text(pages.charging(probed.findings, probed.facts, about), encoding="utf-8")
    (out / SHEET).write_text(json.dumps(_data(probed, at, rows), indent=1) + "\n", encoding="utf-8")
    return rows


def _about(probed: Probed, at: str) -> Mapping[str, str]:
    counts = counted(probed.findings)
    words = f"{counts[DONE]} probes done, {counts[NOT_RUN]} not run, {counts[GIVEN_UP]} given up"
    restored = "Configuration and composite schedules are as they were before."
    if probed.left:
        restored = "**Not as before:** " + "; ".join(probed.left) + "."
    return {
        "identity": probed.identity,
        "at": at,
        "counts": words + (f"; {probed.gone}" if probed.gone else ""),
        "restored": restored,
        "published": PUBLISHED,
    }


def _data(probed: Probed, at: str, rows: list[SeenRow]) -> dict[str, Any]:
    return {
        "evc5_probe": FORMAT,
        "identity": probed.identity,
        "at": at,
        "published": PUBLISHED,
        "restored": probed.restored,
        "left": probed.left,
        "gone": probed.gone,
        "facts": probed.facts,
        "differences": [
            {"table": row.table, "row": row.name, **asdict(cell)} for row in rows for cell in row.differences
        ],
        "not_observable": [
            {"table": row.table, "row": row.name, "column": cell.column, "why": cell.why}
            for row in rows
            for cell in row.cells
            if not cell.seen
        ],
        "sheet": [asdict(row) for row in rows],
        "probes": [asdict(finding) for finding in probed.findings.values()],
    }
