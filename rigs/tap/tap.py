"""evc5 tap: listen in between charge points and their back office, and judge what they say."""

import gc
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evc5.rigs.analysis.run import Run
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import printable
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.served.back_office import Tell, shown
from evc5.rigs.served.listener import Address
from evc5.rigs.served.serve import REPORTS, judged_run
from evc5.rigs.tap.findings import Finding, LiveFindings
from evc5.rigs.tap.forward import Forwarder
from evc5.rigs.tap.handshake import Upstream
from evc5.rigs.tap.keeping import Keeper
from evc5.rigs.tap.pseudonyms import Pseudonyms

# The thread that forwards waits for the one that records no longer, at each of the half dozen times that a
# message gives the interpreter away; Python's own is 5 ms.
SWITCH_S = 0.0001
POLL_S = 0.02  # how often what was heard is recorded
SECOND_S = 1.0  # how often what is recorded is handed over: a kill -9 loses so much at most
LEAST_MESSAGE = 20  # columns of a finding, however narrow the terminal
JUDGE_S = 10.0  # how often a recording is judged; assumed


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for."""

    address: Address
    upstream: Upstream
    out: Path | None = None
    record_only: bool = False
    keep_tags: bool = False
    seconds: float | None = None  # None: until Ctrl-C
    stations: int = 1000  # on the line at once


@dataclass(frozen=True, slots=True)
class Outcome:
    """The recordings, judged where that was asked for; what is missing in them has been told."""

    runs: tuple[Run, ...]
    incomplete: bool  # was anything not recorded, or could not be judged?

    @property
    def passed(self) -> bool:
        return bool(self.runs) and all(run.passed for run in self.runs)


def tap(order: Order, tell: Tell) -> Outcome:
    """Listen in until Ctrl-C, or for the seconds ordered; then judge what was recorded, if asked for."""
    directory = order.out or Path("runs") / f"tap-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    lock = Lock(directory)
    try:
        names = None if order.keep_tags else Pseudonyms(directory)
        watch = _Watch(tell)
        keeper = Keeper(directory, lock, watch.tell, watch.warn, names)
        forwarder = Forwarder(order.address, order.upstream, keeper.hear, order.stations)
    except BadInput:
        lock.release()
        raise
    tell(f"charge points may dial {forwarder.url}/<identity>")
    tell(f"instead of {order.upstream.url}")
    live = None if order.record_only else LiveFindings(watch.finding, watch.warn)
    try:
        with _prompt():
            _listen(keeper, live, order.seconds)
    except KeyboardInterrupt:
        pass
    finally:
        forwarder.close()
        directories = keeper.close()
        if live is not None:
            live.close()
        lock.release()
    reports = len(directories) <= REPORTS
    runs = [judged_run(one, reports) for one in directories] if not order.record_only else []
    return Outcome(tuple(runs), watch.incomplete)


@contextmanager
def _prompt() -> Iterator[None]:
    """Bytes wait for nothing of ours: not for the other thread, nor while all that was loaded is swept."""
    switch_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(switch_s)


def _listen(keeper: Keeper, live: LiveFindings | None, seconds: float | None) -> None:
    """In a thread of its own, so that Ctrl-C, which the first one gets, never comes within a message."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        recording = beside.submit(_record, keeper, live, seconds, over)
        try:
            while not recording.done():
                wait([recording], timeout=SECOND_S)  # without end Windows would not hear of Ctrl-C
        finally:
            over.set()
    recording.result()


def _record(keeper: Keeper, live: LiveFindings | None, seconds: float | None, over: threading.Event) -> None:
    began = time.monotonic()
    due_s = judged_s = began
    while not over.is_set() and (seconds is None or time.monotonic() < began + seconds):
        keeper.work()
        now = time.monotonic()
        if now >= due_s:
            due_s = now + SECOND_S
            keeper.second()
        if live is not None and now >= judged_s:
            judged_s = now + JUDGE_S
            live.step(keeper.stations.values())
        over.wait(POLL_S)


class _Watch:
    """What is said in the terminal, a line each; remembers whether anything was lost."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.incomplete = False

    def warn(self, text: str) -> None:
        """Something is not recorded, or not judged."""
        self.incomplete = True
        self.tell(text)

    def tell(self, text: str) -> None:
        self._tell(f"{_clock()} {printable(text)}")

    def finding(self, identity: str, found: Finding) -> None:
        where = f" connector {found['connector']}" if found["connector"] else ""
        begin = f"{_clock()} ✗ {printable(shown(identity))}{where}: "
        end = f" ({found['requirement']})"
        self._tell(begin + _fitting(printable(found["message"]), len(begin) + len(end)) + end)


def _fitting(message: str, taken: int) -> str:
    """One line of the terminal; whole where there is none."""
    if not sys.stderr.isatty():
        return message
    room = max(shutil.get_terminal_size().columns - taken, LEAST_MESSAGE)
    return message if len(message) <= room else f"{message[: room - 1]}…"


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
