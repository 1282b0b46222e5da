"""Sharing current among outlets, phase by phase: pure arithmetic for whoever controls them."""

from collections.abc import Mapping, Sequence
from math import floor, inf
from typing import NamedTuple

from evc5.models.supply import Three

TURN_S = 900.0  # assumed: how long an outlet that must wait waits for its turn
_HAIR_A = 1e-9


class Want(NamedTuple):
    """One outlet that may charge: its own limit, the least it can charge at, and the grid phases it loads."""

    connector: int
    limit_a: float
    minimum_a: float = 6.0
    phases: tuple[int, ...] = (1, 2, 3)


def share(
    wants: Sequence[Want], room_a: Three, *, first_come: bool = False, turn: int = 0
) -> Mapping[int, float]:
    """Amps per phase for each connector, 0 for those that pause, with no phase above its room.

    Equal: all rise together until a phase is full or a limit is reached, and what one leaves the others get.
    First come: in the order of `wants`. Whoever cannot have its minimum pauses, never rounded up: the last in
    the order, which `turn` rotates.
    """
    order = list(wants)
    if order and not first_come:
        start = turn % len(order)
        order = order[start:] + order[:start]
    amps = dict.fromkeys([want.connector for want in wants], 0.0)
    running = [want for want in order if want.limit_a >= want.minimum_a]
    if _fit(running, room_a):
        return amps | {want.connector: want.limit_a for want in running}
    while running:
        shares = _in_order(running, room_a) if first_come else _rising(running, room_a)
        starved = [want for want in running if shares[want.connector] < want.minimum_a - _HAIR_A]
        if not starved:
            return amps | shares
        running.remove(starved[-1])
    return amps


def _fit(wants: Sequence[Want], room_a: Three) -> bool:
    """Is there room for all of them at their limits?"""
    if sum([want.limit_a for want in wants]) <= min(room_a):  # even if all were on one phase
        return True
    return all(
        sum([want.limit_a for want in wants if phase in want.phases]) <= room
        for phase, room in enumerate(room_a, 1)
    )


def turn(now_s: float, turn_s: float = TURN_S) -> int:
    """Whose turn it is to come first."""
    return floor(now_s / turn_s)


def _in_order(wants: Sequence[Want], room_a: Three) -> dict[int, float]:
    left = list(room_a)
    shares = {}
    for want in wants:
        shares[want.connector] = max(min(want.limit_a, *(left[n - 1] for n in want.phases)), 0.0)
        for n in want.phases:
            left[n - 1] -= shares[want.connector]
    return shares


def _rising(wants: Sequence[Want], room_a: Three) -> dict[int, float]:
    """Progressive filling: max-min fair over phases that different outlets load."""
    shares = {want.connector: 0.0 for want in wants}
    rising = list(wants)
    left = list(room_a)
    while rising:
        crowd = [sum(n in want.phases for want in rising) for n in (1, 2, 3)]
        step = min(
            min(want.limit_a - shares[want.connector] for want in rising),
            min(max(left[n], 0.0) / crowd[n] if crowd[n] else inf for n in range(3)),
        )
        for want in rising:
            shares[want.connector] += step
        left = [room - step * many for room, many in zip(left, crowd, strict=True)]
        rising = [
            want
            for want in rising
            if shares[want.connector] < want.limit_a - _HAIR_A
            and all(left[n - 1] > _HAIR_A for n in want.phases)
        ]
    return shares


def installation_room_a(
    maximum_a: float, measured_a: Three | None, own_a: Three, *, offset_a: float = 0.0, safe_a: float = 0.0
) -> Three:
    """What a charge point may draw per phase behind a connection of `maximum_a` with a house beside it.

    `measured_a` is the third meter at the connection, charge point included; None: it is lost, and `safe_a`
    (grid_InstallationSaveCurrent) holds. `offset_a` (grid_TotalcurrentOffset) corrects what is measured.
    """
    if measured_a is None:
        return (safe_a, safe_a, safe_a)
    r1, r2, r3 = (
        max(maximum_a - (measured + offset_a - own), 0.0)
        for measured, own in zip(measured_a, own_a, strict=True)
    )
    return (r1, r2, r3)
