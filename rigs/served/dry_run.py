"""What a rig would do on a bench, without touching it: who does what, which keys, and the twin's verdict."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from evc5.models.units import DAY_S
from evc5.rigs.bench.rig import Progress, Rig
from evc5.rigs.durations import lasts
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.making import check
from evc5.rigs.keeper.danger import protected
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.secrets import is_secret
from evc5.rigs.served.operator import steps
from evc5.rigs.served.play import PERSON, check_boxes, who
from evc5.rigs.served.source import check_source


def rehearse(rig: RigFile, progress: Progress | None = None) -> tuple[list[str], bool | None]:
    """Lines for people, and whether the twin under the same rig passed; BadInput as the real run's."""
    if rig.station.backend != "hardware":
        backend = rig.station.backend
        raise BadInput(f"{rig.where}station.backend must be hardware for a dry run, got {backend}")
    if rig.hardware is not None:
        check(rig.hardware, rig.folder)
        check_boxes(rig)
    elsewhere = {"station.backend": "twin", "hardware": None, "csms.url": None}
    twin = rig.revised({**elsewhere, "recording.report": False})
    with tempfile.TemporaryDirectory(prefix="evc5-") as folder:
        run = Rig(twin).run(out=Path(folder) / "run", progress=progress)
        errors = [finding for finding in run.findings if finding["severity"] == "error"]
    word = {True: "no fault found", False: f"{len(errors)} faults found", None: "nothing judged"}[run.passed]
    return [*_plan(rig), f"on the twin, in virtual time: {word}"], run.passed


def _plan(rig: RigFile) -> Iterator[str]:
    plan = steps(rig)
    yield f"{rig.name}: {lasts(rig.days * DAY_S)} of real time, {len(plan)} steps"
    for step in plan:
        yield f"  {_clock(step.t_s)}  {who(rig, step):<14} {step.ask}"
    if (lacks := check_source(rig)) is not None:
        yield lacks
    by_hand = sum(who(rig, step) == PERSON for step in plan)
    yield f"{len(plan) - by_hand} steps by the bench, {by_hand} by a person"
    configuration = rig.configuration()
    for key in rig.station.keys:
        if not is_secret(key):
            why = protected(key)
            told = f"compared only, as it {why}" if why else "set where it differs, and put back"
            yield f"key {key} = {configuration.text(key)}: {told}"


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(round(t_s), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
