"""The command line: evc5, or python -m evc5.

Exit codes: 0 all checks hold, 1 an error finding, 2 bad input, 3 a fault of ours, 130 interrupted.
"""

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from evc5 import __version__
from evc5.rigs.command import commands
from evc5.rigs.command.arguments import (
    count,
    days,
    duration,
    host_and_port,
    identity,
    pace,
    port,
    tolerance,
    whole,
)
from evc5.rigs.command.password import PASSWORD
from evc5.rigs.command.process import (
    ended_by_signals,
    take_any_encoding,
    take_no_plugins,
    told_in_a_line,
)
from evc5.rigs.errors import BadInput, BenchFault, described
from evc5.rigs.printable import printable
from evc5.rigs.secrets import without_passwords

TRACEBACK = "EVC5_TRACEBACK"  # environment: where a fault of ours came from is of use to its maintainers
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, one's share of it, or what one file may hold


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message} ({self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    take_any_encoding()
    take_no_plugins()
    arguments = argparse.Namespace()
    try:
        with ended_by_signals(), told_in_a_line(_say):
            arguments = _parsed(sys.argv[1:] if argv is None else argv)
            command: Callable[[argparse.Namespace], int] = arguments.command
            return command(arguments)
    except BadInput as error:
        return _refused(str(error))
    except BenchFault as error:
        _say(str(error))
        return commands.OUR_FAULT
    except KeyboardInterrupt:
        _say("interrupted")
        return commands.INTERRUPTED
    except BrokenPipeError:  # evc5 … | head
        sys.stderr.close()
        return commands.OK
    except OSError as error:
        return _refused(_said(error, getattr(arguments, "out", None)))
    except Exception as error:
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        told = f"a fault of evc5 itself, not of what it judges: {described(error)}"
        _say(f"{told}; {TRACEBACK}=1 shows its traceback")
        return commands.OUR_FAULT


def _refused(why: str) -> int:
    _say(why)
    return commands.BAD_INPUT


def _say(text: str) -> None:
    print(f"evc5: {printable(without_passwords(text))}", file=sys.stderr)


def _said(error: OSError, out: Path | None) -> str:
    """What the operating system refused, in one line; with the option where it is about `out`."""
    why = error.strerror or str(error)
    option = f"--out {out}: "
    if error.errno in FULL:
        full = f"nothing more can be written: {why}; what is recorded already is kept"
        return full if out is None else option + full
    where = f"{error.filename}: " if error.filename else ""
    return option + why if out is not None and str(out) in f"{where}{error}" else f"{where}{why}"


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """What is asked for, as `parser` has it; the options of other commands are not built: they take 4 ms."""
    for name, action, help_, options in COMMANDS:
        if name in words[:1]:
            only = Parser(prog=f"evc5 {name}", description=help_)
            only.set_defaults(command=action)
            options(only)
            asked, unknown = only.parse_known_args(words[1:])
            if unknown:
                Parser(prog="evc5").error(f"unrecognized arguments: {' '.join(unknown)}")
            return asked
    return parser().parse_args(words)


def parser() -> argparse.ArgumentParser:
    about = "A digital twin of the EVC5 charge controller and the bench around it."
    top = Parser(prog="evc5", description=about)
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subcommands = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, action, help_, options in COMMANDS:
        sub = subcommands.add_parser(name, help=help_, description=help_)
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
    _dial_options(sub)
    sub.add_argument("--pace", type=pace, metavar="max|FACTOR", default="max", help="1 is real time")
    what = "1 judges after the run; else a long run is judged meanwhile, where there is a core for it"
    sub.add_argument("--jobs", type=count, metavar="N", help=what)
    what = "play a recording's back office again: the charge point should say the same (exit 1 where not)"
    sub.add_argument("--replay", type=Path, metavar="RUN", help=what)
    _voice(sub)


def _verify_options(sub: argparse.ArgumentParser) -> None:
    what = "run directories, messages.jsonl or anybody's logs, packed or not; - is standard input"
    sub.add_argument("recording", nargs="*", metavar="RUN|LOG", help=what)
    sub.add_argument("--station", metavar="ID", help="the one to judge of a log of many")
    what = "of a log's times without one, as Europe/Amsterdam (default: by the CSMS's currentTime)"
    sub.add_argument("--timezone", metavar="ZONE", help=what)
    what = "where a log was written (default csms: what crosses on the way has no order)"
    sub.add_argument("--end", choices=("csms", "station"), help=what)
    sub.add_argument("--behaviour", metavar="NAME")
    sub.add_argument("--policy", action="append", default=[], metavar="NAME=VALUE")
    sub.add_argument("--tolerance", action="append", default=[], metavar="NAME=VALUE")
    what = "exit 1 where one of these is not PASS (repeatable)"
    sub.add_argument("--require", action="append", default=[], metavar="ID,…", help=what)
    what = "deviations that are accepted, by vendor, model and firmware (TOML; repeatable)"
    sub.add_argument("--known", type=Path, action="append", default=[], metavar="FILE", help=what)
    what = "write there, for each fault, what one sends to a maker: a page and a minimal transcript"
    sub.add_argument("--case", type=Path, metavar="DIR", help=what)
    sub.add_argument("--all", action="store_true", help="every requirement, finding and session")
    what = "what a requirement asks and needs; without ID, all names of requirements, tolerances, policies"
    sub.add_argument("--explain", nargs="?", const="", metavar="ID", help=what)
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
    sub.add_argument("--station", type=identity, action="append", default=[], metavar="IDENTITY", help=what)
    _limit_options(sub)
    sub.add_argument("--for", type=duration, metavar="SECONDS", dest="seconds", help="default: until Ctrl-C")
    sub.add_argument("--out", type=Path, metavar="DIR", help="run directory, or the folder of several")
    what = "times as fast as the clock; other than 1 only with driver sim, or hardware.stand_in"
    sub.add_argument("--pace", type=pace, metavar="FACTOR", default=1.0, help=what)
    what = "touch nothing: who would do which step, which keys are set, and what the twin makes of RIG"
    sub.add_argument("--dry-run", action="store_true", help=what)
    _voice(sub)


def _limit_options(sub: argparse.ArgumentParser) -> None:
    from evc5.rigs.served.limits import Limits

    most = Limits()
    what = f"on the line at once; more are refused (default {most.stations})"
    sub.add_argument("--max-stations", type=count, default=most.stations, metavar="N", help=what)
    what = "frames a second of one charge point; it is read more slowly beyond"
    what += f" (default {most.frames_per_s:.0f})"
    sub.add_argument("--max-frames", type=count, default=most.frames_per_s, metavar="N", help=what)
    what = f"the same in bytes a second (default {most.bytes_per_s:.0f})"
    sub.add_argument("--max-bytes", type=count, default=most.bytes_per_s, metavar="N", help=what)


def _stand_in_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("rig", metavar="RIG", help="whose [hardware] is served, and whose station dials in")
    what = "the back office that it dials (default ws://127.0.0.1:9000)"
    sub.add_argument("--csms", metavar="URL", default="ws://127.0.0.1:9000", help=what)
    sub.add_argument("--pace", type=pace, metavar="FACTOR", default=1.0, help="as that of evc5 csms")
    what = "default: until the back office has ended, or Ctrl-C"
    sub.add_argument("--for", type=duration, metavar="SECONDS", dest="seconds", help=what)
    sub.add_argument("--out", type=Path, metavar="DIR", help="the twin's own run directory")
    sub.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _tap_options(sub: argparse.ArgumentParser) -> None:
    what = "where charge points dial in; 0.0.0.0 is every address, port 0 any free one"
    sub.add_argument("--listen", type=host_and_port, required=True, metavar="HOST:PORT", help=what)
    sub.add_argument(
        "--to", required=True, metavar="URL", help="their back office: ws://host/path or wss://…"
    )
    sub.add_argument("--tls-cert", type=Path, metavar="PEM", help="serve wss:// with this certificate")
    sub.add_argument("--tls-key", type=Path, metavar="PEM", help="its key, where it stands in another file")
    what = "the folder of the recordings, one a charge point and day (of UTC)"
    sub.add_argument("--out", type=Path, metavar="DIR", help=what)
    sub.add_argument("--record-only", action="store_true", help="judge nothing; evc5 verify does at any time")
    what = "write cards as they are; else the same card always has the same other name"
    sub.add_argument("--keep-tags", action="store_true", help=what)
    what = "on the line at once; more are refused (default 1000)"
    sub.add_argument("--max-stations", type=count, default=1000, metavar="N", help=what)
    sub.add_argument("--for", type=duration, metavar="SECONDS", dest="seconds", help="default: until Ctrl-C")
    _voice(sub)


def _probe_options(sub: argparse.ArgumentParser) -> None:
    from evc5.rigs.command import probe

    probe.options(sub)
    _voice(sub)


def _shadow_options(sub: argparse.ArgumentParser) -> None:
    from evc5.rigs.command import shadow

    shadow.options(sub)


def _compare_options(sub: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        sub.add_argument(
            name,
            type=Path,
            metavar=f"RUN_{name.upper()}",
            help="as for verify; or two directories of evc5 probe",
        )
    sub.add_argument("--figure", type=Path, metavar="FILE", help="draw it too: .png, .svg or .pdf")
    what = "times that differ by no more are alike (default 1)"
    sub.add_argument("--seconds", type=tolerance, default=1.0, metavar="S", help=what)
    what = "meter values that differ by no more are alike (default 0)"
    sub.add_argument("--percent", type=tolerance, default=0.0, metavar="P", help=what)
    _voice(sub)


def _sweep_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("sweep", type=Path, metavar="SWEEP.toml", help="a rig, and what is varied")
    sub.add_argument("--jobs", type=count, metavar="N", help="processes (default: one a core)")
    what = "the workers of a Dask scheduler instead, as tcp://host:8786"
    sub.add_argument("--scheduler", metavar="ADDRESS", help=what)
    what = "where results go, and a sweep that was interrupted goes on (default sweeps/<file>)"
    sub.add_argument("--out", type=Path, metavar="DIR", help=what)
    _voice(sub)


def _selftest_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--bug", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    _voice(sub)


def _rigs_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--copy", metavar="NAME", help="copy this one, to be changed")
    what = "where to: a folder (default: this one) or a .toml file"
    sub.add_argument("to", type=Path, nargs="?", metavar="DIR", help=what)


def _sheet_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--behaviour", default="evc5-v32r30", metavar="NAME")
    _json_option(sub)


def _json_option(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON")


def _bench_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--long", action="store_true", help="a year as well, which takes minutes")
    sub.add_argument("--csms", metavar="URL", help="measure the socket instead, against this back office")
    sub.add_argument("--tap", action="store_true", help="measure instead what listening in costs")
    what = "with --tap: so many straight, and as many through the tap (default 200)"
    sub.add_argument("--stations", type=count, default=200, metavar="N", help=what)
    what = "with --tap: for so long (default 60)"
    sub.add_argument("--for", type=duration, default=60.0, metavar="SECONDS", dest="seconds", help=what)
    _dial_options(sub)
    _json_option(sub)


def _dial_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--ca-file", type=Path, metavar="PEM", help="whom to trust for a wss:// back office")
    what = f"holds the password for --csms; else ${PASSWORD} does, so that no list of processes shows it"
    sub.add_argument("--password-file", type=Path, metavar="FILE", help=what)


def _no_options(_: argparse.ArgumentParser) -> None:
    pass


def _voice(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--quiet", action="store_true", help="print nothing but errors")
    _json_option(sub)


# -- commands in files of their own, which only they load ------------------------------------------


def _verify(asked: argparse.Namespace) -> int:
    from evc5.rigs.command.verify import verify_run

    return verify_run(asked)


def _sweep(asked: argparse.Namespace) -> int:
    from evc5.rigs.command.sweep import run_sweep

    return run_sweep(asked)


def _shadow(asked: argparse.Namespace) -> int:
    from evc5.rigs.command.shadow import shadow_run

    return shadow_run(asked)


def _probe(asked: argparse.Namespace) -> int:
    from evc5.rigs.command.probe import probe

    return probe(asked)


COMMANDS = (
    ("run", commands.run_rig, "run a rig and judge it", _run_options),
    (
        "verify",
        _verify,
        "judge a run directory or a transcript of OCPP 1.6J frames",
        _verify_options,
    ),
    (
        "compare",
        commands.compare_runs,
        "show what differs between two recordings of one rig, or two probes",
        _compare_options,
    ),
    ("sweep", _sweep, "run a rig many times over, with keys and seeds varied", _sweep_options),
    ("selftest", commands.run_selftest, "seed bugs into the twin and see each caught", _selftest_options),
    ("csms", commands.serve_charge_points, "serve real charge points, and judge them", _csms_options),
    ("stand-in", commands.stand_in, "put the twin where a bench's metal would be", _stand_in_options),
    ("shadow", _shadow, "let the twin live through a real charger's recording", _shadow_options),
    ("tap", commands.listen_in, "listen in between charge points and their back office", _tap_options),
    ("probe", _probe, "learn what a charge point can, and leave it as it was", _probe_options),
    ("rigs", commands.list_rigs, "list the shipped rigs, or copy one", _rigs_options),
    ("schema", commands.print_schema, "print the JSON Schema of rig files, for editors", _no_options),
    ("sheet", commands.print_sheet, "print the capability sheet as the twin holds it", _sheet_options),
    ("bench", commands.run_benchmark, "measure how fast it is on this machine", _bench_options),
)
