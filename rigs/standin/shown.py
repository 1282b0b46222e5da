"""What meters at the twin's outlets show, by the names of register maps."""

from evc5.models.outlet import Outlet

Told = dict[str, float | None]
SERIAL = 12_345_678.0  # of every meter that we serve


def of_reference(outlet: Outlet) -> Told:
    """Of a reference meter without an error of its own: what truly flows."""
    now = outlet.reading()
    each_w = [volts * amps * (now.pf or 0.0) for volts, amps in zip(now.u_v, now.i_a, strict=True)]
    told = _phases(now.u_v, now.i_a, (each_w[0], each_w[1], each_w[2]))
    return told | {"total_w": now.p_w, "hz": now.frequency_hz, "energy_wh": now.energy_wh, "serial": SERIAL}


def of_own(outlet: Outlet) -> Told:
    """Of the charge point's own kWh meter, with its class and in its steps."""
    now = outlet.shown()
    told = _phases(now.u_v, now.i_a, now.phase_w)
    told |= {"total_w": float(now.p_w), "hz": now.frequency_hz}
    return told | {"energy_wh": float(now.register_wh), "serial": SERIAL}


def _phases(u_v: tuple, i_a: tuple, p_w: tuple) -> Told:  # type: ignore[type-arg]
    told: Told = {}
    for n in range(3):
        told |= {f"u{n + 1}_v": float(u_v[n]), f"i{n + 1}_a": float(i_a[n]), f"p{n + 1}_w": float(p_w[n])}
    return told
