"""How many random mutants of the judge are caught? python tests/mutation/judge.py [ROOMS] [COUNT] [SEED]

ROOMS are folders of `rigs/checks`, with commas; of each so many mutants are tried, each in a process of its
own, as many at a time as JOBS says: with the recordings that are made for the requirements of its module,
and, if it passes them, with the judge's fast tests, those that name them first. What nothing notices is
listed. It takes minutes and is not part of the tests.
"""

import io
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from importlib.machinery import SourceFileLoader
from multiprocessing import get_context
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHECKS, TESTS = ROOT / "rigs/checks", ROOT / "tests/rigs/checks"
sys.path[:0] = [str(ROOT), str(HERE), str(ROOT / "tests/support")]

from mutants import Mutant, sample  # noqa: E402

TIMEOUT_S = 600
REQUIREMENT = re.compile(r'"([a-z-]+\.[a-z-]+)"')


def main(rooms: str, count: int, seed: int) -> None:
    for room in rooms.split(","):
        mutants, tally = sample(sorted((CHECKS / room).glob("*.py")), count, seed), Counter[str]()
        jobs = int(os.environ.get("JOBS", os.cpu_count() or 1))
        with get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
            for mutant, word in zip(mutants, pool.imap(fate, mutants), strict=True):
                tally[word] += 1
                if word != "caught":
                    print(f"{word}  {room}/{mutant.path.name}:{mutant.line}  {mutant.what}", flush=True)
        print(f"{room}: {tally['caught']} of {len(mutants)} are caught", flush=True)


def fate(mutant: Mutant) -> str:
    """caught, survived or hung."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(TIMEOUT_S)
    infect(mutant)
    try:
        ids = requirements(mutant.path)
        return "caught" if not _recordings_hold(ids) or not _tests_pass(ids) else "survived"
    except TooLong:
        return "hung"
    except Exception:
        return "caught"
    finally:
        signal.alarm(0)


def requirements(path: Path) -> set[str]:
    """Those that a module speaks of, by id or by imported name; else those of the modules that use it."""
    found = _spoken_of(path)
    users = (other for other in CHECKS.rglob("*.py") if f".{path.stem} import " in other.read_text())
    return found or {id for user in users for id in _spoken_of(user)}


def _spoken_of(path: Path) -> set[str]:
    module = "evc5." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
    named = {f'"{value}"' for value in vars(import_module(module)).values() if isinstance(value, str)}
    return set(REQUIREMENT.findall(path.read_text() + " ".join(named)))


def _recordings_hold(ids: set[str]) -> bool:
    """Does the healthy one pass, and is each that is made for these requirements judged as it should be?"""
    with tempfile.TemporaryDirectory(prefix="evc5-mutant-") as scratch:
        return all(_outcomes(ids, Path(scratch)))


def _outcomes(ids: set[str], scratch: Path) -> Iterator[bool]:
    from edges.table import EDGES
    from handmade import healthy
    from trips import TRIPS

    from evc5.rigs.checks import judge

    sound = judge(healthy().write(scratch / "sound"))
    yield not sound.findings and not sound.breakdowns
    for fault, requirement in TRIPS:
        if requirement in ids:
            made = healthy()
            fault(made)
            found = judge(made.write(scratch / "trip")).findings
            yield requirement in {one["requirement"] for one in found}
    for n, edge in enumerate(EDGES):
        if edge.requirement in ids:
            yield edge.sides(scratch / str(n)) == (False, True)


def _tests_pass(ids: set[str]) -> bool:
    """The judge's test files, those that name one of these requirements first."""
    files = sorted(TESTS.rglob("test_*.py"), key=lambda path: not any(id in path.read_text() for id in ids))
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        ends = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *map(str, files)])
    return ends == pytest.ExitCode.OK


class TooLong(BaseException):
    """The mutant goes on for ever; no Exception, which the judge would survive."""


def _too_long(*_: object) -> None:
    raise TooLong


def infect(mutant: Mutant) -> None:
    """Have this process, which has not imported the judge yet, import it with the mutant's source."""
    original = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> object:
        if Path(loader.path).resolve() == mutant.path:
            return compile(mutant.source, loader.path, "exec")
        return original(loader, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    rooms = sys.argv[1] if len(sys.argv) > 1 else "charging,metering,transactions"
    numbers = [int(text) for text in sys.argv[2:4]]
    main(rooms, *numbers, *(40, 1)[len(numbers) :])
