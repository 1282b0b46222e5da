"""What a controller answered, checked, as the periods of a charging profile."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evc5.rigs.controllers.view import View
from evc5.rigs.errors import BadInput

Plan = tuple[tuple[float, float], ...]  # from when, in seconds from now, and A per phase
FOREVER: Plan | None = None  # in place of a plan: no limit
STEP_A = 0.1  # a profile's limit has one decimal (OCPP 1.6, 7.14)


def plans(limits: Any, view: View) -> dict[int, Plan | None]:
    """The plan of each connector that the answer names; BadInput says what it must be."""
    if not isinstance(limits, Mapping):
        raise BadInput(f"controller must return limits by connector, a dict, got {_shown(limits)}")
    found = {}
    for connector, limit in limits.items():
        if connector not in view.status:
            known = ", ".join(map(str, view.status))
            raise BadInput(f"controller must return limits of connectors {known}, got {connector!r}")
        found[int(connector)] = None if limit is None else _plan(limit, connector, view.every_s)
    return found


def since(plan: Plan | None, s: float) -> Plan | None:
    """What is left of a plan after some seconds, counted from then."""
    if plan is None:
        return None
    holds = [(at_s - s, amps) for at_s, amps in plan if at_s > s]
    return (0.0, amps_at(plan, s)), *holds


def amps_at(plan: Plan, s: float) -> float:
    return next(amps for at_s, amps in reversed(plan) if at_s <= s)


def _plan(limit: Any, connector: int, every_s: float) -> Plan:
    steps = limit.tolist() if hasattr(limit, "tolist") else limit
    steps = list(steps) if isinstance(steps, Sequence) and not isinstance(steps, str) else [steps]
    if not steps or not all(_is_amps(amps) for amps in steps):
        allowed = "A per phase >= 0, a list of them, or None"
        raise BadInput(f"controller must return {allowed} for connector {connector}, got {_shown(limit)}")
    found: list[tuple[float, float]] = []
    for n, amps in enumerate(steps):
        told_a = math.floor(float(amps) / STEP_A + 1e-6) / round(1.0 / STEP_A)
        if not found or found[-1][1] != told_a:
            found.append((n * every_s, told_a))
    return tuple(found)


def _is_amps(amps: Any) -> bool:
    if hasattr(amps, "item"):  # numpy
        amps = amps.item()
    return isinstance(amps, int | float) and not isinstance(amps, bool) and 0.0 <= amps < 1e4


def _shown(value: Any) -> str:
    return repr(value)[:60]
