"""What commands print, what figures show and how code reads, made anew whenever the pages are built."""

import contextlib
import importlib
import inspect
import io
import re
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from evc5 import Rig
from generated.examples import examples, run, write

OUTPUT = re.compile(r"^<!-- output of: (?P<command>.+) -->$", re.MULTILINE)
SOURCE = re.compile(r"^<!-- source of: (?P<module>[\w.]+)(?::(?P<name>\w+))? -->$", re.MULTILINE)


def with_shown(markdown: str) -> str:
    """The page with what its marks ask for in their place."""
    return SOURCE.sub(_source, _with_output(markdown))


def _with_output(markdown: str) -> str:
    """Each `<!-- output of: COMMAND -->` replaced by what it prints, where the page's files are."""
    if not OUTPUT.search(markdown):
        return markdown
    with _in_scratch():
        for example in examples(markdown):
            if example.title:
                write(example)
        return OUTPUT.sub(lambda found: f"```text\n{run(found['command'])}\n```", markdown)


def _source(found: re.Match[str]) -> str:
    """`<!-- source of: MODULE:NAME -->` replaced by the code, or the whole module's."""
    module = importlib.import_module(found["module"])
    what = getattr(module, found["name"]) if found["name"] else module
    return f"```python\n{textwrap.dedent(inspect.getsource(what)).strip()}\n```"


@contextlib.contextmanager
def _in_scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield Path(folder)


@cache
def _first_day() -> bytes:
    with _in_scratch():
        picture = io.BytesIO()
        figure = Rig.load("first-charge").run().plot.day(connector=1)
        figure.savefig(picture, format="svg", bbox_inches="tight")
    return picture.getvalue()


PICTURES: dict[str, Callable[[], bytes]] = {"tutorial/first-charge.svg": _first_day}
