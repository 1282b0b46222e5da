"""Random days can be had again: by their seed, and by the program they are printed as."""

from pathlib import Path
from typing import Any

from random_days import Day

from evc5 import Bench
from evc5.rigs.selftest.selftest import recorded

SEED, HOURS = 3, 3.0


def recording(bench: Bench) -> bytes:
    bench.close()
    directory: Path = bench.assembly.recorder.directory
    return recorded(directory)


def test_a_day_is_the_same_for_the_same_seed() -> None:
    assert recording(Day(SEED, HOURS).run()) == recording(Day(SEED, HOURS).run())


def test_a_day_printed_as_a_program_does_the_same_again() -> None:
    day = Day(SEED, HOURS)
    told = recording(day.run())
    names: dict[str, Any] = {}
    exec(day.script(), names)
    assert recording(names["bench"]) == told
