"""What surrounds the station, as a rig file's tables give it: grid connection, air, heat and derating.

What a table leaves out is as the model has it; the numbers and their sources stand there.
"""

from typing import Annotated, Literal

from pydantic import Field, Strict

from evc5.rigs.rigfile.fields import EachPhase, Many, NotNegative, Positive, Table, TimeConstant
from evc5.rigs.rigfile.instants import Instant

HourFactor = Annotated[tuple[float, float], Strict(False)]
HourAmps = Annotated[tuple[float, EachPhase[float]], Strict(False)]


class Sag(Table):
    """The voltage of some phases falls for a while; factor 0 is a lost phase."""

    at: Instant = Field(description="when it begins")
    lasts_s: Positive = Field(description="how long, seconds")
    factor: float = Field(
        default=0.0, ge=0, le=1.5, description="on the voltage: 0 is a lost phase, 1 no change"
    )
    phases: Many[int] = Field(default=(1, 2, 3), description="which of L1, L2, L3")


class GridLimit(Table):
    """What a master or supervisor allows the station from a time on; without amps it falls silent."""

    at: Instant = Field(description="from when it holds")
    amps: NotNegative | None = Field(
        default=None, description="A per phase for the whole station; absent: the master falls silent"
    )


class Grid(Table):
    """The connection to the grid, and the house beside the charge point."""

    voltage_v: EachPhase[Positive] = Field(
        default=(230.0, 230.0, 230.0), description="phase to neutral, V: one number, or L1, L2, L3"
    )
    frequency_hz: float = Field(default=50.0, ge=45, le=65, description="Hz")
    profile: Many[HourFactor] = Field(
        default=(), description="[local hour, factor on the voltage] over the day"
    )
    walk_v: NotNegative = Field(default=0.0, description="seeded random walk, standard deviation per phase")
    walk_hz: NotNegative = Field(
        default=0.0, description="seeded random walk of the frequency, standard deviation, Hz"
    )
    impedance_ohm: float = Field(default=0.0, ge=0, le=2, description="of each phase, up to the charge point")
    house: Many[HourAmps] = Field(default=(), description="[local hour, A or [L1, L2, L3]] over the day")
    sags: Many[Sag] = Field(default=(), description="dips and lost phases at their times")
    limits: Many[GridLimit] = Field(default=(), description="over the bus, with grid_Role Slave or Master")


class Ambient(Table):
    """The air outside, and the sun on the enclosure."""

    mean_c: float | None = Field(default=None, ge=-40, le=60, description="mean of the day")
    swing_k: NotNegative | None = Field(default=None, description="half of what lies between day and night")
    warmest_h: float | None = Field(default=None, description="local hour")
    sun_k: NotNegative | None = Field(default=None, description="what full noon sun warms the enclosure by")
    sunrise_h: float | None = Field(default=None, description="local hour from which the sun warms")
    sunset_h: float | None = Field(default=None, description="local hour until which it does")


class Thermal(Table):
    """Resistances and time constants of the box; nothing public gives the EVC5's."""

    enclosure_k_w: NotNegative | None = Field(
        default=None, description="warming of the enclosure's air, K per W lost in it"
    )
    enclosure_tau_s: TimeConstant | None = Field(default=None, description="its time constant, s")
    standby_w: NotNegative | None = Field(default=None, description="what the electronics turn into heat, W")
    coil_w: NotNegative | None = Field(default=None, description="a contactor's coil while closed, W")
    contactor_ohm: NotNegative | None = Field(
        default=None, description="resistance of a contact, ohm per phase"
    )
    contactor_k_w: NotNegative | None = Field(
        default=None, description="warming of a contactor above the enclosure, K/W"
    )
    contactor_tau_s: TimeConstant | None = Field(default=None, description="its time constant, s")
    socket_ohm: NotNegative | None = Field(
        default=None, description="resistance of a socket contact, ohm per phase"
    )
    socket_k_w: NotNegative | None = Field(
        default=None, description="warming of the socket above the enclosure, K/W"
    )
    socket_tau_s: TimeConstant | None = Field(default=None, description="its time constant, s")


class Derating(Table):
    """How the current gives way to heat: a staircase, a published behaviour, or a table of one's own."""

    like: Literal["evc5", "openevse", "charx"] = Field(
        default="evc5", description="evc5: an assumed staircase; openevse, charx: as published for those"
    )
    start_c: float | None = Field(default=None, description="from this temperature on less current, °C")
    stop_c: float | None = Field(default=None, description="where 6 A are reached, °C")
    off_c: float | None = Field(default=None, description="nothing flows from here on, °C")
    resume_c: float | None = Field(default=None, description="below this it flows again, °C")
    step_a: float | None = Field(default=None, ge=0.01, description="one stair, A")
    hysteresis_k: Positive | None = Field(
        default=None, description="so much cooler before a stair is given back, K"
    )
    table: Many[Annotated[tuple[float, float, float], Strict(False)]] = Field(
        default=(), description="[°C, share of the rating, °C to give it back] rows"
    )
