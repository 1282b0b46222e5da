"""Who may draw how much: the limits of each channel, those that all share, and what each is granted.

Amperes are per phase throughout. The lowest limit holds and gives its name to telemetry's `limited_by`.
"""

from collections.abc import Mapping, Sequence
from math import inf
from operator import itemgetter
from typing import NamedTuple

from evc5.models.sharing import Want, share
from evc5.models.supply import Three
from evc5.models.units import made

EPSILON_A = 1e-9
_amps_of = itemgetter(1)


class Request(NamedTuple):
    """One channel that may charge, with its own limits by name (rated, cable, temperature, profile, …)."""

    connector: int
    caps_a: Mapping[str, float]
    minimum_a: float
    phases: tuple[int, ...] = (1, 2, 3)  # of the grid, that it may load


class Grant(NamedTuple):
    """What a channel is allowed, and which limit decided; 0 A is a pause."""

    amps: float
    limited_by: str


def lowest(caps_a: Mapping[str, float]) -> tuple[float, str]:
    """The binding limit and its name; of equal ones the first named."""
    name, amps = min(caps_a.items(), key=_amps_of)
    return amps, name


def room(shared_a: Mapping[str, Three]) -> Three:
    """What all channels together may draw on each phase."""
    if len(shared_a) == 1:  # the station's own, mostly
        return next(iter(shared_a.values()))
    first, second, third = zip((inf, inf, inf), *shared_a.values(), strict=True)
    return min(first), min(second), min(third)


def arbitrate(
    requests: Sequence[Request], shared_a: Mapping[str, Three], first_come: bool = False, turn: int = 0
) -> dict[int, Grant]:
    """Grant each request its amps so that on no phase their sum is above the lowest of `shared_a`.

    `shared_a` holds limits on the sum by name (station, profile, grid). Who shares how: `sharing`. A
    channel that cannot have its minimum pauses, never rounded up; `turn` says who gives way.
    """
    own = {request.connector: lowest(request.caps_a) for request in requests}
    wants = [made(Want, (r.connector, own[r.connector][0], r.minimum_a, r.phases)) for r in requests]
    shares = share(wants, room(shared_a), first_come=first_come, turn=turn)
    return {
        request.connector: _grant(own[request.connector], request, shares, shared_a) for request in requests
    }


def _grant(
    own: tuple[float, str], request: Request, shares: Mapping[int, float], shared_a: Mapping[str, Three]
) -> Grant:
    """A limit of 0 pauses by its own name; one too low to charge at is the minimum's doing."""
    amps, name = own
    if amps < request.minimum_a:
        return Grant(0.0, name if amps <= 0 else "minimum")
    share_a = shares[request.connector]
    if share_a >= amps - EPSILON_A:
        return made(Grant, (amps, name))
    others = any(a > 0 for connector, a in shares.items() if connector != request.connector)
    return Grant(share_a, "sharing" if others else _tightest(shared_a))


def _tightest(shared_a: Mapping[str, Three]) -> str:
    """The name of the lowest limit on the sum."""
    return lowest({name: min(amps) for name, amps in shared_a.items()})[1] if shared_a else "none"
