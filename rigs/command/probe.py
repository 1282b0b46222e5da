"""evc5 probe: asks a charge point what it can, and leaves it as it was."""

import json
import sys
import textwrap
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evc5.rigs.command.arguments import behaviour_named, identity, port, whole
from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.printable import printable

if TYPE_CHECKING:
    from evc5.rigs.keeper.journal import Journal
    from evc5.rigs.probe.hands import Hands
    from evc5.rigs.probe.probe import Probe
    from evc5.rigs.probe.results.compare import Compared
    from evc5.rigs.probe.results.seen import SeenRow
    from evc5.rigs.probe.session import Probed
    from evc5.rigs.probe.units import Unit

OK, FAILED, OUR_FAULT = 0, 1, 3
FLAGS = {"car": "session"}  # that allow it, where they are called otherwise than what it needs
WIDTH = 79  # columns
NOTHING = '""'  # a value that is told, and empty
HOST, PORT = "127.0.0.1", 9000
# A flag, those that have no effect beside it, and why.
ALONE = (
    ("twin", ("host", "port", "identity", "tls_cert", "tls_key"), "dials nowhere"),
    (
        "restore",
        ("only", "session", "faults", "disruptive", "danger", "stack_above", "out"),
        "puts back and asks nothing else",
    ),
)
TOLD_EVERY_S = 10.0  # wall clock: progress where no terminal shows a bar


def options(sub: ArgumentParser) -> None:
    """The command's flags, less those for its voice."""
    sub.add_argument("--twin", action="store_true", help="probe a twin of our own, in virtual time")
    sub.add_argument("--behaviour", metavar="NAME", help="of the twin: evc5-v32r30, ocpp16 or a TOML file")
    what = "where a charge point dials in; 0.0.0.0: every address (default 127.0.0.1)"
    sub.add_argument("--host", help=what)
    sub.add_argument("--port", type=port, metavar="N", help="default 9000")
    sub.add_argument("--identity", type=identity, metavar="ID", help="who may dial in (default: anyone)")
    sub.add_argument("--tls-cert", type=Path, metavar="PEM", help="serve wss:// with this certificate")
    sub.add_argument("--tls-key", type=Path, metavar="PEM", help="its key, where it stands in another file")
    sub.add_argument("--only", metavar="GROUP,…", help="these groups alone (evc5 probe --list)")
    sub.add_argument(
        "--session", action="store_true", help="plug a car in too: the twin's rig, or you, who are asked"
    )
    what = "also bring faults about and cut the mains: the twin's rig, or you with a test box"
    sub.add_argument("--faults", action="store_true", help=what)
    sub.add_argument(
        "--disruptive", action="store_true", help="also what restarts it, moves a lock, empties a list"
    )
    what = "a key that is protected, or a message, that may be used all the same (repeatable)"
    sub.add_argument("--danger", action="append", default=[], metavar="KEY", help=what)
    what = "the highest stack level in use, where the owner's profiles are in force"
    sub.add_argument("--stack-above", type=whole, metavar="N", help=what)
    what = "where findings, journal and sheet go, and an interrupted probe goes on (default probes/…)"
    sub.add_argument("--out", type=Path, metavar="DIR", help=what)
    what = "put back what a probe that was killed had changed, and ask nothing else"
    sub.add_argument("--restore", type=Path, metavar="JOURNAL", help=what)
    sub.add_argument(
        "--list", action="store_true", help="list the probes: what each asks, needs and disturbs"
    )


def probe(arguments: Namespace) -> int:
    """Exit 0: as it was before; 1: something is not, or it was asked no further; 3: nobody dialled in."""
    if arguments.list:
        return _list(arguments)
    if arguments.behaviour and not arguments.twin:
        raise BadInput("--behaviour must come with --twin: a real charge point has its own")
    if arguments.tls_key and not arguments.tls_cert:
        raise BadInput("--tls-key must come with --tls-cert")
    for alone, others, why in ALONE:
        if getattr(arguments, alone) and (given := _given(arguments, others)):
            raise BadInput(f"--{given} must not stand beside --{alone}, which {why}")
    tell = _silent if arguments.quiet else _say
    try:
        return _restore(arguments, tell) if arguments.restore else _probe(arguments, tell)
    except BenchFault as fault:
        _say(f"evc5: {fault}")
        return OUR_FAULT


def _given(arguments: Namespace, names: tuple[str, ...]) -> str:
    """The first of these flags that was given; empty: none."""
    given = (name for name in names if getattr(arguments, name) not in (None, []))
    return next((name for name in given if getattr(arguments, name) is not False), "").replace("_", "-")


def _probe(arguments: Namespace, tell: Callable[[str], None]) -> int:
    from evc5.rigs.probe.catalogue import catalogue, groups
    from evc5.rigs.probe.probe import PUBLISHED, Options
    from evc5.rigs.probe.results.write import write
    from evc5.rigs.probe.session import JOURNAL, begin_anew_if_complete
    from evc5.rigs.probe.session import probe as run
    from evc5.twin.sheet.behaviour import Behaviour

    only = tuple(part.strip() for part in (arguments.only or "").split(",") if part.strip())
    known = groups(catalogue(Behaviour.load(PUBLISHED)))
    wrong = [group for group in only if group not in known]
    if wrong or (arguments.only is not None and not only):
        got = wrong[0] if wrong else repr(arguments.only)
        raise BadInput(f"--only must name some of {', '.join(known)}, got {got}")
    chosen = Options(
        session=arguments.session or arguments.faults,
        disruptive=arguments.disruptive,
        faults=arguments.faults,
        danger=tuple(arguments.danger),
        only=only,
        stack_above=arguments.stack_above,
    )
    out = arguments.out or Path("probes") / f"{'twin' if arguments.twin else arguments.identity or 'unit'}"
    begin_anew_if_complete(out)
    with _unit(arguments, out, tell) as unit, _progress(arguments) as told:
        hands = _hands(unit) if chosen.session else None
        try:
            probed = run(unit.line, unit.identity, out, chosen, hands, told, tell)
        except KeyboardInterrupt:
            _say(f"interrupted: the same command with --out {out} goes on;")
            _say(f"evc5 probe --restore {out / JOURNAL} only puts back what is left")
            raise
        boot = [["up" if one.is_up else "down", one.frame] for one in unit.line.since(0)]
    rows = write(probed, out, f"{datetime.now(UTC):%Y-%m-%d %H:%M}", boot)
    _tell(probed, rows, out, arguments)
    return OK if probed.restored and not probed.gone else FAILED


def _restore(arguments: Namespace, tell: Callable[[str], None]) -> int:
    from evc5.rigs.keeper.journal import Journal
    from evc5.rigs.probe.session import restore

    journal = Journal.open(arguments.restore, existing=True)
    with _unit(arguments, arguments.restore.parent, tell) as unit:
        _check_same(unit, journal)
        tell(f"to be undone: {', '.join(journal.owed) or 'nothing'}")
        left = restore(unit.line, journal)
    if arguments.json:
        print(json.dumps({"restored": not left, "left": left}, indent=2))
    elif not arguments.quiet:
        _print([f"not as before: {line}" for line in left] or ["all is as it was before"])
    return FAILED if left else OK


def _check_same(unit: "Unit", journal: "Journal") -> None:
    of = (journal.before or {}).get("identity")
    if of != unit.identity:
        raise BadInput(f"--restore {journal.path} is of {of}, and {unit.identity} has dialled in")


@contextmanager
def _unit(arguments: Namespace, out: Path, tell: Callable[[str], None]) -> "Iterator[Unit]":
    from evc5.rigs.probe.units import Served, charge_point, twin
    from evc5.rigs.served.listener import Address

    if arguments.twin:
        with twin(_behaviour(arguments), out) as unit:
            yield unit
        return
    port = PORT if arguments.port is None else arguments.port
    address = Address(arguments.host or HOST, port, arguments.tls_cert, arguments.tls_key)
    with charge_point(Served(address, arguments.identity or ""), out, tell) as unit:
        yield unit


def _behaviour(arguments: Namespace) -> str:
    return behaviour_named(arguments.behaviour or "evc5-v32r30")


def _hands(unit: "Unit") -> "Hands":
    from evc5.rigs.bench.bench import Bench
    from evc5.rigs.probe.hands import Person, TwinHands

    device = unit.line.device
    return TwinHands(device) if isinstance(device, Bench) else Person(sys.stderr, sys.stdin.readline)


@contextmanager
def _progress(arguments: Namespace) -> "Iterator[Callable[[int, int, Probe], None]]":
    """A bar on a terminal; else a line now and then with the time that is left."""
    from evc5.rigs.command.progress import bar

    show = not (arguments.quiet or arguments.json)
    began_s = last_s = time.monotonic()

    def line(done: int, of: int, probe: "Probe") -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if show and now_s - last_s >= TOLD_EVERY_S and done:
            last_s = now_s
            left_s = (now_s - began_s) / done * (of - done)
            _say(_cut(f"{done} of {of} probes, about {left_s:.0f} s left: {probe.asks}"))

    with bar("probe", show=show) as tell:
        yield line if tell is None else lambda done, of, probe: tell(done, of)


def _tell(probed: "Probed", rows: "list[SeenRow]", out: Path, arguments: Namespace) -> None:
    from evc5.rigs.probe.results.write import ANSWER, PAGE
    from evc5.rigs.probe.session import SHEET

    if arguments.json:
        print((out / SHEET).read_text(encoding="utf-8"))
        return
    if arguments.quiet:
        return
    from evc5.rigs.probe.runner import GIVEN_UP, IDLE_ALONE, NOT_RUN, counted

    counts = counted(probed.findings)
    lines = [f"{probed.identity}: " + ", ".join(f"{count} {state}" for state, count in counts.items())]
    lines += [f"asked no further: {probed.gone}"] if probed.gone else []
    busy = [one.why for one in probed.findings.values() if one.state == NOT_RUN and IDLE_ALONE in one.why]
    lines += (
        [f"{_counted(len(busy), 'probe')} left for an idle unit: {busy[0].partition(',')[0]}"] if busy else []
    )
    given_up = [one for one in probed.findings.values() if one.state == GIVEN_UP and not probed.gone]
    lines += [f"  {one.probe} given up: {one.why}" for one in given_up]
    found = [(row, cell) for row in rows for cell in row.differences]
    same = "as the published sheet says" if probed.facts else "nothing was seen of what a sheet tells"
    lines.append(f"{_counted(len(found), 'difference')} from the published sheet" if found else same)
    lines += [
        f"  table {row.table} {row.name}, {cell.column}: {cell.seen}, published {cell.published}"
        for row, cell in found
    ]
    lines += [f"not as before: {one}" for one in probed.left] or ["all is as it was before"]
    lines += [
        f"--danger {name} named no key of this unit and no message" for name in _unheard(probed, arguments)
    ]
    lines += [f"the sheet: {out / PAGE}", f"what SetChargingProfile supports: {out / ANSWER}"]
    _print(lines)


def _unheard(probed: "Probed", arguments: Namespace) -> list[str]:
    """What --danger named and nothing knows."""
    from evc5.rigs.probe.catalogue import catalogue
    from evc5.rigs.probe.probe import PUBLISHED
    from evc5.twin.sheet.behaviour import Behaviour

    actions = {one.action.lower() for one in catalogue(Behaviour.load(PUBLISHED))}
    known = actions | {name.lower() for name in probed.keys}
    return [name for name in arguments.danger if name.lower() not in known]


def _list(arguments: Namespace) -> int:
    from evc5.rigs.probe.catalogue import catalogue
    from evc5.rigs.probe.probe import PUBLISHED
    from evc5.twin.sheet.behaviour import Behaviour

    found = catalogue(Behaviour.load(PUBLISHED))
    if arguments.json:
        fields = ("name", "group", "asks", "needs", "disturbs", "decides", "restores")
        print(json.dumps([{name: getattr(one, name) for name in fields} for one in found], indent=2))
        return OK
    for one in found:
        flag = " ".join(filter(None, [FLAGS.get(one.needs, one.needs), one.action]))
        needs = "" if one.needs == "idle" else f"  (--{flag})"
        lines = [f"{one.group:<12} {one.name}{needs}", *_indented(one.asks)]
        if one.disturbs != "nothing":
            lines += _indented(f"disturbs: {one.disturbs}; afterwards: {one.restores}")
        _print(lines)
    return OK


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * 13, subsequent_indent=" " * 13)


def show_compared(compared: "Compared", as_json: bool, quiet: bool) -> int:
    """What differs between two probes; 0: nothing."""
    if as_json:
        table = {
            name: [{"fact": one.fact, "before": one.before, "after": one.after} for one in changes]
            for name, changes in (("changes", compared.changes), ("only_one", compared.only_one))
        }
        print(json.dumps({"alike": compared.alike, **table}, indent=2))
    elif not quiet:
        lines = [f"{one.fact}: {one.before or NOTHING} → {one.after or NOTHING}" for one in compared.changes]
        for one in compared.only_one:
            which = "second" if not one.before else "first"
            lines.append(f"{one.fact}: only the {which} tells: {one.before or one.after}")
        _print(lines or ["the two answer alike"])
    return OK if compared.alike else FAILED


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' if count != 1 else ''}"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _print(lines: list[str]) -> None:
    """Lines that are too long go on below, further in; a path or a name is not broken."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        folded = textwrap.wrap(
            printable(line), WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        print("\n".join(folded))


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)


def _silent(_: str) -> None:
    pass
