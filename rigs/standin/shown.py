"""What meters at the twin's outlets show, by the names of register maps."""

from evc5.models.outlet import Outlet

Told = dict[str, float | None]
SERIAL = 12_345_678.0  # of every meter that we serve


def of_reference(outlet: Outlet) -> Told:
    """Of a reference meter without an error of its own: what truly flows."""
    now = outlet.reading()
    told: Told = {"total_w": now.p_w, "hz": now.frequency_hz, "energy_wh": now.energy_wh, "serial": SERIAL}
    for n, (volts, amps) in enumerate(zip(now.u_v, now.i_a, strict=True), 1):
        told |= {f"u{n}_v": volts, f"i{n}_a": amps, f"p{n}_w": volts * amps * (now.pf or 0.0)}
    return told
