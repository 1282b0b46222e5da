"""How long this firmware takes over what no document tells; a behaviour's [timing] has what was measured."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

LONGEST_S = 3600.0  # assumed: a station that takes longer is not restarting but gone

TIMING: Mapping[str, float] = MappingProxyType(
    {
        "reset_soft_s": 11.0,  # from the answer to Reset to the BootNotification, all delivered; assumed
        "reset_hard_s": 31.0,  # likewise; assumed
        "power_on_s": 20.0,  # from the return of the mains to the BootNotification; assumed
    }
)
LEAST_S = {"reset_soft_s": 1.0, "reset_hard_s": 1.0, "power_on_s": 0.0}  # the answer goes out first


def check(name: str, seconds: Any) -> None:
    """ValueError for a time that is none of these, or out of range."""
    if name not in TIMING:
        raise ValueError(f"{name} is no time; times are {', '.join(TIMING)}")
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not LEAST_S[name] <= seconds <= LONGEST_S:
        raise ValueError(f"{name} must be {LEAST_S[name]:g} to {LONGEST_S:g} seconds, got {seconds!r}")
