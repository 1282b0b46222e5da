"""Verbs that a bench groups: what is done to its link, its mains, its back office, and in which thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from evc5.rigs.bench import asked
from evc5.rigs.bench.assembly import Assembly
from evc5.rigs.bench.csms import Answer
from evc5.rigs.bench.worker import Worker
from evc5.twin.ocpp.schemas import ASKED_OF_CSMS

MOST_TIMES = 1_000_000_000


class HasWorker(Protocol):
    _worker: Worker


P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound=HasWorker)


def verb(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A method that is done where the environment lives, whatever thread calls it."""

    @wraps(method)
    def done(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._worker.do(partial(method, self, *args, **kwargs))

    return done


class LinkVerbs:
    """The network's faults: `down` closes the socket, `silent` keeps it open and lets nothing pass."""

    def __init__(self, assembly: Assembly, worker: Worker) -> None:
        self._assembly = assembly
        self._worker = worker

    @verb
    def down(self) -> None:
        """Close the socket; the charge point notices and dials again until `up`."""
        self._assembly.event("link-down", kind="down")
        self._assembly.link.down()

    @verb
    def silent(self) -> None:
        """Keep the socket open and let nothing pass, either way."""
        self._assembly.event("link-down", kind="silent")
        self._assembly.link.silent()

    @verb
    def up(self) -> None:
        """Let frames pass again; a charge point that lost its socket dials in at its next attempt."""
        self._assembly.event("link-up")
        self._assembly.link.up()


class PowerVerbs:
    """The mains: cut and restored."""

    def __init__(self, assembly: Assembly, worker: Worker) -> None:
        self._assembly = assembly
        self._worker = worker

    @verb
    def cut(self) -> None:
        """Take the mains away: no pilot, contactors open, the agent dies; non-volatile memory stays."""
        self._assembly.event("power-cut")
        self._assembly.station.power_cut()

    @verb
    def restore(self) -> None:
        """Give the mains back: the charge point boots."""
        self._assembly.event("power-restore")
        self._assembly.station.power_restore()


class CsmsVerbs:
    """The embedded back office, scripted."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def reply(
        self,
        action: str,
        payload: Answer | None = None,
        *,
        error: str | None = None,
        silent: bool = False,
        times: int | None = None,
    ) -> None:
        """Script what requests of `action` get: a payload or a function of it; see `BackOffice.reply`."""
        asked.one_of(action, "action", ASKED_OF_CSMS)
        given = payload if payload is None or callable(payload) else asked.payload(payload, "payload")
        if error is not None:
            asked.text(error, "error", "a CALLERROR's code")
        if times is not None:
            asked.whole(times, "times", MOST_TIMES)
        self._assembly.conversation.office.reply(action, given, error=error, silent=silent, times=times)
