"""Which small changes of a module of the models or the twin do its fast tests miss?

python tests/mutation/fast.py [--count N] [--seed N] [MODULE …]     a MODULE is, say, twin/charging/schedule

Each mutant runs the fast tests that mirror its module (`mirrors`), in a process of its own; those that none
notices are listed, to be looked at one by one. Not part of the tests.
"""

import argparse
import contextlib
import importlib
import os
import signal
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

import pytest  # noqa: E402
from mirrors import TESTS  # noqa: E402
from mutants import Mutant, sample  # noqa: E402

LIMIT_S = 60  # a mutant that takes longer hangs, which a test would notice
THIRD = (
    "numpy",
    "simpy",
    "hypothesis",
    "orjson",
    "jsonschema_rs",
    "ocpp.v16",
    "pydantic",
    "pyarrow",
    "pandas",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", default=list(TESTS), help="without .py; else all")
    parser.add_argument("--count", type=int, default=10**6, help="so many mutants a module")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name in THIRD:  # once, for all
        importlib.import_module(name)
    for module in arguments.modules:
        mutants = sample([ROOT / f"{module}.py"], arguments.count, arguments.seed)
        missed = [one for one in mutants if not noticed(module, one)]
        for one in missed:
            print(f"  {module}.py:{one.line}  {one.what}", flush=True)
        print(f"{module}: {len(mutants) - len(missed)} of {len(mutants)} noticed", flush=True)


def noticed(module: str, one: Mutant) -> bool:
    """Do the tests of a module fail with this mutant, or hang?"""
    process = os.fork()
    if not process:
        os._exit(tried(module, one))
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


def tried(module: str, one: Mutant) -> int:
    """0 where all tests pass."""
    name = f"evc5.{module.replace('/', '.')}"
    sys.meta_path.insert(0, _Swapped(name, one))
    try:
        importlib.import_module(name)  # now: pytest would load what is installed as a plugin past us
    except Exception:
        return 1
    tests = [str(ROOT / "tests" / f"{name}.py") for name in TESTS[module].split()]
    with open(os.devnull, "w") as silence, contextlib.redirect_stdout(silence):
        return int(
            pytest.main([*tests, "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={ROOT}"])
        )


class _Swapped(MetaPathFinder):
    """Finds the mutant where the module is asked for."""

    def __init__(self, name: str, one: Mutant) -> None:
        self._name = name
        self._one = one

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name == self._name else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._one.source, str(self._one.path), "exec"), module.__dict__)


if __name__ == "__main__":
    main()
