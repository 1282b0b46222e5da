"""Who may draw how much: pure arbitration over the limits of each channel and of the station.

Amperes are per phase throughout. The lowest limit holds and gives its name to telemetry's `limited_by`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EPSILON_A = 1e-9


@dataclass(frozen=True, slots=True)
class Request:
    """One channel that may charge, with its own limits by name (rated, cable, temperature, profile, …)."""

    connector: int
    caps_a: Mapping[str, float]
    minimum_a: float


@dataclass(frozen=True, slots=True)
class Grant:
    """What a channel is allowed, and which limit decided; 0 A is a pause."""

    amps: float
    limited_by: str


def lowest(caps_a: Mapping[str, float]) -> tuple[float, str]:
    """The binding limit and its name; of equal ones the first named."""
    name = min(caps_a, key=lambda cap: caps_a[cap])
    return caps_a[name], name


def arbitrate(
    requests: Sequence[Request], shared_a: Mapping[str, float], first_come: bool = False
) -> dict[int, Grant]:
    """Grant each request its amps so that their sum stays within the lowest of `shared_a`.

    `shared_a` holds limits on the sum by name (station, profile, grid). Shares are equal, what one channel
    cannot use going to the others, or first come first served in the order of `requests`. A channel that
    cannot have its minimum pauses (never rounded up) and frees its share for those that remain.
    """
    total_a, total_name = lowest(shared_a) if shared_a else (float("inf"), "none")
    own = {request.connector: lowest(request.caps_a) for request in requests}
    grants = {r.connector: _paused(own[r.connector]) for r in requests if own[r.connector][0] < r.minimum_a}
    running = [request for request in requests if request.connector not in grants]
    while running:
        shares = _shares([own[r.connector][0] for r in running], total_a, first_come)
        starved = [r for r, share in zip(running, shares, strict=True) if share < r.minimum_a - EPSILON_A]
        if not starved:
            break
        last = starved[-1]  # those who asked first keep theirs
        grants[last.connector] = Grant(0.0, "sharing" if len(running) > 1 else total_name)
        running = [request for request in running if request is not last]
    else:
        return grants
    for request, share in zip(running, shares, strict=True):
        amps, name = own[request.connector]
        if share < amps - EPSILON_A:
            amps, name = share, "sharing" if len(running) > 1 else total_name
        grants[request.connector] = Grant(amps, name)
    return grants


def _paused(own: tuple[float, str]) -> Grant:
    """A limit of 0 pauses by its own name; one too low to charge at is the minimum's doing."""
    amps, name = own
    return Grant(0.0, name if amps <= 0 else "minimum")


def _shares(caps_a: Sequence[float], total_a: float, first_come: bool) -> list[float]:
    if first_come:
        shares = []
        for cap in caps_a:
            shares.append(min(cap, total_a))
            total_a -= shares[-1]
        return shares
    shares = [0.0] * len(caps_a)
    left = sorted(range(len(caps_a)), key=lambda n: caps_a[n])
    for position, n in enumerate(left):
        shares[n] = min(caps_a[n], total_a / (len(left) - position))
        total_a -= shares[n]
    return shares
