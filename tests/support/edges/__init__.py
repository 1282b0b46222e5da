"""The judge's numbers, each with a recording made by hand just inside it, and one just outside.

A row is written from the standard's or the device's rule, with the number's value once more: who changes a
number in the code changes it here, too, or turns its recordings around.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from foreign import Log
from handmade import Handmade

from evc5.rigs.checks import judge
from evc5.rigs.checks.state.tolerances import Tolerances
from evc5.rigs.checks.verdict.numbers import TOLERANCES
from evc5.rigs.checks.verdict.verdict import Verdict

Recording = Handmade | Log


@dataclass(frozen=True)
class Edge:
    """A recording made with a quantity x: `inside` holds, `outside` breaks, the number lies between.

    Broken is a requirement with a finding of the severity whose message has the words of `says`.
    """

    number: str  # module below evc5.rigs.checks, and name
    value: float
    requirement: str
    make: Callable[[float], Recording]
    inside: float
    outside: float
    severity: str = "error"
    says: str = ""
    choices: Mapping[str, Any] = field(default_factory=dict)  # of `judge`
    is_judged: bool = False  # inside, too: it holds, and is not let pass

    @property
    def name(self) -> str:
        return f"{self.number}-{self.requirement}"

    def breaks(self, x: float, directory: Path) -> bool:
        verdict = judged(self.make(x), directory, self.choices)
        assert verdict.breakdowns == []
        if self.is_judged:
            assert any(row["count"] for row in verdict.requirements if row["id"] == self.requirement)
        return any(
            found["requirement"] == self.requirement
            and found["severity"] == self.severity
            and self.says in found["message"]
            for found in verdict.findings
        )

    def sides(self, directory: Path) -> tuple[bool, bool]:
        """Do the recordings inside and outside break?"""
        return self.breaks(self.inside, directory / "inside"), self.breaks(
            self.outside, directory / "outside"
        )


@dataclass(frozen=True)
class SessionEdge(Edge):
    """Broken is the verdict on the first session."""

    def breaks(self, x: float, directory: Path) -> bool:
        verdict = judged(self.make(x), directory, self.choices)
        return bool(verdict.sessions[0]["verdict"] == "FAIL")


@dataclass(frozen=True)
class LineEdge(Edge):
    """The requirement is broken either way, and outside no line is told for it."""

    def breaks(self, x: float, directory: Path) -> bool:
        found = judged(self.make(x), directory, self.choices).findings
        return next(one["line"] for one in found if one["requirement"] == self.requirement) is None


def judged(made: Recording, directory: Path, choices: Mapping[str, Any]) -> Verdict:
    directory.mkdir(parents=True, exist_ok=True)
    return (
        made.verdict(directory, **choices)
        if isinstance(made, Log)
        else judge(made.write(directory), **choices)
    )


def in_code(number: str) -> float:
    """What the code has for a number."""
    module, _, name = number.rpartition(".")
    if module == TOLERANCES:
        return float(getattr(Tolerances(), name))
    value: float = getattr(import_module(f"evc5.rigs.checks.{module}"), name)
    return value


@contextmanager
def changed(number: str, factor: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The number so many times what it is, wherever it is used; a count stays a whole number."""
    module, _, name = number.rpartition(".")
    was = in_code(number)
    value = type(was)(was * factor)
    with monkeypatch.context() as patch:
        if module == TOLERANCES:
            with_ = Tolerances.with_

            def mutated(self: Tolerances, changes: Any) -> Tolerances:
                return with_(self, {name: value, **changes})

            patch.setattr(Tolerances, "with_", mutated)
        else:
            for place, loaded in list(sys.modules.items()):
                if place.startswith("evc5.rigs.checks.") and hasattr(loaded, name):
                    patch.setattr(loaded, name, value)
                    _forget(loaded)
        yield
    _forget(import_module(f"evc5.rigs.checks.{module}"))


def _forget(loaded: ModuleType) -> None:
    """What a module has worked out with the number as it was."""
    for one in vars(loaded).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()
