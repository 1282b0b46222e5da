"""The thread that does a bench's work beside a socket."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from evc5.models.timeline import Timeline
from evc5.rigs.bench.worker import step_until
from evc5.rigs.errors import NotAvailable
from evc5.twin.line.hub import Hub
from evc5.twin.line.pace import Lockstep, Pace, Paced
from evc5.twin.line.wire import PATIENCE_S, SETTLED

T = TypeVar("T")
CONDITION_POLL_S = 0.005  # wall clock: how often a condition is looked at
JOIN_S = 15.0  # wall clock: a thread that does not end within this is left behind (dialling takes up to 10 s)


class BenchThread:
    """One thread owns the environment and its socket; others hand it errands and wait.

    In lockstep time stands still between errands, but the socket is served. Paced, time goes on by itself.
    What goes wrong outside of any errand ends the thread, and is raised by the next errand.
    """

    def __init__(self, timeline: Timeline, hub: Hub, pace: Pace) -> None:
        assert isinstance(pace, Lockstep | Paced)
        self._timeline = timeline
        self._hub = hub
        self._pace = pace
        self._lock = threading.Lock()
        self._pending: set[Future[Any]] = set()
        self._failure: BaseException | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run, name="evc5-bench", daemon=True)
        self._thread.start()

    def do(self, errand: Callable[[], T]) -> T:
        if threading.current_thread() is self._thread:
            return errand()
        return self._hand_over(errand).result()

    def advance(self, until_s: float) -> None:
        if isinstance(self._pace, Lockstep):
            pace = self._pace
            timeline = self._timeline
            self.do(lambda: pace.advance(max(until_s, timeline.now)))  # another thread may have gone further
            return
        arrived: Future[None] = Future()
        self._await(arrived)
        self.do(lambda: self._timeline.at(until_s, lambda: self._fulfil(arrived, lambda: None), SETTLED))
        arrived.result()

    def until(self, condition: Callable[[], bool]) -> bool:
        if isinstance(self._pace, Lockstep):
            pace = self._pace
            return self.do(lambda: step_until(condition, self._timeline, pace))
        deadline = time.monotonic() + PATIENCE_S
        self.advance(self._timeline.now)
        while not self.do(condition) and time.monotonic() < deadline:
            time.sleep(CONDITION_POLL_S)
        return self.do(condition)

    def close(self) -> None:
        with suppress(Exception):
            self._hand_over(self._stop).result(JOIN_S)
        self._thread.join(JOIN_S)

    def _hand_over(self, errand: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._await(future)
        self._hub.post(lambda: self._fulfil(future, errand))
        return future

    def _await(self, future: Future[Any]) -> None:
        """Have the thread's end tell this future, if nothing does before."""
        with self._lock:
            if self._over:
                raise self._failure or NotAvailable("the bench is closed")
            self._pending.add(future)

    def _fulfil(self, future: Future[T], errand: Callable[[], T]) -> None:
        with self._lock:
            self._pending.discard(future)
        try:
            result = errand()
        except _Stop:
            future.set_result(None)  # type: ignore[arg-type]  # nobody looks at it
            raise
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    def _run(self) -> None:
        try:
            self._pace.stand()
        except _Stop:
            self._end(None)
        except BaseException as error:
            self._end(error)

    def _end(self, failure: BaseException | None) -> None:
        with self._lock:
            self._over = True
            self._failure = failure
            for future in self._pending:
                future.set_exception(failure or NotAvailable("the bench is closed"))
            self._pending.clear()

    @staticmethod
    def _stop() -> None:
        raise _Stop


class _Stop(Exception):
    """The thread is to end."""
