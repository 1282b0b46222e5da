"""What has flowed through an outlet since the run's start, and where it went."""

from typing import NamedTuple

from evc5.models.supply import Three


class Ledger(NamedTuple):
    """Wh, but for the last. energy = battery + loss + standby."""

    energy_wh: float = 0.0
    counted_wh: float = 0.0  # by the meter
    counted_phase_wh: Three = (0.0, 0.0, 0.0)  # by the meter, each phase
    battery_wh: float = 0.0
    loss_wh: float = 0.0  # in the car's charger
    standby_wh: float = 0.0  # of the car
    contact_a2s: float = 0.0  # ∫ ΣI² dt
