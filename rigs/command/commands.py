"""What each command of the command line does, and how it tells of it; the exit code is its result."""

import json
import sys
import textwrap
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evc5.models.units import DAY_S
from evc5.rigs.command.arguments import behaviour_named
from evc5.rigs.command.password import with_password
from evc5.rigs.command.process import load_numpy
from evc5.rigs.durations import lasted
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import printable, printable_tree

if TYPE_CHECKING:
    from rich.console import Console

    from evc5.rigs.analysis.run import Run
    from evc5.rigs.rigfile.file import RigFile
    from evc5.twin.sheet.behaviour import Behaviour

OK = 0
FAILED = 1
BAD_INPUT = 2
OUR_FAULT = 3
INTERRUPTED = 130


def run_rig(arguments: Namespace) -> int:
    load_numpy()
    from evc5.rigs.bench.rig import Rig
    from evc5.rigs.command.progress import bar

    rig = Rig.load(arguments.rig or _replayed_rig(arguments.replay))
    show = not (arguments.quiet or arguments.json)
    began = time.perf_counter()
    with bar(rig.file.name, show=show) as progress:
        behaviour = arguments.behaviour and behaviour_named(arguments.behaviour)
        where = {name: getattr(arguments, name) for name in ("pace", "ca_file", "replay")}
        url = arguments.csms or (rig.file.csms.url if arguments.replay is None else None)
        where["csms"] = with_password(url, arguments.password_file)
        where["jobs"] = arguments.jobs
        run = rig.run(arguments.days, arguments.seed, arguments.out, behaviour, progress, **where)
    _tell(run, arguments, time.perf_counter() - began, rig.file.recording.report)
    if run.summary["state"] == "interrupted":
        return INTERRUPTED
    if damaged := run.summary.get("memory"):
        _say(
            f"evc5: {damaged['damage']}; a fresh one was begun, the damaged one is kept as {damaged['kept']}"
        )
    for fault in run.summary.get("bench_faults", ()):
        _say(f"evc5: {fault}")
    difference = run.summary.get("replay", {}).get("difference")
    if difference:
        print(f"evc5: the replay differs from the recording: {json.dumps(difference)}", file=sys.stderr)
    if run.summary.get("bench_faults"):
        return OUR_FAULT
    return OK if run.passed and not difference else FAILED


def _replayed_rig(replay: Path | None) -> str:
    from evc5.rigs.bench.tape import Tape

    name = Tape.open(replay).rig if replay is not None else None
    if name is None:
        raise BadInput("the following arguments are required: RIG (evc5 run --help)")
    return name


def compare_runs(arguments: Namespace) -> int:
    from evc5.rigs.command.progress import bar
    from evc5.rigs.compare.compare import compare
    from evc5.rigs.probe.results.compare import is_probe

    probes = [is_probe(one) for one in (arguments.a, arguments.b)]
    if all(probes):
        return _compare_probes(arguments)
    if any(probes):
        other = arguments.b if probes[0] else arguments.a
        raise BadInput(f"{other} must be a directory of evc5 probe too (it has no sheet.json)")
    with bar("compare", show=not (arguments.quiet or arguments.json)) as progress:
        found = compare(arguments.a, arguments.b, arguments.seconds, arguments.percent, progress)
    if arguments.figure:
        from evc5.rigs.compare.figure import write_figure

        write_figure(found, arguments.figure)
    if arguments.json:
        print(json.dumps(found.table(), indent=2))
    elif not arguments.quiet:
        from evc5.rigs.compare.render import show

        show(found, _console())
    return OK if found.alike else FAILED


def _compare_probes(arguments: Namespace) -> int:
    from evc5.rigs.command.probe import show_compared
    from evc5.rigs.probe.results.compare import compare

    return show_compared(compare(arguments.a, arguments.b), arguments.json, arguments.quiet)


def run_selftest(arguments: Namespace) -> int:
    from evc5.rigs.command.progress import bar
    from evc5.rigs.selftest.bugs import chosen
    from evc5.rigs.selftest.selftest import selftest

    with bar("selftest", show=not (arguments.quiet or arguments.json)) as progress:
        outcome = selftest(chosen(arguments.bug), progress)
    if arguments.json:
        print(json.dumps(outcome.table(), indent=2))
    elif not arguments.quiet:
        from evc5.rigs.selftest.matrix import show

        show(outcome, _console())
    return OK if outcome.passed else FAILED


def serve_charge_points(arguments: Namespace) -> int:
    from evc5.rigs.rigfile.file import RigFile
    from evc5.rigs.served.limits import Limits
    from evc5.rigs.served.listener import Address
    from evc5.rigs.served.serve import Order, serve

    if arguments.tls_key and not arguments.tls_cert:
        raise BadInput("--tls-key must come with --tls-cert")
    address = Address(arguments.host, arguments.port, arguments.tls_cert, arguments.tls_key)
    rig = RigFile.load(arguments.rig) if arguments.rig else None
    if arguments.dry_run:
        return _rehearse(rig, arguments)
    most = Limits(arguments.max_stations, frames_per_s=arguments.max_frames, bytes_per_s=arguments.max_bytes)
    order = Order(
        address, rig, tuple(arguments.station), arguments.seconds, arguments.out, most, arguments.pace
    )
    tell: Callable[[str], None] = _say_nothing if arguments.quiet else _say
    outcome = serve(order, tell)
    for run in outcome.runs:
        _tell_station(run, arguments, brief=len(outcome.runs) > 1)
    for identity in outcome.missing:
        tell(f"{identity} has not dialled in")
    if not outcome.runs and not outcome.missing:
        tell("nobody has dialled in")
    if outcome.interrupted:
        return INTERRUPTED
    if outcome.faults or outcome.bench_fault is not None:
        return OUR_FAULT
    return OK if outcome.passed else FAILED


def stand_in(arguments: Namespace) -> int:
    """The twin in place of the metal; the bench's end of it judges, so this one only says where it is."""
    from evc5.rigs.rigfile.file import RigFile
    from evc5.rigs.standin.stand_in import Order
    from evc5.rigs.standin.stand_in import stand_in as stand

    tell: Callable[[str], None] = _say_nothing if arguments.quiet else _say
    rig = RigFile.load(arguments.rig)
    directory = stand(Order(rig, arguments.csms, arguments.pace, arguments.seconds, arguments.out), tell)
    tell(f"what the twin lived through is in {directory}")
    return OK


def _rehearse(rig: "RigFile | None", arguments: Namespace) -> int:
    from evc5.rigs.command.progress import bar
    from evc5.rigs.served.dry_run import rehearse

    if rig is None:
        raise BadInput("--dry-run must stand beside a RIG")
    with bar(rig.name, show=not arguments.quiet) as progress:
        lines, passed = rehearse(rig, progress)
    if arguments.json:
        print(json.dumps({"lines": lines, "passed": passed}))
    elif not arguments.quiet:
        for line in lines:
            print(printable(line))
    return OK if passed else FAILED


def listen_in(arguments: Namespace) -> int:
    from evc5.rigs.served.listener import Address
    from evc5.rigs.tap.handshake import Upstream
    from evc5.rigs.tap.tap import Order, tap

    if arguments.tls_key and not arguments.tls_cert:
        raise BadInput("--tls-key must come with --tls-cert")
    host, port = arguments.listen
    address = Address(host, port, arguments.tls_cert, arguments.tls_key)
    order = Order(
        address,
        Upstream.of(arguments.to),
        arguments.out,
        arguments.record_only,
        arguments.keep_tags,
        arguments.seconds,
        arguments.max_stations,
    )
    outcome = tap(order, _say_nothing if arguments.quiet else _say)
    for run in outcome.runs:
        _tell_station(run, arguments, brief=len(outcome.runs) > 1)
    if outcome.incomplete:
        return OUR_FAULT
    return OK if arguments.record_only or outcome.passed else FAILED


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)


def _say_nothing(_: str) -> None:
    pass


def _tell_station(run: "Run", arguments: Namespace, brief: bool) -> None:
    if arguments.json:
        print(json.dumps(run.summary))
    elif not arguments.quiet:
        from evc5.rigs.checks.verdict.headline import headline
        from evc5.rigs.checks.verdict.render import show

        word = headline(run.summary) if "requirements" in run.summary else "said nothing"
        print(printable(f"{run.summary['station']}: {word}"))
        print(printable(f"  {run.summary['frames']} frames in {run.directory}"))
        if "requirements" in run.summary and not brief:
            show(printable_tree(run.summary), _console(), brief=True)


def list_rigs(arguments: Namespace) -> int:
    """The shipped rigs, or one of them copied."""
    from evc5.rigs.rigfile.file import RigFile, copy, names

    if arguments.copy:
        target = copy(arguments.copy, arguments.to or Path())
        print(f"{target} is yours to change: evc5 run {target}")
        return OK
    if arguments.to:
        raise BadInput("DIR must come with --copy NAME (evc5 rigs --help)")
    for name in names():
        rig = RigFile.load(name)
        row = f"{name:<16} {rig.days:>5g} d  {len(rig.plan()):>4} sessions  {rig.title}"
        if sys.stdout.isatty():
            _print_filled(row, indent=41)
        else:
            print(row)  # a line each, for other programs
    return OK


def print_schema(_: Namespace) -> int:
    from evc5.rigs.rigfile.file import json_schema

    print(json.dumps(json_schema(), indent=2))
    return OK


def print_sheet(arguments: Namespace) -> int:
    from evc5.rigs.command.sheet import render_sheet, sheet_data

    behaviour = _loaded(arguments.behaviour)
    if arguments.json:
        print(json.dumps(sheet_data(behaviour), indent=2))
    else:
        _console().print(render_sheet(behaviour))
    return OK


def run_benchmark(arguments: Namespace) -> int:
    from evc5.rigs.speed import benchmark, over_socket, tap_latency
    from evc5.rigs.speed.figures import lines

    def tell(what: str) -> None:
        print(f"measuring: {what} …", file=sys.stderr)

    result: benchmark.Result | over_socket.Result | tap_latency.Result
    if arguments.csms and arguments.tap:
        raise BadInput("--csms must not stand beside --tap, which has a back office of its own")
    if arguments.long and (arguments.csms or arguments.tap):
        raise BadInput("--long measures a year in memory: it must not stand beside --csms or --tap")
    if arguments.tap:
        result = tap_latency.run(arguments.stations, arguments.seconds, tell)
    elif arguments.csms:
        url = with_password(arguments.csms, arguments.password_file)
        assert url is not None
        result = over_socket.run(url, arguments.ca_file, tell)
    else:
        result = benchmark.run(tell, arguments.long)
    if arguments.json:
        print(json.dumps(result.table()))
    else:
        print("\n".join(lines(result)))
    return OK


def _print_filled(text: str, indent: int = 0) -> None:
    """Print words in lines no wider than what shows them, where that is known; a path stays whole."""
    from evc5.rigs.command.console import width

    if (columns := width()) is not None:
        margin = " " * indent
        lines = textwrap.wrap(
            text, columns, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False,
            drop_whitespace=True,
        )  # fmt: skip
        text = "\n".join(lines)
    print(text)


def _console() -> "Console":
    from evc5.rigs.command.console import console

    return console()


def _loaded(name: str) -> "Behaviour":
    from evc5.twin.sheet.behaviour import Behaviour

    try:
        return Behaviour.load(behaviour_named(name))
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"--behaviour {error}") from None


def _tell(run: "Run", arguments: Namespace, wall_s: float, has_report: bool) -> None:
    if arguments.json:
        print(json.dumps(run.summary, indent=2))
    elif not arguments.quiet:
        from evc5.rigs.checks.verdict.render import show

        show(printable_tree(run.summary), _console(), brief=True)
        lasted_s = run.summary["simulated_s"]
        frames = run.summary["frames"]
        speed = f"{lasted_s / DAY_S / wall_s:.2f} simulated days/s, {frames / wall_s:,.0f} frames/s"
        included = "checks and report" if has_report else "checks"
        _print_filled(f"{lasted(lasted_s)} in {wall_s:.2f} s, {included} included: {speed}")
        where = printable(str(run.directory))
        told = f"{where}/report.html shows the run, evc5 verify {where} every requirement"
        if not has_report:
            told = (
                f"{where} holds the run, evc5 verify {where} shows every requirement and writes report.html"
            )
        _print_filled(told)
