"""What a controller sees: what a back office can know, and with an oracle what only the driver does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NOMINAL_V = 230.0  # phase to neutral, IEC 60038


@dataclass(frozen=True, slots=True)
class Session:
    """A transaction under way; what nobody told is None."""

    connector: int
    transaction_id: int
    id_tag: str
    started: datetime  # as StartTransaction says, in the rig's zone
    status: str  # of its connector, OCPP's word
    energy_wh: float  # by its register, so far
    power_w: float | None = None  # Power.Active.Import, the last that was told
    current_a: tuple[float, float, float] | None = None  # Current.Import on L1, L2, L3
    limit_a: float | None = None  # what was sent last and accepted, as it stands now; None: no limit
    values: Mapping[str, float] = field(default_factory=dict)  # last of each: "Voltage L1-N", "SoC", …
    departure: datetime | None = None  # oracle
    soc: float | None = None  # oracle, 0 to 1
    remaining_wh: float | None = None  # oracle: at the meter, until the car is full
    car_a: float | None = None  # oracle: A per phase that the car takes at most
    car_phases: int | None = None  # oracle: on how many it charges here

    @property
    def phases(self) -> int:
        """On how many phases it charges, as far as anybody can tell; 3 where nobody can."""
        if self.car_phases is not None:
            return self.car_phases
        flowing = sum(amps > 0.5 for amps in self.current_a or ())
        return flowing or 3

    def watts(self, amps: float) -> float:
        """What so many A per phase are at nominal volts."""
        return amps * NOMINAL_V * self.phases


@dataclass(frozen=True, slots=True)
class View:
    """One charge point at one moment."""

    now: datetime  # in the rig's zone
    every_s: float  # until it is asked again, unless a transaction begins or ends before
    start: datetime  # of the run
    end: datetime
    station_a: float  # all connectors together, A per phase
    rated_a: float  # each connector, A per phase
    status: Mapping[int, str]  # of each connector, OCPP's word
    sessions: tuple[Session, ...]  # by their start
    oracle: bool = False

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.every_s)

    def steps(self, at: datetime) -> int:
        """Whole steps of `every` from the run's start to a moment."""
        return int((at - self.start).total_seconds() // self.every_s)


Limit = float | Sequence[float] | None  # A per phase; one a step of `every`, the last holds; None: no limit
Limits = Mapping[int, Limit]  # by connector; one that is left out keeps what it has
Controller = Callable[[View], Limits]
