"""Cables of a bench in a test that does not know whether there is one."""

from evc5 import Bench


def pull(bench: Bench, connector: int) -> None:
    """Unplug where a cable is in."""
    if bench.assembly.world.outlet(connector).circuit.car is not None:
        bench.unplug(connector)
