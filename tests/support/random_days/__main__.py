"""Judge random days from the command line, print them as programs, find the steps that a finding needs."""

import argparse
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from evc5 import Bench
from evc5.rigs.checks import judge
from random_days import Day, Step, play, script


def findings(bench: Bench) -> list[dict[str, Any]]:
    """The errors of a day, judged where it ends."""
    bench.close()
    verdict = judge(bench.assembly.recorder.directory)
    return [row for row in verdict.findings if row["severity"] == "error"]


def smallest(day: Day, requirement: str) -> str:
    """The least program that still has the finding."""

    def fails(bench: Bench) -> bool:
        return requirement in {row["requirement"] for row in findings(bench)}

    steps = shrunk(day.table, day.steps, fails)
    return script(simplified(day.table, steps, fails), steps)


def shrunk(table: dict[str, Any], steps: list[Step], fails: Callable[[Bench], bool]) -> list[Step]:
    """The steps without all those that the failure does not need: halves, quarters, … then one by one."""
    size = max(1, len(steps) // 2)
    while True:
        at, before = 0, len(steps)
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if _still(table, fewer, fails):
                steps = fewer
            else:
                at += size
        if size == 1 and len(steps) == before:
            return steps
        size = max(1, size // 2)


def simplified(table: dict[str, Any], steps: list[Step], fails: Callable[[Bench], bool]) -> dict[str, Any]:
    """The station and its back office without all that the failure does not need."""
    for path in (("csms",), ("ambient",), ("station", "keys"), ("station", "policies"), ("station",)):
        for name in list(_at(table, path)):
            fewer = deepcopy(table)
            del _at(fewer, path)[name]
            if _still(fewer, steps, fails):
                table = fewer
    return table


def _at(table: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        table = table.get(name, {})
    return table


def _still(table: dict[str, Any], steps: list[Step], fails: Callable[[Bench], bool]) -> bool:
    try:
        return fails(play(table, steps))
    except Exception:  # without its beginning a step may make no sense
        return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m random_days", description=__doc__)
    parser.add_argument("seeds", help="a seed, or FIRST-LAST")
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--script", action="store_true", help="print the day as a program")
    parser.add_argument("--shrink", action="store_true", help="print the steps that the first finding needs")
    parser.add_argument("--requirement", help="of the finding that --shrink keeps; else the first")
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        show(Day(seed, arguments.hours), seed, arguments)


def show(day: Day, seed: int, arguments: argparse.Namespace) -> None:
    found = findings(day.run())
    firsts = {row["requirement"]: row for row in reversed(found)}
    for row in sorted(firsts.values(), key=lambda row: row["t"]):
        told = f"{row['requirement']} t={row['t']} connector {row['connector']}"
        print(f"{seed}: {told}: {row['message']} (expected {row['expected']}, got {row['actual']})")
    if arguments.script:
        print(day.script())
    if arguments.shrink and found:
        wanted = arguments.requirement or found[0]["requirement"]
        few = shrunk(
            day.table, day.steps, lambda bench: wanted in {r["requirement"] for r in findings(bench)}
        )
        print(f"# seed {seed}, {wanted}\n{script(day.table, few)}")


if __name__ == "__main__":
    main()
