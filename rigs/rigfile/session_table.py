"""A table of real sessions as the [[sessions]] of a rig."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.contents import Contents
from evc5.rigs.rigfile.session_files import at_places, vehicle_names, wherever_free
from evc5.rigs.session_data.charge import Charge
from evc5.rigs.session_data.frame import NAME, charges_from, zone_of

if TYPE_CHECKING:
    import pandas as pd


def changes(
    rig: Contents,
    table: "pd.DataFrame",
    timezone: str | None,
    places: Mapping[str, int],
    vehicle: str | None,
) -> dict[str, Any]:
    """What makes the table's sessions those of the rig, and the only ones."""
    charges = charges_from(table, zone_of(timezone))
    placed = [
        (connector, charge)
        for connector, charge in (
            at_places(charges, places, "places", NAME)
            if places
            else wherever_free(charges, rig.station.connectors, rig.start, rig.days, "places", NAME)
        )
        if rig.seconds(charge.plug_in) >= 0.0
    ]
    if not placed:
        raise _too_early(rig, charges)
    names = vehicle_names([charge for _, charge in placed], rig.cars)
    entries = [_entry(*one, vehicle or name) for one, name in zip(placed, names, strict=True)]
    others = ("sessions_csv", "session_files", "generator", "arrivals")
    return {"sessions": entries, **dict.fromkeys(others)}


def _entry(connector: int, charge: Charge, vehicle: str) -> dict[str, Any]:
    return {
        "connector": connector,
        "plug_in": charge.plug_in,
        "unplug": charge.unplug,
        "vehicle": vehicle,
        "energy_kwh": charge.energy_wh / 1000.0,
        "id_tag": (charge.user or f"TAG{connector}")[:20],
    }


def _too_early(rig: Contents, charges: Sequence[Charge]) -> BadInput:
    first = min((charge.plug_in for charge in charges), default=None)
    told = f"the first begins at {first:%Y-%m-%dT%H:%M:%SZ}" if first else "there are none"
    return BadInput(f"{NAME}: none begins after the rig's start ({rig.start:%Y-%m-%dT%H:%M:%SZ}); {told}")
