"""The command line: evc5, or python -m rigs.

Exit codes: 0 all checks hold, 1 an error finding, 2 bad input, 130 interrupted.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rigs.complaints import nearest
from rigs.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

    from rigs.run import Run
    from twin.behaviour import Behaviour

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message} ({self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    try:
        arguments = parser().parse_args(argv)
        command: Callable[[argparse.Namespace], int] = arguments.command
        return command(arguments)
    except BadInput as error:
        print(f"evc5: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # evc5 … | head
        sys.stderr.close()
        return OK


def parser() -> argparse.ArgumentParser:
    about = "A digital twin of the EVC5 charge controller and the bench around it."
    top = Parser(prog="evc5", description=about)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, action, help_, options in COMMANDS:
        sub = commands.add_parser(name, help=help_, description=help_)
        sub.set_defaults(command=action)
        options(sub)
    return top


def _run_options(sub: argparse.ArgumentParser) -> None:
    what = "a rig file, or a shipped rig's name (see evc5 rigs)"
    sub.add_argument("rig", metavar="RIG", nargs="?", help=f"{what}; with --replay the recording tells")
    sub.add_argument("--days", type=days, metavar="N", help="simulated days")
    sub.add_argument("--seed", type=whole, metavar="N")
    sub.add_argument("--out", type=Path, metavar="DIR", help="run directory (default runs/<rig>-<seed>)")
    sub.add_argument("--behaviour", metavar="NAME", help="evc5-v32r30, ocpp16 or a TOML file")
    sub.add_argument("--csms", metavar="URL", help="a real back office: ws://host:port/path or wss://…")
    sub.add_argument("--ca-file", type=Path, metavar="PEM", help="whom to trust for a wss:// back office")
    sub.add_argument("--pace", type=pace, metavar="max|FACTOR", default="max", help="1 is real time")
    what = "play a recording's back office again: the charge point should say the same (exit 1 where not)"
    sub.add_argument("--replay", type=Path, metavar="RUN", help=what)
    _voice(sub)


def _verify_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("recording", type=Path, metavar="RUN", help="a run directory, messages.jsonl or log")
    sub.add_argument("--behaviour", metavar="NAME")
    sub.add_argument("--policy", action="append", default=[], metavar="NAME=VALUE")
    sub.add_argument("--junit", type=Path, metavar="FILE", help="write the verdict as JUnit XML too")
    sub.add_argument("--octt", action="store_true", help="show which cases of OCTT 1.6 the recording covers")
    _voice(sub)


def _csms_options(sub: argparse.ArgumentParser) -> None:
    what = "its back office, and with station.backend = hardware its steps at real pace"
    sub.add_argument("rig", metavar="RIG", nargs="?", help=what)
    sub.add_argument("--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 is every one")
    sub.add_argument("--port", type=port, default=9000, metavar="N", help="default 9000; 0: any free one")
    sub.add_argument("--tls-cert", type=Path, metavar="PEM", help="serve wss:// with this certificate")
    sub.add_argument("--tls-key", type=Path, metavar="PEM", help="its key, where it stands in another file")
    what = "a charge point that may dial in (repeatable); without any, and without RIG, whoever comes"
    sub.add_argument("--station", action="append", default=[], metavar="IDENTITY", help=what)
    sub.add_argument("--for", type=duration, metavar="SECONDS", dest="seconds", help="default: until Ctrl-C")
    sub.add_argument("--out", type=Path, metavar="DIR", help="run directory, or the folder of several")
    _voice(sub)


def _compare_options(sub: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        sub.add_argument(name, type=Path, metavar=f"RUN_{name.upper()}", help="as for verify")
    sub.add_argument("--figure", type=Path, metavar="FILE", help="draw it too: .png, .svg or .pdf")
    what = "times that differ by no more are alike (default 1)"
    sub.add_argument("--seconds", type=tolerance, default=1.0, metavar="S", help=what)
    what = "meter values that differ by no more are alike (default 0)"
    sub.add_argument("--percent", type=tolerance, default=0.0, metavar="P", help=what)
    _voice(sub)


def _selftest_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--bug", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    _voice(sub)


def _sheet_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--behaviour", default="evc5-v32r30", metavar="NAME")
    _json_option(sub)


def _json_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON")


def _bench_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--csms", metavar="URL", help="measure the socket instead, against this back office")
    sub.add_argument("--ca-file", type=Path, metavar="PEM", help="whom to trust for a wss:// back office")
    _json_option(sub)


def _no_options(_: argparse.ArgumentParser) -> None:
    pass


def _voice(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--quiet", action="store_true", help="print nothing but errors")
    _json_option(sub)


def days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 3660.0:
        raise argparse.ArgumentTypeError(f"must be a number of days > 0 and <= 3660, got {text}")
    return value


def pace(text: str) -> float | str:
    if text == "max":
        return text
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be max or a factor > 0, got {text}")
    return value


def tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number >= 0, got {text}")
    return value


def port(text: str) -> int:
    value = whole(text)
    if value > 65_535:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535, got {text}")
    return value


def duration(text: str) -> float:
    value = pace(text)
    if isinstance(value, str):
        raise argparse.ArgumentTypeError(f"must be a number of seconds > 0, got {text}")
    return value


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"must be a whole number >= 0, got {text}")
    return int(text)


def run_rig(arguments: argparse.Namespace) -> int:
    from rigs.progress import bar
    from rigs.rig import Rig

    rig = Rig.load(arguments.rig or _replayed_rig(arguments.replay))
    show = not (arguments.quiet or arguments.json)
    began = time.perf_counter()
    with bar(rig.file.name, show=show) as progress:
        behaviour = arguments.behaviour and _behaviour(arguments.behaviour)
        names = ("csms", "pace", "ca_file", "replay")
        where = {name: getattr(arguments, name) for name in names}
        run = rig.run(arguments.days, arguments.seed, arguments.out, behaviour, progress, **where)
    _tell(run, arguments, time.perf_counter() - began)
    if run.summary["state"] == "interrupted":
        return INTERRUPTED
    difference = run.summary.get("replay", {}).get("difference")
    if difference:
        print(f"evc5: the replay differs from the recording: {json.dumps(difference)}", file=sys.stderr)
    return OK if run.passed and not difference else FAILED


def _replayed_rig(replay: Path | None) -> str:
    from rigs.tape import Tape

    name = Tape.open(replay).rig if replay is not None else None
    if name is None:
        raise BadInput("the following arguments are required: RIG (evc5 run --help)")
    return name


def verify_run(arguments: argparse.Namespace) -> int:
    from rigs.checks import finish, judge

    choices: dict[str, Any] = {
        "behaviour": arguments.behaviour,
        "policies": dict(map(_policy, arguments.policy)),
    }
    path: Path = arguments.recording
    if not path.exists():
        raise BadInput(f"{path}: no such file or directory")
    verdict = finish(path, **choices) if path.is_dir() else judge(path, **choices)
    if path.is_dir():
        from rigs.report import write_report
        from rigs.run import Run

        write_report(Run.open(path))
    if arguments.junit:
        from rigs.checks.junit import write_junit

        write_junit(arguments.junit, verdict.summary(), str(path))
    told = verdict.summary()
    if arguments.octt:
        from rigs.checks.octt import octt

        told["octt"] = octt(path, verdict.requirements)
    if arguments.json:
        print(json.dumps(told, indent=2))
    elif not arguments.quiet:
        _show(told)
    return OK if verdict.passed else FAILED


def _show(told: dict[str, Any]) -> None:
    """The map of cases, where it was asked for, and the verdict."""
    from rigs.checks import octt
    from rigs.checks.render import show

    if "octt" in told:
        octt.show(told["octt"], _console())
    show(told, _console())


def compare_runs(arguments: argparse.Namespace) -> int:
    from rigs.compare import compare
    from rigs.progress import bar

    with bar("compare", show=not (arguments.quiet or arguments.json)) as progress:
        found = compare(arguments.a, arguments.b, arguments.seconds, arguments.percent, progress)
    if arguments.figure:
        from rigs.plot_compare import write_figure

        write_figure(found, arguments.figure)
    if arguments.json:
        print(json.dumps(found.table(), indent=2))
    elif not arguments.quiet:
        from rigs.compare_render import show

        show(found, _console())
    return OK if found.alike else FAILED


def run_selftest(arguments: argparse.Namespace) -> int:
    from rigs.bugs import chosen
    from rigs.progress import bar
    from rigs.selftest import selftest

    with bar("selftest", show=not (arguments.quiet or arguments.json)) as progress:
        outcome = selftest(chosen(arguments.bug), progress)
    if arguments.json:
        print(json.dumps(outcome.table(), indent=2))
    elif not arguments.quiet:
        from rigs.bugs.matrix import show

        show(outcome, _console())
    return OK if outcome.passed else FAILED


def serve_charge_points(arguments: argparse.Namespace) -> int:
    from rigs.csms_command import Order, serve
    from rigs.rigfile import RigFile
    from rigs.serve import Address

    if arguments.tls_key and not arguments.tls_cert:
        raise BadInput("--tls-key must come with --tls-cert")
    address = Address(arguments.host, arguments.port, arguments.tls_cert, arguments.tls_key)
    rig = RigFile.load(arguments.rig) if arguments.rig else None
    order = Order(address, rig, tuple(arguments.station), arguments.seconds, arguments.out)
    tell = (lambda _: None) if arguments.quiet else partial(print, file=sys.stderr, flush=True)
    outcome = serve(order, tell)
    for run in outcome.runs:
        _tell_station(run, arguments, brief=len(outcome.runs) > 1)
    if outcome.interrupted:
        return INTERRUPTED
    return OK if all(run.passed for run in outcome.runs if run.summary["frames"]) else FAILED


def _tell_station(run: "Run", arguments: argparse.Namespace, brief: bool) -> None:
    if arguments.json:
        print(json.dumps(run.summary))
    elif not arguments.quiet:
        from rigs.checks.render import show

        word = "PASSED" if run.passed else "FAILED" if "requirements" in run.summary else "said nothing"
        print(f"{run.summary['station']}: {word}, {run.summary['frames']} frames in {run.directory}")
        if "requirements" in run.summary and not brief:
            show(run.summary, _console(), brief=True)


def list_rigs(_: argparse.Namespace) -> int:
    from rigs.rigfile import RigFile, names

    for name in names():
        rig = RigFile.load(name)
        print(f"{name:<16} {rig.days:>5g} d  {len(rig.plan()):>4} sessions  {rig.title}")
    return OK


def print_schema(_: argparse.Namespace) -> int:
    from rigs.rigfile import json_schema

    print(json.dumps(json_schema(), indent=2))
    return OK


def print_sheet(arguments: argparse.Namespace) -> int:
    from rigs.sheet import render_sheet, sheet_data

    behaviour = _loaded(arguments.behaviour)
    if arguments.json:
        print(json.dumps(sheet_data(behaviour), indent=2))
    else:
        _console().print(render_sheet(behaviour))
    return OK


def run_benchmark(arguments: argparse.Namespace) -> int:
    from rigs import bench_wire, benchmark

    def tell(what: str) -> None:
        print(f"measuring: {what} …", file=sys.stderr)

    result: benchmark.Result | bench_wire.Result
    if arguments.csms:
        result = bench_wire.run(arguments.csms, arguments.ca_file, tell)
    else:
        result = benchmark.run(tell)
    if arguments.json:
        print(json.dumps(result.table()))
    else:
        for name, value in result.table().items():
            print(f"{name:<24} {value:>12,}")
    return OK


def _console() -> "Console":
    """Standard output; where nobody says how wide it is, wide enough for the tables."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)


def _policy(text: str) -> tuple[str, str]:
    from twin.policies import POLICIES

    name, _, value = text.partition("=")
    if name not in POLICIES:
        raise BadInput(f"--policy must be NAME=VALUE, got {text}{nearest(name, list(POLICIES))}")
    if value not in (choices := POLICIES[name].choices):
        raise BadInput(f"--policy {name} must be one of {', '.join(choices)}, got {value}")
    return name, value


def _behaviour(name: str) -> str:
    """A file is named from where the user stands, not from the rig's folder."""
    from twin.behaviour import Behaviour

    if name in Behaviour.shipped():
        return name
    if not Path(name).is_file():
        raise BadInput(f"--behaviour must be {' or '.join(Behaviour.shipped())} or a TOML file, got {name}")
    return str(Path(name).resolve())


def _loaded(name: str) -> "Behaviour":
    from twin.behaviour import Behaviour

    try:
        return Behaviour.load(_behaviour(name))
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"--behaviour {error}") from None


def _tell(run: "Run", arguments: argparse.Namespace, wall_s: float) -> None:
    if arguments.json:
        print(json.dumps(run.summary, indent=2))
    elif not arguments.quiet:
        from rigs.checks.render import show

        show(run.summary, _console(), brief=True)
        days, frames = run.summary["simulated_s"] / 86_400.0, run.summary["frames"]
        speed = f"{days / wall_s:.2f} simulated days/s, {frames / wall_s:,.0f} frames/s"
        print(f"{days:g} days in {wall_s:.2f} s, checks and report included: {speed}")
        print(f"{run.directory}/report.html shows the run, evc5 verify {run.directory} every requirement")


COMMANDS = (
    ("run", run_rig, "run a rig and judge it", _run_options),
    ("verify", verify_run, "judge a run directory or a transcript of OCPP 1.6J frames", _verify_options),
    ("compare", compare_runs, "show what differs between two recordings of one rig", _compare_options),
    ("selftest", run_selftest, "seed bugs into the twin and see each caught", _selftest_options),
    ("csms", serve_charge_points, "serve real charge points, and judge them", _csms_options),
    ("rigs", list_rigs, "list the shipped rigs", _no_options),
    ("schema", print_schema, "print the JSON Schema of rig files, for editors", _no_options),
    ("sheet", print_sheet, "print the capability sheet as the twin holds it", _sheet_options),
    ("bench", run_benchmark, "measure how fast it is on this machine", _bench_options),
)
