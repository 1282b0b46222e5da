"""Where the thread that owns the environment waits: for sockets, for errands of other threads, for time.

One `select` serves all three. A reader thread and a queue would cost two thread switches a frame, a third of
what a frame takes; `simpy.rt` sleeps deaf to the socket.
"""

import selectors
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

Errand = Callable[[], None]


class Hub:
    """Sockets to read and errands to run, all in the thread that calls `wait` and `handle`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._errands: deque[Errand] = deque()
        self._ready: list[Errand] = []
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain)

    def watch(self, sock: socket.socket, on_readable: Errand) -> None:
        """Call `on_readable` from `handle` whenever the socket has something to read."""
        self._selector.register(sock, selectors.EVENT_READ, on_readable)

    def forget(self, sock: socket.socket) -> None:
        """Watch a socket no more; it need not be open any longer, nor watched."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def post(self, errand: Errand) -> None:
        """Have something done in the environment's thread; the only method for other threads."""
        self._errands.append(errand)
        with suppress(BlockingIOError, OSError):  # full: it wakes anyway; closed: nobody waits any more
            self._waker.send(b"\0")

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until there is something for `handle`, at most `timeout_s`; None waits without end."""
        self._ready = [key.data for key, _ in self._selector.select(timeout_s)]
        return bool(self._ready)

    def handle(self) -> None:
        """Read the sockets that `wait` found readable, and run the errands, in the order they came."""
        ready, self._ready = self._ready, []
        for action in ready:
            action()

    def close(self) -> None:
        """Let go of everything; errands still waiting are dropped."""
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
        while self._errands:
            self._errands.popleft()()
