"""A reading that no outlet can have is a meter in another unit, or another meter than the rig says."""

from collections.abc import Iterator
from dataclasses import dataclass

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.roles import Reading

MOST_V, MOST_A, MOST_W, MOST_HZ = 1000.0, 1000.0, 1e6, 100.0  # beyond is another unit
LEAST_VA = 230.0  # of less an appliance may take mostly reactive power
FAR = 20.0  # assumed: power so many times above or below volt-amperes is another unit, kW called W


def believed(reading: Reading, what: str) -> Reading:
    """The same; BenchFault, which asks for `what`, where it cannot be."""
    for name, value, most in _told(reading):
        if value is not None and not abs(value) <= most:
            raise BenchFault(f"the meter tells {name} = {value:g}: is {what} right?")
    return reading


@dataclass(slots=True)
class Agreement:
    """Do power and volt-amperes of one meter belong together? One reading may have seen a change halfway."""

    odd: int = 0
    every: int = 0

    def see(self, reading: Reading) -> None:
        pairs = zip(reading.u_v, reading.i_a, strict=True)
        apparent = [volts * abs(amps) for volts, amps in pairs if volts is not None and amps is not None]
        watts, all_va = reading.power_w, sum(apparent)
        if watts is not None and len(apparent) == 3 and all_va >= LEAST_VA:
            self.every += 1
            self.odd += not all_va / FAR <= abs(watts) <= all_va * FAR

    @property
    def holds(self) -> bool:
        return 2 * self.odd <= self.every


def _told(reading: Reading) -> Iterator[tuple[str, float | None, float]]:
    for n in range(3):
        yield f"u{n + 1}_v", reading.u_v[n], MOST_V
        yield f"i{n + 1}_a", reading.i_a[n], MOST_A
        yield f"p{n + 1}_w", reading.p_w[n], MOST_W
    yield "total_w", reading.total_w, MOST_W
    yield "hz", reading.hz, MOST_HZ
