"""How many random mutants of the twin does the judge catch? python tests/mutation/run.py [COUNT] [SEED]

Each mutant plays the small rigs of `evc5 selftest`. Of those whose recording is another than the healthy
twin's, all should have an error in their verdict. Listed are the others; those that crash or hang are
counted apart, and so are the equivalent: those whose recording differs only in what nothing prescribes
(`tidy`), what the bench alone asks the twin, as when its script may begin, and what survives of a constant
whose line says that it is assumed, which means that nobody prescribes it. A rig that never enters the
mutant's function is not played: its recording is the healthy one. It takes a few minutes, on as many
processes as JOBS says, and is not part of the tests.
"""

import importlib
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from functools import partial
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from multiprocessing import get_context
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from mutants import Mutant, sample  # noqa: E402
from reach import Function, entered, function_at  # noqa: E402
from tidy import Tidy, alike, tidied  # noqa: E402

from evc5.rigs.checks import judge  # noqa: E402

THIRD = ("jsonschema_rs", "numpy", "ocpp.v16.enums", "pydantic", "pyarrow.parquet", "simpy")
KEEP = ("evc5.rigs.checks", "evc5.rigs.errors", "evc5.rigs.recording.reading")  # they know no twin
APART = {  # not in play in memory, or no rule of the device: the line, and other people's servers (`files`)
    *("websocket", "hub", "endpoint", "pace", "store", "rows", "behaviour_file", "schemas", "policies"),
    *("wire", "link", "files", "behaviour"),
}
ASKED_BY_THE_BENCH = {  # module and method: may a script begin, is nothing under way, what time and id it is
    *(("agent", "boot_settled"), ("agent", "at_rest"), ("clock", "at"), ("memory", "last_id")),
}
ASSUMED = re.compile(r"[A-Z0-9_]+ = [^#]*#.*\bassumed\b")  # a constant of a module, and where it comes from
TIMEOUT_S = 20  # of CPU: all rigs take 5


def main(count: int, seed: int) -> None:
    paths = [path for path in sorted((ROOT / "twin").rglob("*.py")) if path.stem not in {*APART, "__init__"}]
    for name in THIRD:  # once, for all
        importlib.import_module(name)
    with get_context("fork").Pool(
        int(os.environ.get("JOBS", os.cpu_count() or 1)), maxtasksperchild=1
    ) as pool:
        healthy = dict(pool.imap(recording, pool.apply(rigs)))
        mutants, tally = sample(paths, count, seed), Counter[str]()
        fates = pool.imap(partial(fate, healthy), mutants)
        for mutant, (word, detail) in zip(mutants, fates, strict=True):
            tally[word] += 1
            if word not in ("caught", "same"):
                print(f"{word}  {mutant.path.name}:{mutant.line}  {mutant.what}  {detail}", flush=True)
    changed = tally["caught"] + tally["survived"]
    print(dict(tally))
    print(
        f"{tally['caught']} of {changed} that change a recording are caught: {tally['caught'] / changed:.1%}"
    )


Prints = tuple[str, Tidy]  # of a recording as it is, and tidied
Healthy = dict[str, tuple[Prints, set[Function]]]  # by rig: and what of the twin it enters


def rigs() -> list[tuple[str, set[Function]]]:
    """The small rigs, and what importing enters; this process has imported no twin and shall not."""
    with entered(ROOT / "twin") as functions:
        from evc5.rigs.selftest import selftest  # noqa: F401
        from evc5.rigs.selftest.small_rigs import RIGS
    return [(name, functions) for name in RIGS]


def recording(rig: tuple[str, set[Function]]) -> tuple[str, tuple[Prints, set[Function]]]:
    """What a small rig of the healthy twin records, in a process where nothing is cached yet."""
    from evc5.rigs.selftest import selftest, small_rigs  # noqa: F401  (not to be traced again)

    name, imported = rig
    with entered(ROOT / "twin") as functions, tempfile.TemporaryDirectory() as scratch:
        prints = played(name, Path(scratch) / "run"), tidied(Path(scratch) / "run")
    return name, (prints, imported | functions)


def fate(healthy: Healthy, mutant: Mutant) -> tuple[str, str]:
    """same, equivalent, caught, survived, crashed or hung; with the rig, or what it stumbled over."""
    function = function_at(mutant.path, mutant.line)
    if function is not None and _is_the_benchs(*function):
        return "equivalent", "of the bench"
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, TIMEOUT_S)
    reached = {
        name: prints
        for name, (prints, functions) in healthy.items()
        if function is None or function in functions
    }
    try:
        infect(mutant)
        word, detail = _judged(reached)
        assumed = word == "survived" and is_assumed(mutant.path, mutant.line)
        return ("equivalent", "assumed") if assumed else (word, detail)
    except TooLong:
        return "hung", ""
    except Exception as error:
        return "crashed", repr(error)[:100]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def is_assumed(path: Path, line: int) -> bool:
    """Is a constant defined there that comes from nowhere?"""
    return ASSUMED.match(path.read_text(encoding="utf-8").splitlines()[line - 1]) is not None


def _is_the_benchs(file: str, first: int) -> bool:
    """Does nobody but the bench ask for it?"""
    head = "".join(Path(file).read_text().splitlines()[first - 1 : first + 1])
    names = (name for module, name in ASKED_BY_THE_BENCH if module == Path(file).stem)
    return any(f"def {name}(" in head for name in names)


def _judged(healthy: dict[str, Prints]) -> tuple[str, str]:
    """Caught is what has an error, in whatever rig; what it is told apart by decides between the others."""
    changed, untidy = [], False
    for name, (before, tidy) in healthy.items():
        with tempfile.TemporaryDirectory(prefix="evc5-mutant-") as scratch:
            run = Path(scratch) / "run"
            if played(name, run) == before:
                continue
            if not judge(run).passed:
                return "caught", name
            untidy = True
            if not alike(tidied(run), tidy):
                changed.append(name)
    if changed:
        return "survived", ", ".join(changed)
    return ("equivalent", "") if untidy else ("same", "")


class TooLong(BaseException):
    """The mutant goes on for ever; no Exception, which the judge would survive."""


def _too_long(*_: object) -> None:
    raise TooLong


def infect(mutant: Mutant) -> None:
    """Have the twin imported anew with the mutant's source; this process is used for nothing else."""
    for name in [
        n for n in sys.modules if n.startswith(("evc5.rigs.", "evc5.twin.")) and not n.startswith(KEEP)
    ]:
        del sys.modules[name]
    original = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> object:
        if Path(loader.path).resolve() == mutant.path:
            return compile(mutant.source, loader.path, "exec")
        return original(loader, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]


def played(name: str, directory: Path) -> str:
    """A rig's recording, as a hash."""
    from evc5.rigs.selftest.selftest import record, recorded
    from evc5.rigs.selftest.small_rigs import RIGS

    record(RIGS[name], directory)
    return sha256(recorded(directory)).hexdigest()


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:3]]
    main(*numbers, *(200, 1)[len(numbers) :])
