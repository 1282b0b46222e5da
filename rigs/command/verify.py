"""`evc5 verify`: judges recordings, one or many, and says of them what was asked for."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evc5.rigs.checks.reading.sources import STDIN
from evc5.rigs.command.arguments import behaviour_named
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import printable, printable_tree
from evc5.rigs.rigfile.messages import nearest

if TYPE_CHECKING:
    from evc5.rigs.checks import Verdict
    from evc5.rigs.checks.verdict.recordings import Recording

FAULT_FOUND = 1
GRAVEST_FIRST = (2, 3, 1, 0)  # of several recordings: no log of 1.6, a fault of ours, a fault found, none


def verify_run(arguments: Namespace) -> int:
    _refuse_contradictions(arguments)
    if arguments.explain is not None:
        from evc5.rigs.command.console import console
        from evc5.rigs.command.explain import explain

        explain(arguments.explain, console())
        return 0
    if not arguments.recording:
        raise BadInput("the following arguments are required: RUN or LOG (evc5 verify --help)")
    required = _required(arguments.require)
    unwritten: list[
        BadInput | OSError
    ] = []  # what was to be written and could not be: told after the verdict
    found = list(_judged(arguments, unwritten))
    _tell_what_is_of_logs(arguments, [recording for recording, _ in found])
    if len(found) == 1:
        _tell(*found[0], arguments, unwritten)
    else:
        _tell_many(found, arguments)
    for recording, _ in found:
        if recording.directory is not None:
            _report(recording.directory)
    quiet = arguments.quiet or arguments.json
    codes = {_exit_code(verdict, required, quiet) for _, verdict in found}
    if unwritten:
        raise unwritten[0]
    return next(code for code in GRAVEST_FIRST if code in codes)


@contextmanager
def _told_later(unwritten: list[BadInput | OSError]) -> Iterator[None]:
    """What cannot be written hides no verdict."""
    try:
        yield
    except (BadInput, OSError) as error:
        unwritten.append(error)


def _refuse_contradictions(arguments: Namespace) -> None:
    """BadInput for what would be passed over in silence."""
    if arguments.explain is not None and arguments.recording:
        raise BadInput(f"--explain judges nothing: leave {arguments.recording[0]} out")
    for flag in ("all", "octt"):
        if arguments.quiet and not arguments.json and getattr(arguments, flag):
            raise BadInput(f"--{flag} shows what --quiet keeps back: leave one of them out")
    if STDIN in arguments.recording and arguments.recording != [STDIN]:
        raise BadInput(
            f"{STDIN} is standard input and is judged alone; files beside it need a command of theirs"
        )


def _tell_what_is_of_logs(arguments: Namespace, found: Iterable["Recording"]) -> None:
    """A run directory knows its station, its zone and its end; who names them hears that."""
    flags = [f"--{name}" for name in ("station", "timezone", "end") if getattr(arguments, name) is not None]
    runs = [recording.directory for recording in found if recording.directory is not None]
    if flags and runs:
        what = f"{' and '.join(flags)} {'is' if len(flags) == 1 else 'are'} said of logs"
        say = f"evc5: {what}; {runs[0]} is a run directory and knows its own"
        print(printable(say), file=sys.stderr)


def _judged(
    arguments: Namespace, unwritten: list[BadInput | OSError]
) -> Iterator[tuple["Recording", "Verdict"]]:
    """Each recording with its verdict."""
    from evc5.rigs.checks import finish
    from evc5.rigs.checks.verdict.judging import judged
    from evc5.rigs.checks.verdict.known import accept, read_known
    from evc5.rigs.checks.verdict.recordings import every
    from evc5.rigs.command.progress import bar

    choices: dict[str, Any] = {
        "behaviour": arguments.behaviour and behaviour_named(arguments.behaviour),
        "policies": dict(map(_policy, arguments.policy)),
        "tolerances": dict(map(_tolerance, arguments.tolerance)),
    }
    known = tuple(deviation for path in arguments.known for deviation in read_known(path))
    names: list[str] = arguments.recording
    sources = names[0] if names == [STDIN] else names
    with bar("verify", show=not (arguments.quiet or arguments.json)) as progress:
        for recording in every(sources, arguments.station, arguments.timezone, arguments.end, progress):
            verdict = accept(judged(recording, **choices, progress=progress), known)
            with _told_later(unwritten):
                if recording.directory is not None:
                    finish(recording.directory, verdict)
            with _told_later(unwritten):
                if arguments.case:
                    _write_cases(recording, verdict, arguments, choices)
            yield recording, verdict


def _write_cases(
    recording: "Recording", verdict: "Verdict", arguments: Namespace, choices: dict[str, Any]
) -> None:
    """What one sends to a maker, a folder for each finding."""
    from evc5.rigs.checks.verdict.case import write_cases

    written = write_cases(arguments.case, recording, verdict, choices | {"end": arguments.end})
    for folder in () if arguments.quiet or arguments.json else written:
        print(f"evc5: {folder} tells of {folder.name.partition('-')[2]}", file=sys.stderr)


def _report(directory: Path) -> None:
    """A run directory has its report written anew; what stands in its way is told, and the verdict stands."""
    from evc5.rigs.analysis.report import write_report
    from evc5.rigs.analysis.run import Run

    try:
        write_report(Run.open(directory))
    except (BadInput, OSError) as error:
        print(printable(f"evc5: {directory} has no new report: {error}"), file=sys.stderr)


def _tell(
    recording: "Recording",
    verdict: "Verdict",
    arguments: Namespace,
    unwritten: list[BadInput | OSError],
) -> None:
    """The map of cases, where it was asked for, and the verdict."""
    path = recording.directory or recording.transcript.path
    told = verdict.summary()
    if arguments.junit:
        from evc5.rigs.checks.verdict.junit import write_junit

        with _told_later(unwritten):
            write_junit(arguments.junit, told, str(path))
    if arguments.octt:
        from evc5.rigs.checks.verdict.octt import octt

        told["octt"] = octt(path, verdict.requirements)
    if arguments.json:
        print(json.dumps(told, indent=2))
    elif not arguments.quiet:
        _show(told, arguments)


def _show(told: dict[str, Any], arguments: Namespace) -> None:
    """To a person."""
    from evc5.rigs.checks.verdict import octt
    from evc5.rigs.checks.verdict.render import show, show_first
    from evc5.rigs.command.console import console

    if "octt" in told:
        octt.show(told["octt"], console())
    if arguments.all:
        show(printable_tree(told), console())
    else:
        show_first(printable_tree(told), console(), printable(" ".join(arguments.recording)))


def _tell_many(found: Sequence[tuple["Recording", "Verdict"]], arguments: Namespace) -> None:
    """A table over the stations; --station shows the verdict of one."""
    from evc5.rigs.command.console import console
    from evc5.rigs.command.stations import MOST_STATIONS, rows, show

    for flag in ("junit", "octt"):
        if getattr(arguments, flag):
            raise BadInput(f"--{flag} is for one station; name it with --station")
    table = rows(found)
    if arguments.json:
        verdicts = {row.station: verdict.summary() for row, verdict in table}
        print(json.dumps({"stations": [row.table() for row, _ in table], "verdicts": verdicts}, indent=2))
    elif not arguments.quiet:
        show([row for row, _ in table], console(), len(table) if arguments.all else MOST_STATIONS)


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
