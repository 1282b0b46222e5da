"""A twin probed in memory, for tests: what a user's probe finds, in a few seconds."""

from pathlib import Path
from typing import Any

from evc5.rigs.bench.bench import Bench
from evc5.rigs.probe.hands import TwinHands
from evc5.rigs.probe.line import Line
from evc5.rigs.probe.probe import Options
from evc5.rigs.probe.results.write import write
from evc5.rigs.probe.session import Probed, probe

START = "2026-03-02T10:00:00Z"
ALL = Options(session=True, disruptive=True, faults=True, danger=("UpdateFirmware", "SignedUpdateFirmware"))


def twin(behaviour: str | Path = "evc5-v32r30", **options: Any) -> Bench:
    """Booted, and settled."""
    return Bench(behaviour=str(behaviour), start=START, latency_s=0.05, **options).advance(10)


def probed(out: Path, behaviour: str | Path = "evc5-v32r30", options: Options = ALL, **more: Any) -> Probed:
    """A whole probe, with its files in `out`."""
    with twin(behaviour, **more) as bench:
        line = Line.of_twin(bench)
        found = probe(line, "CP1", out, options, TwinHands(bench))
        boot = [["up" if one.is_up else "down", one.frame] for one in line.since(0)]
    write(found, out, START, boot)
    return found
