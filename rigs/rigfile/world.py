"""The electrical world that a rig file describes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from evc5.models import derating, heat, supply
from evc5.models.meter import MeterSpec
from evc5.models.outlet import OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.contents import Contents
from evc5.rigs.rigfile.fields import Table
from evc5.rigs.rigfile.surroundings import Derating

Registers = Sequence[Sequence[float]]  # by connector: of all phases, of L1, L2 and L3, Wh
Made = TypeVar("Made")
HOUR_S = 3600.0


def world(rig: Contents, timeline: Timeline, registers_wh: Registers = ()) -> World:
    """The electrical world that a rig file describes; BadInput names the table at fault."""
    start = rig.start.astimezone(rig.zone)
    outlets = [_made("station", lambda: _outlet(rig))] * rig.station.connectors
    for n, (total_wh, l1_wh, l2_wh, l3_wh) in enumerate(registers_wh[: len(outlets)]):
        by_phase_wh = (l1_wh, l2_wh, l3_wh)
        meter = replace(outlets[n].meter, register_wh=total_wh, register_phase_wh=by_phase_wh)
        outlets[n] = replace(outlets[n], meter=meter)
    return World(
        timeline,
        outlets,
        _made("grid", lambda: supply_of(rig)),
        _made("ambient", lambda: heat.Ambient(**given(rig.ambient))),
        rig.seed,
        thermal=_made("thermal", lambda: heat.Thermal(**given(rig.thermal))),
        derating=_made("derating", lambda: _derating(rig.derating)),
        time_of_day_s=start.hour * HOUR_S + start.minute * 60.0 + start.second,
    )


def given(table: Table) -> dict[str, Any]:
    """The keys that a table sets."""
    return table.model_dump(exclude_none=True)


def _made(key: str, make: Callable[[], Made]) -> Made:
    try:
        return make()
    except ValueError as error:
        raise BadInput(f"{key}: {error}") from None


def _outlet(rig: Contents) -> OutletSpec:
    station = rig.station
    meter = rig.station.meter
    return OutletSpec(
        rated_a=station.rated_a,
        phases=station.phases,
        meter=MeterSpec(**given(meter)),
        pwm_steps=256 if station.pwm_8_bit else None,
    )


def supply_of(rig: Contents) -> supply.Supply:
    """The grid that a rig file describes."""
    grid = rig.grid
    return supply.Supply(
        voltage_v=grid.voltage_v,
        frequency_hz=grid.frequency_hz,
        profile=tuple((hour * HOUR_S, factor) for hour, factor in grid.profile),
        walk_v=grid.walk_v,
        walk_hz=grid.walk_hz,
        impedance_ohm=grid.impedance_ohm,
        house=tuple((hour * HOUR_S, amps) for hour, amps in grid.house),
        sags=tuple(supply.Sag(rig.seconds(sag.at), sag.lasts_s, sag.factor, sag.phases) for sag in grid.sags),
    )


def _derating(table: Derating) -> derating.Derating:
    if table.table:
        return derating.Table(table.table)
    if table.like == "openevse":
        return derating.OPENEVSE
    if table.like == "charx":
        ends = {name: value for name, value in given(table).items() if name in ("start_c", "stop_c")}
        return derating.charx(**ends)
    return derating.Staircase(**{k: v for k, v in given(table).items() if k not in ("like", "table")})
