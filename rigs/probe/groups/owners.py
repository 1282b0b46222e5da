"""Whether profiles of the owner's seem to be in force: OCPP 1.6 has no way to list them."""

from evc5.rigs.keeper.composites import Composite
from evc5.rigs.probe.probe import Context


def owners(context: Context) -> str:
    """Why profiles of the owner's seem to be in force; "" where nothing shows any."""
    before = context.keeper.journal.before or {}
    for one in before.get("composites", ()):
        found = Composite.of(one["answer"])
        asked = one["asked"]
        if found is not None and len(found.levels) > 1:
            what = f"the limit of connector {asked['connectorId']} changes with time"
            return f"{what}: the owner's profiles are in force"
    own = _rated_a(context)
    for one in before.get("composites", ()):
        found, asked = Composite.of(one["answer"]), one["asked"]
        if (
            own is not None
            and found is not None
            and asked["chargingRateUnit"] == "A"
            and asked["connectorId"] > 0
        ):
            limit_a = next(iter(found.levels))[0]
            if 0 <= limit_a < own:
                what = f"connector {asked['connectorId']} is limited to {limit_a:g} A of {own:g} A"
                return f"{what}: the owner's profiles may be in force"
    return ""


def _rated_a(context: Context) -> float | None:
    """What the unit's own keys allow a connector; None where they do not tell."""
    try:
        rated = [float(item) for item in context.keeper.values["chg_RatedCurrent"].split(",")]
        software = [float(item) for item in context.keeper.values["chg_Mode3Current"].split(",")]
        station = float(context.keeper.values["chg_StationMaxCurrent"])
    except (KeyError, ValueError):
        return None
    return min([station, *rated, *(one for one in software if one > 0)], default=None)
