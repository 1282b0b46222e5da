"""The grid of a rig as an AC source is to follow it."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NamedTuple

from evc5.models.supply import Three
from evc5.models.units import DAY_S
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.making import most_v
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.world import supply_of

TOLD = frozenset(("voltage_v", "frequency_hz", "profile", "walk_v", "walk_hz", "sags"))  # of [grid]


class Fed(NamedTuple):
    """What the source gives from `t_s` of the rig on."""

    t_s: float
    volts: Three
    hz: float

    @property
    def detail(self) -> dict[str, Any]:
        return {"grid_v": list(self.volts), "grid_hz": self.hz}


def is_told(rig: RigFile) -> bool:
    """Does the rig say what its grid is like? Else a source keeps what it stands at."""
    return not TOLD.isdisjoint(rig.grid.model_fields_set)


def fed(rig: RigFile) -> Iterator[Fed]:
    """Each change of the rig's voltages and frequency, to 0.1 V and 0.01 Hz; a source has no impedance."""
    if not is_told(rig):
        return
    start = rig.start.astimezone(rig.zone)
    began_s = start.hour * 3600.0 + start.minute * 60.0 + start.second
    last: tuple[Three, float] | None = None
    states = supply_of(rig).states(rig.seed, began_s)
    for state in takewhile(lambda state: state.t_s < rig.days * DAY_S, states):
        u1, u2, u3 = (round(volts, 1) for volts in state.u_v)
        now = (u1, u2, u3), round(state.frequency_hz, 2)
        if now != last:
            last = now
            yield Fed(state.t_s, *now)


def check_source(rig: RigFile) -> str | None:
    """What of the rig's grid nobody plays; BadInput for more volts than the source may give."""
    device = rig.hardware.supply if rig.hardware is not None else None
    if device is None or device.driver == "person":
        told = sorted(TOLD & rig.grid.model_fields_set)
        lacks = ", ".join(f"grid.{name}" for name in told)
        return f"{lacks}: not played, as there is no driver for hardware.supply" if told else None
    for state in fed(rig):
        if max(state.volts) > most_v(device):
            allowed = f"must be >= {max(state.volts):g}, what [grid] asks for at {state.t_s:g} s"
            raise BadInput(f"{rig.where}hardware.supply.max_v {allowed}, got {most_v(device):g}")
    return None
