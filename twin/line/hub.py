"""Where the thread that owns the environment waits: for sockets, for errands of other threads, for time.

One poll serves all three. A reader thread and a queue would cost two thread switches a frame, a third of
what a frame takes; `simpy.rt` sleeps deaf to the socket.
"""

import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any

Errand = Callable[[], None]
READABLE = getattr(select, "POLLIN", 1)
give_way: Errand = getattr(os, "sched_yield", lambda: None)  # to whoever wants this core, if anybody


class Selecting:
    """What `select.poll` is, for where there is none (Windows)."""

    def __init__(self) -> None:
        self._fds: set[int] = set()

    def register(self, fd: int, _: int) -> None:
        self._fds.add(fd)

    def unregister(self, fd: int) -> None:
        self._fds.remove(fd)

    def poll(self, timeout_ms: float | None) -> list[tuple[int, int]]:
        timeout_s = None if timeout_ms is None else timeout_ms / 1e3
        return [(fd, READABLE) for fd in select.select(self._fds, [], [], timeout_s)[0]]


POLL: Callable[[], Any] = getattr(select, "poll", Selecting)  # `selectors` would take twice as long


class Hub:
    """Sockets to read and errands to run, all in the thread that calls `wait` and `handle`."""

    def __init__(self, poll: Callable[[], Any] = POLL) -> None:
        self._poll = poll()
        self._actions: dict[int, Errand] = {}  # by file descriptor
        self._watched: dict[socket.socket, int] = {}
        self._errands: deque[Errand] = deque()
        self._ready: list[Errand] = []
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self.watch(self._woken, self._drain)

    def watch(self, sock: socket.socket, on_readable: Errand) -> None:
        """Call `on_readable` from `handle` whenever the socket has something to read."""
        self._watched[sock] = fd = sock.fileno()
        self._actions[fd] = on_readable
        self._poll.register(fd, READABLE)

    def forget(self, sock: socket.socket) -> None:
        """Watch a socket no more; it need not be open any longer, nor watched."""
        fd = self._watched.pop(sock, None)
        if fd is not None:
            del self._actions[fd]
            self._poll.unregister(fd)

    def post(self, errand: Errand) -> None:
        """Have something done in the environment's thread; the only method for other threads."""
        self._errands.append(errand)
        with suppress(BlockingIOError, OSError):  # full: it wakes anyway; closed: nobody waits any more
            self._waker.send(b"\0")

    def wait(self, timeout_s: float | None, polling_s: float = 0.0) -> bool:
        """Wait until there is something for `handle`, at most `timeout_s`; None waits without end.

        Before that, `polling_s` without sleep: to be woken takes as long as many an answer.
        """
        timeout_ms = ceil(timeout_s * 1e3) if timeout_s else timeout_s
        found = (polling_s and self._poll_busily(polling_s)) or self._poll.poll(timeout_ms)
        self._ready = [self._actions[fd] for fd, _ in found]
        return bool(self._ready)

    def _poll_busily(self, polling_s: float) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        poll = self._poll.poll
        until_wall_s = time.perf_counter() + polling_s
        while not found and time.perf_counter() < until_wall_s:
            found = poll(0)
            give_way()
        return found

    def handle(self) -> None:
        """Read the sockets that `wait` found readable, and run the errands, in the order they came."""
        ready = self._ready
        self._ready = []
        for action in ready:
            action()

    def close(self) -> None:
        """Let go of everything; errands still waiting are dropped."""
        self._woken.close()
        self._waker.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
        while self._errands:
            self._errands.popleft()()
