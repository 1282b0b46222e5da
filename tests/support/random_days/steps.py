"""What is done to a bench, kept as steps that can be done again and printed as a program."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.selftest.verbs import ask, serve, take_files
from evc5.twin.services.firmware import image

Table = Mapping[str, Any]


def serve_image(bench: Bench, location: str, version: str) -> None:
    """Put good firmware of a version where it can be fetched."""
    serve(bench, location, image(version), version)


FUNCTIONS: Mapping[str, Callable[..., None]] = {
    "ask": ask,
    "serve_image": serve_image,
    "take_files": take_files,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A verb of the bench ("plug_in", "link.down") or a function of it ("ask"), with what it takes."""

    verb: str
    args: tuple[Any, ...] = ()
    kwargs: Table = field(default_factory=dict)

    def do(self, bench: Bench) -> None:
        function = FUNCTIONS.get(self.verb)
        done = partial(function, bench) if function else attrgetter(self.verb)(bench)
        done(*self.args, **self.kwargs)

    def __str__(self) -> str:
        told = [repr(a) for a in self.args] + [f"{name}={value!r}" for name, value in self.kwargs.items()]
        if self.verb in FUNCTIONS:
            return f"{self.verb}({', '.join(['bench', *told])})"
        return f"bench.{self.verb}({', '.join(told)})"


def play(table: Table, steps: Iterable[Step]) -> Bench:
    """The bench that a rig file's table describes, after these steps."""
    bench = Bench(rig=RigFile.parse(dict(table)))
    for step in steps:
        step.do(bench)
    return bench


def script(table: Table, steps: Iterable[Step]) -> str:
    """The same as a program."""
    head = (
        "from evc5 import Bench",
        "from evc5.rigs.rigfile.file import RigFile",
        f"from random_days.steps import {', '.join(FUNCTIONS)}",
        "",
        f"bench = Bench(rig=RigFile.parse({dict(table)!r}))",
    )
    return "\n".join([*head, *map(str, steps)]) + "\n"
