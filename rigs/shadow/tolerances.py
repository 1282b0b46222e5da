"""How far apart the twin and the metal may be, quantity by quantity."""

from collections.abc import Mapping

TOLERANCES: Mapping[
    str, tuple[float, str, str]
] = {  # quantity: how far apart is well, unit, what it is; assumed
    "status": (5.0, "s", "when a status is told"),
    "start": (5.0, "s", "when a transaction begins"),
    "stop": (5.0, "s", "when it ends"),
    "energy": (2.0, "%", "what a transaction takes"),
    "sample": (2.0, "s", "the stamps of meter readings"),
    "boot": (30.0, "s", "when it boots again"),
    "reply": (2.0, "s", "how long an answer to the back office takes"),
    "offer": (1.0, "A", "what is offered, per phase"),
    "current": (1.0, "A", "what flows, per phase"),
    "voltage": (12.0, "V", "at the outlet, per phase"),
    "power": (500.0, "W", "at the outlet"),
}


def tolerances_help() -> str:
    """Each quantity with its unit and what is allowed, for --help."""
    return ", ".join(f"{name} {limit:g} {unit}" for name, (limit, unit, _) in TOLERANCES.items())
