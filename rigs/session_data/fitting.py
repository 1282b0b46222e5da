"""How real sessions came: rates by local hour and weekday, and how stays and energies are spread."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from evc5.rigs.errors import BadInput
from evc5.rigs.session_data.charge import Charge

SHARES = 20  # equal shares of all between the quantiles
LEAST = 2  # sessions
FORMS = ("quantiles", "lognormal", "gamma", "normal")
WEEKS_FOR_WEEKDAYS = 4  # of fewer, a weekday's rate were hardly more than luck (assumed)


def fitted(charges: Sequence[Charge], zone: ZoneInfo, form: str = "quantiles") -> dict[str, Any]:
    """`per_hour`, `stay_h` and `energy_kwh` as a rig's [arrivals] has them.

    From four weeks on each weekday has its rates, from one week on working days and weekends; all days from
    the first arrival to the last are counted. A form other than `quantiles` takes mean and deviation.
    """
    if form not in FORMS:
        raise BadInput(f"form must be {', '.join(FORMS)}, got {form!r}")
    if len(charges) < LEAST:
        raise BadInput(f"a fit needs {LEAST} sessions or more, got {len(charges)}")
    stays_h = [(charge.unplug - charge.plug_in).total_seconds() / 3600.0 for charge in charges]
    energies_kwh = [charge.energy_wh / 1000.0 for charge in charges]
    return {
        "per_hour": _rates(charges, zone),
        "stay_h": _spread(stays_h, form),
        "energy_kwh": _spread(energies_kwh, form),
    }


def _rates(charges: Sequence[Charge], zone: ZoneInfo) -> list[list[float]]:
    local = [charge.plug_in.astimezone(zone) for charge in charges]
    first, last = min(local).date(), max(local).date()
    count = (last - first).days + 1
    rows = 7 if count >= 7 * WEEKS_FOR_WEEKDAYS else 2 if count >= 7 else 1
    days = Counter(row_of(first + timedelta(days=n), rows) for n in range(count))
    came = Counter((row_of(at.date(), rows), at.hour) for at in local)
    return [[round(came[row, hour] / days[row], 6) for hour in range(24)] for row in range(rows)]


def row_of(day: date, rows: int) -> int:
    """Which of 1, 2 or 7 rows of rates holds on a day."""
    return {1: 0, 2: int(day.weekday() >= 5), 7: day.weekday()}[rows]


def _spread(values: Sequence[float], form: str) -> dict[str, Any]:
    if form == "quantiles":
        shares = np.quantile(values, np.linspace(0.0, 1.0, SHARES + 1))
        return {"like": form, "values": [round(float(value), 3) for value in shares]}
    from statistics import fmean, pstdev  # of no use to a rig whose sessions are told

    sd = pstdev(values)
    if sd == 0.0:
        return {"like": "fixed", "mean": fmean(values)}
    return {"like": form, "mean": round(fmean(values), 6), "sd": round(sd, 6)}
