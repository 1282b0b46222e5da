"""What comes in from the grid."""

from dataclasses import dataclass

Volts = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Supply:
    """Three phases of constant voltage and frequency."""

    voltage_v: Volts = (230.0, 230.0, 230.0)  # EN 50160 nominal
    frequency_hz: float = 50.0

    def __post_init__(self) -> None:
        for phase, volts in enumerate(self.voltage_v, 1):
            if not 0.0 <= volts <= 400.0:
                raise ValueError(f"supply voltage_v of L{phase} must be within 0 and 400 V, got {volts:g}")
        if not 40.0 <= self.frequency_hz <= 65.0:
            raise ValueError(f"supply frequency_hz must be within 40 and 65 Hz, got {self.frequency_hz:g}")
