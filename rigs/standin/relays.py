"""The other end of a box of relays: its coils say what the cable shows, and whether there are mains."""

from collections.abc import Mapping

from evc5.rigs.hardware.modbus.box import Coils
from evc5.rigs.standin.plug import FAULTS, Plug, Power


class Relays:
    """Told after each write; a cable is in while its proximity resistor is."""

    def __init__(self, coils: Coils, plug: Plug | None, power: Power | None) -> None:
        self._coils = coils
        self._plug = plug
        self._power = power
        self._state = "A"
        self._cable = ""
        self._faults: set[str] = set()

    def switched(self, on: frozenset[int]) -> None:
        if self._power is not None and self._coils.mains is not None:
            self._power.set("mains", self._coils.mains in on)
        if self._plug is not None:
            self._cable_box(self._plug, on)

    def _cable_box(self, plug: Plug, on: frozenset[int]) -> None:
        cable, state = _most(self._coils.cable, on), _most(self._coils.pilot, on) or "A"
        if cable and not self._cable:
            plug.plug(float(cable))
        if state != self._state:
            plug.pilot(state)
        elif self._cable and not cable and state == "A":
            plug.unplug()
        self._state, self._cable = state, cable
        for name, coils in self._coils.fault.items():
            if name in FAULTS and (set(coils) <= on) != (name in self._faults):
                self._faults ^= {name}
                plug.fault(name, name in self._faults)


def _most(table: Mapping[str, tuple[int, ...]], on: frozenset[int]) -> str:
    """The row of which all coils are on, that with the most where several are; empty where none is."""
    rows = [(len(coils), name) for name, coils in table.items() if coils and set(coils) <= on]
    return max(rows)[1] if rows else ""
