"""What surrounds the station, as a rig file gives it: grid connection, air, heat and derating.

What a table leaves out is as the model has it; the numbers and their sources stand there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field, Strict

from models import derating, heat, supply
from models.meter import MeterSpec
from models.outlet import OutletSpec
from models.timeline import Timeline
from models.world import World
from rigs.errors import BadInput
from rigs.fields import EachPhase, Many, NotNegative, Positive, Table
from rigs.instants import Instant

if TYPE_CHECKING:
    from rigs.rigfile import RigFile

Registers = Sequence[Sequence[float]]  # by connector: of all phases, of L1, L2 and L3, Wh
Made = TypeVar("Made")
HourFactor = Annotated[tuple[float, float], Strict(False)]
HourAmps = Annotated[tuple[float, EachPhase[float]], Strict(False)]
HOUR_S = 3600.0


class Sag(Table):
    """The voltage of some phases falls for a while; factor 0 is a lost phase."""

    at: Instant
    lasts_s: Positive
    factor: float = Field(default=0.0, ge=0, le=1.5)
    phases: Many[int] = (1, 2, 3)


class GridLimit(Table):
    """What a master or supervisor allows the station from a time on; without amps it falls silent."""

    at: Instant
    amps: NotNegative | None = None


class Grid(Table):
    """The connection to the grid, and the house beside the charge point."""

    voltage_v: EachPhase[Positive] = (230.0, 230.0, 230.0)
    frequency_hz: float = Field(default=50.0, ge=45, le=65)
    profile: Many[HourFactor] = Field(
        default=(), description="[local hour, factor on the voltage] over the day"
    )
    walk_v: NotNegative = Field(default=0.0, description="seeded random walk, standard deviation per phase")
    walk_hz: NotNegative = 0.0
    impedance_ohm: float = Field(default=0.0, ge=0, le=2, description="of each phase, up to the charge point")
    house: Many[HourAmps] = Field(default=(), description="[local hour, A or [L1, L2, L3]] over the day")
    sags: Many[Sag] = ()
    limits: Many[GridLimit] = Field(default=(), description="over the bus, with grid_Role Slave or Master")


class Ambient(Table):
    """The air outside, and the sun on the enclosure."""

    mean_c: float | None = Field(default=None, ge=-40, le=60, description="mean of the day")
    swing_k: NotNegative | None = Field(default=None, description="half of what lies between day and night")
    warmest_h: float | None = Field(default=None, description="local hour")
    sun_k: NotNegative | None = Field(default=None, description="what full noon sun warms the enclosure by")
    sunrise_h: float | None = None
    sunset_h: float | None = None


class Thermal(Table):
    """Resistances and time constants of the box; nothing public gives the EVC5's."""

    enclosure_k_w: NotNegative | None = None
    enclosure_tau_s: Positive | None = None
    standby_w: NotNegative | None = None
    coil_w: NotNegative | None = None
    contactor_ohm: NotNegative | None = None
    contactor_k_w: NotNegative | None = None
    contactor_tau_s: Positive | None = None
    socket_ohm: NotNegative | None = None
    socket_k_w: NotNegative | None = None
    socket_tau_s: Positive | None = None


class Derating(Table):
    """How the current gives way to heat: a staircase, a published behaviour, or a table of one's own."""

    like: Literal["evc5", "openevse", "charx"] = "evc5"
    start_c: float | None = None
    stop_c: float | None = None
    off_c: float | None = None
    resume_c: float | None = None
    step_a: Positive | None = None
    hysteresis_k: Positive | None = None
    table: Many[Annotated[tuple[float, float, float], Strict(False)]] = Field(
        default=(), description="[°C, share of the rating, °C to give it back] rows"
    )


def world(rig: "RigFile", timeline: Timeline, registers_wh: Registers = ()) -> World:
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
        _made("grid", lambda: _supply(rig)),
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


def _outlet(rig: "RigFile") -> OutletSpec:
    station, meter = rig.station, rig.station.meter
    return OutletSpec(
        rated_a=station.rated_a,
        phases=station.phases,
        meter=MeterSpec(**given(meter)),
        pwm_steps=256 if station.pwm_8_bit else None,
    )


def _supply(rig: "RigFile") -> supply.Supply:
    grid = rig.grid
    return supply.Supply(
        voltage_v=grid.voltage_v,
        frequency_hz=grid.frequency_hz,
        profile=tuple((hour * HOUR_S, factor) for hour, factor in grid.profile),
        walk_v=grid.walk_v,
        walk_hz=grid.walk_hz,
        impedance_ohm=grid.impedance_ohm,
        house=tuple((hour * HOUR_S, amps) for hour, amps in grid.house),
        sags=tuple(supply.Sag(rig.t(sag.at), sag.lasts_s, sag.factor, sag.phases) for sag in grid.sags),
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
