"""A plausible car for a user of a real data set, and the charge it arrived with.

The data give energy and times only. The car is the preset with the smallest battery that could have charged
every session of the user; the arrival charge is what lets the session's energy fill it.
"""

from collections.abc import Iterable, Mapping

from evc5.models.units import NOMINAL_V
from evc5.models.vehicles import Vehicle
from evc5.rigs.session_data.charge import Charge

MOST_OF_BATTERY = 0.95  # assumed: nobody comes home emptier than 5 %
POWER_SLACK = (
    1.05  # a session's mean power may exceed a preset's rating by so much: the supply is within ±10 %
)


def rated_w(vehicle: Vehicle) -> float:
    """What the on-board charger draws at the nominal voltage, fully offered."""
    return vehicle.phases * vehicle.active_a(vehicle.draw_a(vehicle.max_a)) * NOMINAL_V


def into_battery_wh(vehicle: Vehicle, energy_wh: float) -> float:
    """What arrives in the battery of an energy at the meter, charging at rated power."""
    power_w = rated_w(vehicle)
    return energy_wh * vehicle.dc_w(power_w) / power_w


def arrival_soc(vehicle: Vehicle, energy_wh: float) -> float:
    """The state of charge from which `energy_wh` at the meter fills the car; 0 where the car is too small."""
    return max(0.0, 1.0 - into_battery_wh(vehicle, energy_wh) / vehicle.usable_wh)


def most_wh(vehicle: Vehicle) -> float:
    """The energy at the meter that fills the car from as empty as anybody comes."""
    return MOST_OF_BATTERY * vehicle.usable_wh / into_battery_wh(vehicle, 1.0)


def fitted_vehicle(charges: Iterable[Charge], vehicles: Mapping[str, Vehicle]) -> str:
    """The id of the car for one user's sessions; the largest battery where none is large enough."""
    charges = list(charges)
    most_wh = max(charge.energy_wh for charge in charges)
    most_w = max(mean_w(charge) for charge in charges)
    able = (
        (vehicle.usable_wh, rated_w(vehicle), name)
        for name, vehicle in vehicles.items()
        if into_battery_wh(vehicle, most_wh) <= MOST_OF_BATTERY * vehicle.usable_wh
        and most_w <= POWER_SLACK * rated_w(vehicle)
    )
    largest = max((vehicle.usable_wh, rated_w(vehicle), name) for name, vehicle in vehicles.items())
    return min(able, default=largest)[2]


def mean_w(charge: Charge) -> float:
    """The least power that the car must have had."""
    return charge.energy_wh * 3600.0 / (charge.unplug - charge.plug_in).total_seconds()
