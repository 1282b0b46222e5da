"""Power as a known function of time between two events, with its exact integral."""

from math import exp, expm1, inf, log
from typing import NamedTuple


class Flow(NamedTuple):
    """P(τ) = const_w + slope_w_s τ + decay_w e^(−λ τ), τ in seconds since the segment began.

    λ may be negative (a rising curve), never 0 beside a decay_w.
    """

    const_w: float = 0.0
    slope_w_s: float = 0.0
    decay_w: float = 0.0
    lambda_s: float = 0.0

    def power_w(self, tau_s: float) -> float:
        const, slope, decay, lam = self
        return const + slope * tau_s + (decay * exp(-lam * tau_s) if decay else 0.0)

    def energy_wh(self, tau_s: float) -> float:
        """Exact integral from the segment's beginning."""
        const, slope, decay, lam = self
        joules = const * tau_s + 0.5 * slope * tau_s * tau_s
        if decay:
            joules += decay * -expm1(-lam * tau_s) / lam
        return joules / 3600.0

    def reaches_s(self, power_w: float) -> float:
        """When a flow that rises or falls throughout is at `power_w`; inf if that is not ahead of it."""
        const, slope, decay, lam = self
        if decay:
            share = (power_w - const) / decay
            tau = -log(share) / lam if share > 0.0 else inf
        else:
            tau = (power_w - const) / slope if slope else inf
        return tau if tau > 0.0 else inf
