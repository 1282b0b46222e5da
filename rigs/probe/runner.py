"""Runs the probes one after another; what one changed is undone before the next, or at the end."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.keeper.keeper import Refused
from evc5.rigs.probe.hands import NotDone
from evc5.rigs.probe.line import Heard
from evc5.rigs.probe.probe import CAR, FAULTS, LIMIT_S, Context, GivenUp, Probe

DONE, NOT_RUN, GIVEN_UP = "done", "not run", "given up"
IDLE_ALONE = "and this is asked of an idle unit alone"
FRAMES_KEPT = 400  # of one probe, as evidence; a bisection needs fewer


@dataclass(slots=True)
class Finding:
    """What became of one probe."""

    probe: str
    group: str
    state: str
    why: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    frames: list[Any] = field(default_factory=list)  # ["up" or "down", frame]
    left: list[str] = field(default_factory=list)  # what could not be undone right after it


class Progress:
    """Where the findings are kept while they come, so that a probe that was cut short goes on there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.findings: dict[str, Finding] = {}
        for line in user_files.content(path).splitlines() if path.is_file() else ():
            try:
                finding = Finding(**json.loads(line))
            except (ValueError, TypeError):
                continue  # cut by a kill
            self.findings[finding.probe] = finding

    def add(self, finding: Finding) -> None:
        self.findings[finding.probe] = finding
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(finding), ensure_ascii=True) + "\n")

    def facts(self) -> dict[str, str]:
        """All of them, in the order of the probes."""
        return {name: value for one in self.findings.values() for name, value in one.facts.items()}


Told = Callable[[int, int, Probe], None]  # how many are done, of how many, and what comes next


def run(probes: Sequence[Probe], context: Context, progress: Progress, told: Told) -> None:
    """Run what is not done yet; ends early where the unit answers no more."""
    refused = {one.name: one.refused(context.options, context.hands is not None) for one in probes}
    due = [one for one in probes if refused[one.name] is None]
    for probe in probes:
        why = refused[probe.name]
        if why is not None and probe.name not in progress.findings:
            progress.findings[probe.name] = Finding(probe.name, probe.group, NOT_RUN, why)
    for number, probe in enumerate(due):
        earlier = progress.findings.get(probe.name)
        if earlier is not None and earlier.state == DONE:
            continue
        told(number, len(due), probe)
        context.found = progress.facts()
        progress.add(_finding(probe, context))


def _finding(probe: Probe, context: Context) -> Finding:
    mark = context.line.mark()
    context.facts = {}
    context.until_epoch_s = context.line.epoch_s + LIMIT_S
    finding = Finding(probe.name, probe.group, DONE)
    try:
        context.needs_idle = False
        context.check()
        if probe.is_felt and (why := context.occupied()):
            raise Refused(f"{why}, {IDLE_ALONE}")
        context.needs_idle = probe.is_felt and probe.needs not in (CAR, FAULTS)
        probe.run(context)
    except (GivenUp, NotDone) as failure:
        finding.state, finding.why = GIVEN_UP, str(failure)
    except Refused as refusal:
        finding.state, finding.why = NOT_RUN, str(refusal)
    finding.left = context.keeper.undo_all()
    finding.facts = context.facts
    finding.frames = [_kept(one) for one in context.line.since(mark)[:FRAMES_KEPT]]
    return finding


def _kept(one: Heard) -> list[Any]:
    return ["up" if one.is_up else "down", one.frame]


def counted(findings: Mapping[str, Finding]) -> dict[str, int]:
    """How many probes came to each state."""
    return {
        state: sum(one.state == state for one in findings.values()) for state in (DONE, NOT_RUN, GIVEN_UP)
    }
