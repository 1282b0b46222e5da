"""One story lived through twice, with quiet stretches and stepped: what differs between the recordings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile

Table = Mapping[str, Any]


def lived(table: Table, story: Callable[[Bench], None], stretches: bool) -> Bench:
    """The bench that a rig file's table describes, after a story, closed."""
    bench = Bench(rig=RigFile.parse({**table, "recording": {"stretches": stretches}}))
    story(bench)
    bench.close()
    return bench


def difference(table: Table, story: Callable[[Bench], None]) -> tuple[Any, int]:
    """Where the two recordings first differ, None where nowhere; and how many CALLs were rendered."""
    leapt, stepped = (lived(table, story, stretches) for stretches in (True, False))
    assert stepped.assembly.timeline.leap is None
    return first_difference(*(one.assembly.recorder.directory for one in (leapt, stepped))), rendered(leapt)


def rendered(bench: Bench) -> int:
    """How many of its CALLs were not stepped through."""
    leap: Any = bench.assembly.timeline.leap
    calls: int = leap.__self__.calls
    return calls


def first_difference(one: Path, other: Path) -> Any:
    for name in ("messages.jsonl", "events.jsonl"):
        lines = [(directory / name).read_bytes().splitlines(keepends=True) for directory in (one, other)]
        for number, pair in enumerate(zip(*lines, strict=False)):
            if pair[0] != pair[1]:
                return name, number, pair
        if len(lines[0]) != len(lines[1]):
            return name, *map(len, lines)
    return None if telemetry(one) == telemetry(other) else "telemetry"


def telemetry(directory: Path) -> list[str]:
    """Its values, as text: NaN is like NaN."""
    parts = sorted((directory / "telemetry.parquet").glob("*.parquet"))
    return [repr(pq.read_table(part).to_pydict()) for part in parts]
