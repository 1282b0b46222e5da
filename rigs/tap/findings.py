"""Findings while a tap listens: another process judges what has been written so far."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from evc5.rigs.tap.keeping import Kept

Finding = Mapping[str, Any]
NICE = 10  # traffic comes first
Told = tuple[str, str, int | None, str]


@dataclass(slots=True)
class LiveFindings:
    """One recording is judged at a time, the one with the most that is new; each finding is told once."""

    tell: Callable[[str, Finding], None]  # a charge point's identity, and what was found
    warn: Callable[[str], None]
    _pool: ProcessPoolExecutor | None = None
    _running: tuple[str, Future[list[dict[str, Any]]]] | None = None
    _told: set[Told] = field(default_factory=set)
    _failed: bool = False

    def step(self, stations: Iterable[Kept]) -> None:
        """Take what was found, and have the next recording judged."""
        if self._failed:
            return
        try:
            self._step(stations)
        except Exception as error:  # of the process, or of the judge: the tap goes on
            self._failed = True
            why = f"{type(error).__name__}: {error}"
            self.warn(f"NOT JUDGED while it runs any more ({why}); evc5 verify judges the recordings")

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _step(self, stations: Iterable[Kept]) -> None:
        if self._running is not None:
            identity, found = self._running
            if not found.done():
                return
            self._running = None
            for finding in self._new(identity, found.result()):
                self.tell(identity, finding)
        waiting = [kept for kept in stations if kept.fresh and not kept.is_lost]
        if waiting:
            kept = max(waiting, key=lambda one: one.fresh)
            kept.fresh = 0
            kept.recorder.flush()
            self._running = kept.identity, self._judges().submit(judged, kept.directory)

    def _judges(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=step_back)
        return self._pool

    def _new(self, identity: str, findings: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for finding in findings:
            key = identity, finding["requirement"], finding["connector"], finding["message"]
            if finding["severity"] == "error" and key not in self._told:
                self._told.add(key)
                yield finding


def step_back() -> None:
    """Run after everything else, and leave Ctrl-C to the tap."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError, OSError):  # Windows has no such thing
        os.nice(NICE)


def judged(directory: Path) -> list[dict[str, Any]]:
    """The findings of a recording as far as it is written."""
    from evc5.rigs.checks import judge

    return judge(directory).findings
