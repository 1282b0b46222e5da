"""The unit to be probed: a twin of our own, whose memory outlives a kill, or a charge point that dials in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evc5.rigs.bench.bench import Bench
from evc5.rigs.probe.line import BACK_WITHIN_S, Line
from evc5.rigs.probe.session import MEMORY
from evc5.rigs.served.charger import Charger
from evc5.rigs.served.listener import Address
from evc5.twin.ocpp.rpc import REPLY_TIMEOUT_S

TWIN = "twin"
RECORDING = "recording"
LATENCY_S = 0.05  # of the twin's line, as in a rig
DIALS_IN_S = 600.0  # a charge point has dialled in; it may boot first
BOOTS_S = 20.0  # after it dialled in its BootNotification has come; one that only dialled again sends none
SETTLES_S = 5.0  # ... and after that what it tells of its connectors; both assumed


@dataclass(frozen=True, slots=True)
class Served:
    """Where a real charge point dials in, and how long is waited for it."""

    address: Address
    identity: str = ""
    dials_in_s: float = DIALS_IN_S
    boots_s: float = BOOTS_S
    reply_s: float = REPLY_TIMEOUT_S
    back_within_s: float = BACK_WITHIN_S


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit on the line, settled."""

    line: Line
    identity: str


@contextmanager
def twin(behaviour: str, out: Path) -> Iterator[Unit]:
    """A twin in virtual time, from the present moment on; its memory lies in `out` and outlives a kill."""
    out.mkdir(parents=True, exist_ok=True)
    memory = str((out / MEMORY).resolve())
    start = datetime.now(UTC).replace(microsecond=0)
    with Bench(
        behaviour=behaviour, start=start, latency_s=LATENCY_S, memory=memory, out=_fresh(out)
    ) as bench:
        line = Line.of_twin(bench)
        line.wait(SETTLES_S)
        yield Unit(line, bench.rig.station.identity)


@contextmanager
def charge_point(served: Served, out: Path, tell: Callable[[str], None]) -> Iterator[Unit]:
    """Whoever dials in; BenchFault where nobody does."""
    out.mkdir(parents=True, exist_ok=True)
    charger = Charger(
        None,
        _fresh(out),
        wait_s=served.dials_in_s,
        tell=tell,
        address=served.address,
        identity=served.identity,
    )
    with charger:
        charger.do(lambda: charger.station.conversation.wait_at_most(served.reply_s))
        line = Line.of_charger(charger, served.back_within_s)
        line.call_within(0, "BootNotification", served.boots_s)
        line.wait(min(SETTLES_S, served.boots_s))
        yield Unit(line, charger.station.identity)


def _fresh(out: Path) -> Path:
    """A directory for this recording beside those of earlier attempts."""
    number = 1
    while (out / f"{RECORDING}-{number}").exists():
        number += 1
    return out / f"{RECORDING}-{number}"
