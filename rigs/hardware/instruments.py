"""What a bench's instruments tell, as telemetry names it, and how exact they are."""

from typing import Any

from evc5.rigs.hardware.offer import Offer
from evc5.rigs.hardware.roles import Reading
from evc5.rigs.rigfile.hardware import Hardware

PARTS = ("current_pct", "voltage_pct", "power_pct", "energy_pct")
DIGITS = ("current_a", "voltage_v", "power_w", "energy_wh")
PROMPT_S = 0.1  # wall clock: how soon a model in another process has answered; assumed
OFFERED = ("offered1_a", "offered2_a", "offered3_a")


def columns(offer: Offer | None, reading: Reading | None) -> dict[str, Any]:
    """Of one moment; what nobody read is left out. `energy_wh` is the meter's own register."""
    told: dict[str, Any] = {}
    if offer is not None:
        told |= {"pilot": offer.state, "duty_pct": offer.duty_pct, **dict.fromkeys(OFFERED, offer.amps)}
    if reading is not None:
        for phase in range(3):
            told |= {f"u{phase + 1}_v": reading.u_v[phase], f"i{phase + 1}_a": reading.i_a[phase]}
        told |= {"p_w": reading.power_w, "pf": _factor(reading), "energy_wh": reading.energy_wh}
    return told


def described(hardware: Hardware, pace: float = 1.0) -> dict[str, Any] | None:
    """As summary.json says it, the least exact meter's; None where nothing is read by a machine.

    At another `pace` than 1 a reading is no more prompt than the wall clock lets it be.
    """
    machines = [(role, device) for role, _, device in hardware.devices() if device.driver != "person"]
    meters = [device for role, device in machines if role == "meter"]
    read = meters or [device for role, device in machines if role == "cable"]
    if not read:
        return None

    def most(name: str) -> float:
        return max((float(getattr(device.accuracy, name) or 0.0) for device in meters), default=0.0)

    full = {"current_a": most("range_a"), "power_w": most("range_w")}
    return {
        "source": "measured",
        "period_s": max(device.period_s for device in read),
        "settle_s": max(device.settle_s for device in read) + (PROMPT_S * pace if pace != 1.0 else 0.0),
        **{name: most(name) for name in PARTS},
        "range": {**full, "of_range_pct": most("of_range_pct")},
        "resolution": {name: most(name) for name in DIGITS},
    }


def _factor(reading: Reading) -> float | None:
    """Power over volt-amperes; None at no current, or where one of them is not known."""
    pairs = zip(reading.u_v, reading.i_a, strict=True)
    apparent = [volts * amps for volts, amps in pairs if volts is not None and amps is not None]
    if reading.power_w is None or len(apparent) < 3 or not sum(apparent) > 0.0:
        return None
    return reading.power_w / sum(apparent)
