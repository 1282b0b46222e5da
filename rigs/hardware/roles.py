"""The roles on a bench. Each verb returns when the thing is done, or raises BenchFault."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evc5.models.vehicles import Vehicle

Three = tuple[float, float, float]
Known = tuple[float | None, float | None, float | None]  # L1, L2, L3; None is not known


@dataclass(frozen=True, slots=True)
class Pilot:
    """The control pilot as it was read: levels in V, duty in percent; None is not known."""

    high_v: float | None = None
    low_v: float | None = None
    mean_v: float | None = None
    duty_pct: float | None = None
    hz: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter told at one moment, per phase L1 to L3; None is not known."""

    u_v: Known = (None, None, None)
    i_a: Known = (None, None, None)
    p_w: Known = (None, None, None)
    total_w: float | None = None
    hz: float | None = None
    energy_wh: float | None = None

    @property
    def power_w(self) -> float | None:
        """Of all phases; None where neither the total nor all phases are known."""
        if self.total_w is not None:
            return self.total_w
        known = [watts for watts in self.p_w if watts is not None]
        return sum(known) if len(known) == 3 else None


@runtime_checkable
class Closes(Protocol):
    """A device that holds something open: a socket, a port, a process."""

    def close(self) -> None: ...


@runtime_checkable
class Identifies(Protocol):
    """A device that says who it is."""

    def identify(self) -> str: ...


class Cable(Protocol):
    """The car's end of the control pilot and of proximity."""

    def plug(self, cable_a: float) -> None: ...
    def unplug(self) -> None: ...
    def pilot(self, state: str) -> None:
        """Show "A" to "E"."""

    def fault(self, name: str, on: bool) -> None: ...
    def read(self) -> Pilot: ...


@runtime_checkable
class BringsCar(Protocol):
    """A cable with a whole car at its end, which follows the pilot by itself; `soc` 0 to 1."""

    def arrive(self, vehicle: Vehicle, soc: float, cable_a: float) -> None: ...
    def leave(self) -> None: ...


class Load(Protocol):
    """What draws current, in A on L1 to L3."""

    def draw(self, amps: Three) -> None: ...
    def off(self) -> None: ...


class Meter(Protocol):
    """The reference meter at the outlet."""

    def read(self) -> Reading: ...


class Supply(Protocol):
    """An AC source in front of the charger."""

    def on(self) -> None: ...
    def off(self) -> None: ...
    def voltage(self, volts: Three) -> None: ...
    def frequency(self, hz: float) -> None: ...


class Switch(Protocol):
    """The mains of the charger."""

    def set(self, on: bool) -> None: ...
    def get(self) -> bool: ...


class Reader(Protocol):
    """A card held before the charger."""

    def present(self, id_tag: str, hold_s: float) -> None: ...


class Climate(Protocol):
    """A chamber around the charger."""

    def ambient(self, temp_c: float) -> None: ...
    def read(self) -> float: ...
