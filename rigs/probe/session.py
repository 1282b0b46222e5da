"""A probe from beginning to end: what was, the probes, and the proof that it is as it was."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from evc5.rigs.errors import BadInput
from evc5.rigs.keeper import keeper as keeping
from evc5.rigs.keeper.journal import Journal
from evc5.rigs.keeper.keeper import LOWEST_LEVEL, Keeper
from evc5.rigs.probe.catalogue import catalogue
from evc5.rigs.probe.hands import Hands
from evc5.rigs.probe.line import Line
from evc5.rigs.probe.occupied import Occupied
from evc5.rigs.probe.probe import PUBLISHED, Context, Options, Probe
from evc5.rigs.probe.runner import Finding, Progress, run
from evc5.twin.sheet.behaviour import Behaviour

JOURNAL = "journal.jsonl"
FINDINGS = "probes.jsonl"
SHEET = "sheet.json"  # written last: an interrupted probe has none
MEMORY = "twin-memory.db"  # of a twin of our own
MOST_CONNECTORS = 20  # that a unit is believed to have

Tell = Callable[[str], None]


@dataclass(slots=True)
class Probed:
    """What was found, and what is not as it was."""

    identity: str
    findings: dict[str, Finding]
    facts: dict[str, str]
    left: list[str] = field(default_factory=list)  # what differs at the end, in words
    gone: str = ""  # why the unit was asked no further
    keys: tuple[str, ...] = ()  # that it has or the published sheet names

    @property
    def restored(self) -> bool:
        return not self.left


def probe(
    line: Line,
    identity: str,
    out: Path,
    options: Options,
    hands: Hands | None = None,
    told: Callable[[int, int, Probe], None] = lambda done, of, probe: None,
    tell: Tell = lambda text: None,
) -> Probed:
    """Run what the options allow and is not done yet; the unit is then as before, or what is not is said."""
    out.mkdir(parents=True, exist_ok=True)
    known = Behaviour.load(PUBLISHED)
    journal = Journal.open(out / JOURNAL)
    if journal.before is not None and journal.before["identity"] != identity:
        raise BadInput(f"{out} holds a probe of {journal.before['identity']}, and {identity} has dialled in")
    lowest = LOWEST_LEVEL if options.stack_above is None else options.stack_above + 1
    keeper = Keeper(line.ask, journal, options.danger, lowest)
    if journal.owed:
        tell(f"undone first, of an earlier probe: {', '.join(journal.owed)}")
        keeper.undo_all()
    connectors = _connectors(line)
    keeper.begin(identity, _now(line), (0, *connectors), list(known.keys))
    _keep_heartbeat(line, keeper.values.get("HeartbeatInterval", ""))
    progress = Progress(out / FINDINGS)
    occupied = Occupied(line)
    occupied.ask(connectors)
    context = Context(line, keeper, options, known, hands, connectors, occupied=occupied.why)
    try:
        run(catalogue(known), context, progress, told)
    finally:
        gone = line.gone
        line.again()
        left = keeper.finish()
    keys = (*known.keys, *keeper.values)
    return Probed(identity, progress.findings, progress.facts(), left, gone, keys)


def begin_anew_if_complete(out: Path) -> None:
    """Forget a probe that came to its end and left nothing; any other is gone on with."""
    if (out / SHEET).is_file() and (out / JOURNAL).is_file() and Journal.open(out / JOURNAL).ended:
        for name in (FINDINGS, JOURNAL, SHEET, MEMORY):
            (out / name).unlink(missing_ok=True)


def restore(line: Line, journal: Journal) -> list[str]:
    """What a probe that was killed left: what is still not as before, in words."""
    return keeping.restore(line.ask, journal)


def _keep_heartbeat(line: Line, told: str) -> None:
    if told.isdigit():
        line.keep_heartbeat(int(told))


def _connectors(line: Line) -> list[int]:
    """1, 2, …, as its key tells; else those that announced themselves, or 1."""
    payload = line.ask("GetConfiguration", {"key": ["NumberOfConnectors"]}).payload or {}
    values = [str(entry.get("value")) for entry in payload.get("configurationKey", ())]
    if values and values[0].isdigit() and 1 <= int(values[0]) <= MOST_CONNECTORS:
        return list(range(1, int(values[0]) + 1))
    announced = {one.get("connectorId") for one in line.calls(0, "StatusNotification")}
    return sorted(n for n in announced if isinstance(n, int) and 1 <= n <= MOST_CONNECTORS) or [1]


def _now(line: Line) -> str:
    return datetime.fromtimestamp(line.epoch_s, UTC).isoformat()
