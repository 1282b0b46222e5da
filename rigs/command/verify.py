"""`evc5 verify`: judges a recording, and says of it what was asked for."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.messages import nearest

if TYPE_CHECKING:
    from rich.console import Console

    from evc5.rigs.checks import Verdict

FAULT_FOUND = 1


def verify_run(arguments: Namespace) -> int:
    if arguments.explain is not None:
        from evc5.rigs.command.explain import explain

        explain(arguments.explain, _console())
        return 0
    path: Path | None = arguments.recording
    if path is None:
        raise BadInput("the following arguments are required: RUN (evc5 verify --help)")
    required = _required(arguments.require)
    verdict = _judged(path, arguments)
    if arguments.junit:
        from evc5.rigs.checks.verdict.junit import write_junit

        write_junit(arguments.junit, verdict.summary(), str(path))
    told = verdict.summary()
    if arguments.octt:
        from evc5.rigs.checks.verdict.octt import octt

        told["octt"] = octt(path, verdict.requirements)
    _tell(told, arguments)
    return _exit_code(verdict, required, quiet=arguments.quiet or arguments.json)


def _judged(path: Path, arguments: Namespace) -> "Verdict":
    from evc5.rigs.checks import finish, judge
    from evc5.rigs.checks.verdict.known import accept, read_known
    from evc5.rigs.command.progress import bar

    choices: dict[str, Any] = {
        "behaviour": arguments.behaviour,
        "policies": dict(map(_policy, arguments.policy)),
        "tolerances": dict(map(_tolerance, arguments.tolerance)),
    }
    known = read_known(arguments.known) if arguments.known else ()
    if not path.exists():
        raise BadInput(f"{path}: no such file or directory")
    with bar("verify", show=not (arguments.quiet or arguments.json)) as progress:
        verdict = judge(path, **choices, progress=progress)
    verdict = accept(verdict, known)
    if path.is_dir():
        from evc5.rigs.analysis.report import write_report
        from evc5.rigs.analysis.run import Run

        finish(path, verdict)
        write_report(Run.open(path))
    return verdict


def _tell(told: dict[str, Any], arguments: Namespace) -> None:
    """The map of cases, where it was asked for, and the verdict."""
    from evc5.rigs.checks.verdict import octt
    from evc5.rigs.checks.verdict.render import show, show_first

    if arguments.json:
        print(json.dumps(told, indent=2))
    elif not arguments.quiet:
        if "octt" in told:
            octt.show(told["octt"], _console())
        if arguments.all:
            show(told, _console())
        else:
            show_first(told, _console(), str(arguments.recording))


def _exit_code(verdict: "Verdict", required: Iterable[str], quiet: bool) -> int:
    """3 where the judge broke down; 1 for a fault found, or a required id that is not PASS."""
    unmet = verdict.unmet(required)
    for row in unmet if not quiet else ():
        why = f": {'; '.join(row['lacks'])}" if row["lacks"] else ""
        print(f"evc5: {row['id']} is required and is {row['verdict']}{why}", file=sys.stderr)
    return verdict.exit_code or (FAULT_FOUND if unmet else 0)


def _required(texts: Iterable[str]) -> list[str]:
    from evc5.rigs.checks.verdict.catalogue import TABLE

    known = [row.id for row in TABLE]
    ids = [id.strip() for text in texts for id in text.split(",") if id.strip()]
    for id in ids:
        if id not in known:
            raise BadInput(f"--require {id} is no requirement{nearest(id, known)}")
    return ids


def _policy(text: str) -> tuple[str, str]:
    from evc5.twin.sheet.policies import POLICIES

    name, _, value = text.partition("=")
    if name not in POLICIES:
        raise BadInput(f"--policy must be NAME=VALUE, got {text}{nearest(name, list(POLICIES))}")
    if value not in (choices := POLICIES[name].choices):
        raise BadInput(f"--policy {name} must be one of {', '.join(choices)}, got {value}")
    return name, value


def _tolerance(text: str) -> tuple[str, float]:
    from evc5.rigs.checks.state.tolerances import Tolerances

    names = list(Tolerances.names())
    name, _, value = text.partition("=")
    if name not in names:
        raise BadInput(f"--tolerance must be NAME=VALUE, got {text}{nearest(name, names)}")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not 0.0 <= number < float("inf"):
        raise BadInput(f"--tolerance {name} must be a number >= 0, got {value}")
    return name, number


def _console() -> "Console":
    """Standard output; where nobody says how wide it is, wide enough for the tables."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)
