"""What surrounds the station, as a rig file's tables give it: grid connection, air, heat and derating.

What a table leaves out is as the model has it; the numbers and their sources stand there.
"""

from typing import Annotated, Literal

from pydantic import Field, Strict

from evc5.rigs.rigfile.fields import EachPhase, Many, NotNegative, Positive, Table
from evc5.rigs.rigfile.instants import Instant

HourFactor = Annotated[tuple[float, float], Strict(False)]
HourAmps = Annotated[tuple[float, EachPhase[float]], Strict(False)]


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
