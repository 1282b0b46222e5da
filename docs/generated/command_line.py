"""Every command with its flags, as the command line itself tells of them."""

import argparse
import os

from evc5.rigs.command.cli import parser
from generated.markdown import page

CODES = """
| exit code | means |
|---|---|
| 0 | no fault found |
| 1 | an error finding |
| 2 | bad input: one line says which key or flag, what stands there, and what is allowed |
| 3 | a fault of the bench, or of evc5 itself |
| 130 | interrupted; the run directory is complete up to there |
"""


def _help(command: argparse.ArgumentParser) -> str:
    return f"```text\n{command.format_help().strip()}\n```"


def commands() -> str:
    os.environ["COLUMNS"] = "90"
    top = parser()
    (subcommands,) = [one for one in top._actions if isinstance(one, argparse._SubParsersAction)]
    parts = [f"## evc5 {name}\n\n{_help(sub)}" for name, sub in subcommands.choices.items()]
    about = "`evc5`, or `python -m evc5`, from any folder."
    return page("Command line", about, _help(top), CODES, *parts)
