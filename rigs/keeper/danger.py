"""Configuration keys that nobody writes by chance: a wrong value strands the unit, or makes it unsafe."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

PROTECTED: Mapping[str, str] = MappingProxyType(  # by pattern, in lower case
    {
        "authorizationkey": "cannot be read back, and a value of one's own may bring a reboot",
        "securityprofile": "may end the connection for good",
        "cponame": "goes into certificates",
        "com_*": "says where and as whom it dials in, and what may start",
        "eth_*": "is its network",
        "gsm_*": "is its network",
        "chg_kwh*": "is its kWh meter",
        "chg_ratedcurrent": "is a rating",
        "chg_stationmaxcurrent": "is a rating of the installation",
        "chg_skttype": "is a rating of the socket",
        "chg_channelsenabled": "takes a channel away",
        "chg_reader*": "is its card reader",
        "chg_tempctrl*": "guards against heat; its form is not known",
        "grid_*": "is shared with other stations of the installation",
        "io_*": "is its wiring",
        "bdi_config": "has a form that is not known",
    }
)
MOVING = (  # what changes by itself, as a signal's strength; EVC4, and assumed of the EVC5
    "gps_*", "gsm_model", "gsm_sigq", "grid_supervisorclientcount", "grid_supervisortotalcurrent",
)  # fmt: skip


def protected(key: str, danger: Collection[str] = ()) -> str | None:
    """Why this key is not written; None where it may be. `danger` names the ones that may be all the same."""
    name = key.lower()
    if name in {one.lower() for one in danger}:
        return None
    return next((why for pattern, why in PROTECTED.items() if fnmatchcase(name, pattern)), None)


def moves(key: str) -> bool:
    """May the value change by itself?"""
    return any(fnmatchcase(key.lower(), pattern) for pattern in MOVING)
