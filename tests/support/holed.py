"""Bare transcripts of sound recordings with a hole cut out of each, drawn by a seed."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any
from uuid import UUID

SHORTEST_S, LONGEST_S = 5.0, 10_800.0
AFTER_S = 10_800.0  # of what follows on a hole so much is judged
LEAST_FRAMES = 20

Row = dict[str, Any]


@dataclass(frozen=True)
class Holed:
    """What is left of a recording."""

    rows: list[Row]
    since_s: float
    length_s: float
    ids: str

    def __str__(self) -> str:
        return f"{self.length_s:.0f} s from {self.since_s:.0f} s on, ids {self.ids}"

    def write(self, path: Path) -> Path:
        path.write_text("\n".join(map(_line, self.rows)) + "\n", encoding="utf-8")
        return path


def read(path: Path) -> list[Row]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if not row.get("lost")]


def holed(rows: Sequence[Row], seed: int) -> Holed:
    """Seconds to hours of both directions are missing, a frame at least; ids count or are drawn."""
    draw = random.Random(seed)
    length_s = exp(draw.uniform(log(SHORTEST_S), log(LONGEST_S)))
    since_s = draw.choice(rows)["t"] - draw.random() * length_s
    until_s = since_s + length_s
    kept = [row for row in rows if row["t"] < since_s or until_s <= row["t"] < until_s + AFTER_S]
    ids = draw.choice(("that count", "at random"))
    if len(kept) < LEAST_FRAMES:
        return holed(rows, seed + 1_000_000)
    return Holed(kept if ids == "that count" else _at_random(kept, draw), since_s, length_s, ids)


def _at_random(rows: Sequence[Row], draw: random.Random) -> list[Row]:
    """A CALL and its reply have one id; each side gives its own."""
    named: dict[tuple[bool, str], str] = {}
    told = []
    for row in rows:
        kind, id, *rest = row["frame"]
        by_station = (row["dir"] == "up") == (kind == 2)
        name = named.setdefault((by_station, id), str(UUID(int=draw.getrandbits(128))))
        told.append({**row, "frame": [kind, name, *rest]})
    return told


def _line(row: Row) -> str:
    word = "send" if row["dir"] == "up" else "receive"
    return f"[{row['at']}] {word} {json.dumps(row['frame'], separators=(',', ':'))}"
