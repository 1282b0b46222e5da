"""The battery under charge: which closed form holds now, for how long, and what it leads to.

The power into it is the lesser of what is allowed (the ceiling) and what its curve accepts. Each function
answers a `Plan`. Its end is named, never compared again: on arrival SoC is set to `soc_then` and the next
form is the one the plan says, because rounding leaves half of all arrivals a hair short.
"""

from math import inf, log, sqrt
from typing import NamedTuple

from evc5.models.flow import Flow
from evc5.models.units import made
from evc5.models.vehicles import Vehicle

HAIR = 1e-9  # relative; what a rounding may leave between two powers that are meant to be equal
RAMP, HOLD, CURVE, FULL = "ramp", "hold", "curve", "full"


class Plan(NamedTuple):
    """The form that holds from now on; after `lasts_s` comes `then`, at `soc_then` on curve piece `piece`."""

    flow: Flow
    lasts_s: float
    then: str
    soc_then: float | None = None
    piece: int = 0


def hold(car: Vehicle, soc: float, piece: int, ac_w: float) -> Plan:
    """Constant power at the ceiling until the curve comes down to it, or full."""
    flow = made(Flow, (ac_w, 0.0, 0.0, 0.0))
    level = car.dc_w(ac_w) / car.usable_wh
    if level <= 0.0:
        return Plan(flow, inf, HOLD)
    meets, at_piece, then = _comes_down(car, soc, piece, level)
    return made(Plan, (flow, (meets - soc) * 3600.0 / level, then, meets, at_piece))


def _comes_down(car: Vehicle, soc: float, piece: int, level: float) -> tuple[float, int, str]:
    pieces = car.curve.pieces
    ahead = piece + 1
    if ahead < len(pieces) and pieces[ahead].s0 > soc:  # of those that it has before it from their start on
        ahead = max(ahead, car.curve.down_to(level))
    for index in (piece, *range(ahead, len(pieces))):
        s0, _, r0, r1, slope = pieces[index]
        from_soc = s0 if s0 > soc else soc
        # A step down, or it stands there already; a rising curve that has just met the level goes on rising.
        if r0 + slope * (from_soc - s0) <= (level if slope <= 0.0 else level * (1.0 - HAIR)):
            return from_soc, index, CURVE
        if r1 < level:
            return max(car.curve.soc_at(level, index), soc), index, CURVE
    return 1.0, len(pieces) - 1, FULL


def follow(car: Vehicle, soc: float, piece: int, ceiling_ac_w: float) -> Plan:
    """Along one piece of the curve, exponentially, until its end or until it rises to the ceiling."""
    curve = car.curve
    usable = car.usable_wh
    keep = 1.0 - car.loss_b
    s0, s1, r0, r1, slope = curve.pieces[piece]
    rate = r0 + slope * (soc - s0)
    level = car.dc_w(ceiling_ac_w) / usable
    overhead_w, into_w = car.loss_a_w / keep, usable * rate / keep
    flow = Flow(overhead_w, 0.0, into_w, -slope / 3600.0) if slope else Flow(overhead_w + into_w)
    if slope > 0.0 and r1 > level:
        return Plan(flow, _along(slope, rate, level, 0.0), HOLD, curve.soc_at(level, piece), piece)
    lasts_s = _along(slope, rate, r1, s1 - soc)
    if piece + 1 == len(curve.pieces):
        return Plan(flow, lasts_s, FULL, 1.0, piece)
    then = HOLD if curve.pieces[piece + 1].r0 > level else CURVE
    return Plan(flow, lasts_s, then, s1, piece + 1)


def _along(slope: float, rate: float, to_rate: float, soc_left: float) -> float:
    """Seconds along a piece until its rate is `to_rate`."""
    if slope == 0.0:
        return soc_left * 3600.0 / rate
    return max(3600.0 * log(to_rate / rate) / slope, 0.0)


def ramp(car: Vehicle, soc: float, piece: int, from_w: float, to_w: float, slope_w_s: float) -> Plan:
    """A straight ramp of the power at the inlet, until it arrives or meets the curve."""
    flow = made(Flow, (from_w, slope_w_s, 0.0, 0.0))
    arrives_s = (to_w - from_w) / slope_w_s
    into_w = car.dc_w(from_w)
    into_slope = slope_w_s * (1.0 - car.loss_b)
    piece_ends_s = _first_root(
        (soc - car.curve.pieces[piece].s1) * 3600.0 * car.usable_wh, into_w, 0.5 * into_slope
    )
    meets_s = _meets_curve(car, soc, piece, into_w, into_slope)
    lasts_s = min(arrives_s, piece_ends_s, meets_s)
    if lasts_s == arrives_s:
        return made(Plan, (flow, lasts_s, HOLD, None, 0))
    if lasts_s == meets_s:
        return Plan(flow, lasts_s, CURVE, None, piece)
    if piece + 1 == len(car.curve.pieces):
        return Plan(flow, lasts_s, FULL, 1.0, piece)
    return Plan(flow, lasts_s, RAMP, car.curve.pieces[piece].s1, piece + 1)


def _meets_curve(car: Vehicle, soc: float, piece: int, into_w: float, into_slope: float) -> float:
    """When rising power meets the curve: root of curve(soc(τ)) − power(τ), a quadratic in τ."""
    s0, _, r0, _, slope = car.curve.pieces[piece]
    room_w = car.usable_wh * (r0 + slope * (soc - s0)) - into_w
    drift = slope / 3600.0
    if room_w <= 0.0:
        return 0.0 if into_slope > 0.0 else inf
    return _first_root(room_w, drift * into_w - into_slope, 0.5 * drift * into_slope)


def _first_root(c: float, b: float, a: float) -> float:
    """Smallest τ > 0 with c + b τ + a τ² = 0; inf without one."""
    if a == 0.0:
        return -c / b if b and -c / b > 0.0 else inf
    inside = b * b - 4.0 * a * c
    if inside < 0.0:
        return inf
    q = -0.5 * (b + (sqrt(inside) if b >= 0.0 else -sqrt(inside)))
    roots = [q / a, c / q if q else inf]
    return min((tau for tau in roots if tau > 0.0), default=inf)
