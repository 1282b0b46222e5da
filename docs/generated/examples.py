"""The examples of a page: its files written, its commands and its Python run, in order, in one folder."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import evc5
from evc5.rigs.command.cli import main

FENCE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.M | re.S)
EXIT_CODE = re.compile(r"#\s*exit code (\d+)")
COLUMNS = "90"


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block: a file where it bears a title, else something to run."""

    language: str
    title: str | None
    text: str


def examples(markdown: str) -> list[Example]:
    return [Example(**found.groupdict()) for found in FENCE.finditer(markdown)]


def play(markdown: str) -> int:
    """All that a page shows, in the current folder; how many were run. AssertionError, or what it raises."""
    names: dict[str, object] = {"__name__": "page"}
    done = 0
    for example in examples(markdown):
        if example.title:
            write(example)
        elif example.language == "python":
            exec(compile(example.text, "<page>", "exec"), names)
        elif example.language == "sh":
            for line in example.text.splitlines():
                run(line)
        else:
            continue
        done += 1
    return done


def write(example: Example) -> None:
    path = Path(str(example.title))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(example.text, encoding="utf-8")


def run(line: str) -> str:
    """What a command line prints; its exit code is what its comment says, or 0."""
    expected = EXIT_CODE.search(line)
    program, *argv = shlex.split(line, comments=True)
    if program == "pytest":
        asked = [sys.executable, "-m", "pytest", "-q", "-p", "evc5.pytest_plugin", *argv]
        ours = {**os.environ, "PYTHONPATH": str(Path(evc5.__file__).parents[1])}
        done = subprocess.run(asked, capture_output=True, text=True, env=ours)
        code, said = done.returncode, done.stdout + done.stderr
    else:
        assert program == "evc5", f"a page runs evc5 and pytest, not {program}"
        code, said = _evc5(argv)
    assert code == (int(expected[1]) if expected else 0), f"{line}: exit code {code}\n{said}"
    return said.strip()


def _evc5(argv: list[str]) -> tuple[int, str]:
    said = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = COLUMNS
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                code = main(argv)
            except SystemExit as ended:  # --version and --help
                code = int(ended.code or 0)
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
    return code, said.getvalue()
