"""The tables of a rig file, one model each; what a key may hold stands beside it."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, Strict, model_validator

from evc5.rigs.rigfile.fields import (
    Connector,
    IdTag,
    KeyValue,
    Many,
    NotNegative,
    OneOrMany,
    Positive,
    Table,
    Zone,
)
from evc5.rigs.rigfile.instants import Instant, Utc, utc

Fault = Literal[  # shared vocabulary of rig files and Bench.inject
    "lock-failure", "pilot-short", "diode-failure", "ground-failure", "over-voltage", "under-voltage",
    "over-current", "over-temperature", "power-meter-failure", "contactor-welded", "reader-failure",
    "power-loss", "phase-loss", "emergency-stop",
]  # fmt: skip
TagStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]  # OCPP 1.6 7.2
BootStatus = Literal["Accepted", "Pending", "Rejected"]  # OCPP 1.6 7.40


NO_COMMA = "^[^,]*$"  # com_OCPCInfo lists them with commas between


class Boot(Table):
    """What BootNotification says of the station."""

    vendor: str = Field(default="Ecotap", max_length=20, pattern=NO_COMMA)
    model: str = Field(default="EVC5", max_length=20, pattern=NO_COMMA)
    serial: str = Field(default="EVC5-0001", max_length=25, pattern=NO_COMMA)
    firmware: str = Field(default="V32R30", max_length=50)


class Meter(Table):
    """The kWh meter of each connector."""

    class_pct: float = Field(default=1.0, ge=0, le=5, description="class 1 allows ±1 %")
    gain_error_pct: float | None = Field(default=None, description="absent: drawn from the seed")
    resolution_wh: Positive = Field(default=1.0, description="one step of the register")
    register_wh: NotNegative = Field(
        default=0.0, description="what it shows at the start, unless `memory` knows"
    )

    @model_validator(mode="after")
    def _within_class(self) -> Self:
        if self.gain_error_pct is not None and abs(self.gain_error_pct) > self.class_pct:
            allowed = f"must have gain_error_pct within ±class_pct ({self.class_pct:g})"
            raise ValueError(f"{allowed}, got {self.gain_error_pct:g}")
        return self


class StationClock(Table):
    """How the station's own clock is wrong before the back office sets it."""

    offset_s: float = Field(default=0.0, ge=-86_400.0, le=86_400.0)
    drift_ppm: float = Field(default=0.0, ge=-500.0, le=500.0)


class Station(Table):
    backend: Literal["twin", "hardware"] = Field(
        default="twin", description="hardware: a real one that dials in to `evc5 csms RIG`"
    )
    behaviour: str = "evc5-v32r30"
    identity: str = Field(default="EVC5-0001", min_length=1, max_length=25, pattern=r"^[^\s:/]+$")
    connectors: Connector = 2
    rated_a: float = Field(default=32.0, ge=6, le=63, description="rating of each connector, A per phase")
    station_max_a: float = Field(
        default=63.0, ge=6, le=250, description="both connectors together, A per phase"
    )
    phases: Literal[1, 3] = 3
    latency_s: float = Field(default=0.05, ge=0, le=30, description="one way, station to back office")
    allow_overrides: bool = Field(
        default=False, description="let keys break the sheet's access and ranges, to model other firmware"
    )
    phase_switching: bool = Field(default=False, description="relays between one and three phases")
    phase_switch_interrupt_s: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="pilot held at -12 V in the pause, for cars that would not resume",
    )
    pwm_8_bit: bool = Field(default=False, description="the pilot's duty in 256 steps, 0.23 A each")
    memory: str | None = Field(
        default=None,
        description="file of the non-volatile memory, found again by the next run; absent: none",
    )
    queue_limit: int = Field(
        default=10_000, ge=10, description="messages kept for the back office before samples are given up"
    )
    transfers: Literal["simulated", "network"] = Field(
        default="simulated",
        description="firmware and diagnostics: with `files`, or by HTTP and FTP",
    )
    files: dict[str, str] = Field(default_factory=dict, description="what simulated servers have: URL = file")
    boot: Boot = Field(default_factory=Boot)
    meter: Meter = Field(default_factory=Meter)
    clock: StationClock = Field(default_factory=StationClock)
    keys: dict[str, KeyValue] = Field(default_factory=dict, description="OCPP and vendor configuration keys")
    policies: dict[str, str] = Field(default_factory=dict)


class SessionEntry(Table):
    """One car at one connector."""

    connector: Connector = 1
    plug_in: Instant
    unplug: Instant
    vehicle: str
    soc: float = Field(ge=0, le=1, description="state of charge on arrival")
    id_tag: IdTag = "TAG1"
    cable_a: Literal[13, 20, 32, 63] = 32
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader")


class User(Table):
    """Where a user of the CSV parks, and in what car (fitted to the user's sessions where none is named)."""

    connector: Connector
    vehicle: str | None = None


class SessionsCsv(Table):
    """Sessions read from a file in the Trondheim data's format."""

    path: str = Field(description="a file, relative to the rig's, or a shipped one: trondheim-selection.csv")
    timezone: Zone = "Europe/Oslo"
    users: dict[str, User] = Field(min_length=1)
    tag_after_s: NotNegative = 15.0


class Generator(Table):
    """Seeded random sessions: one a day on each connector with the given chance."""

    vehicles: Annotated[Many[str], Field(min_length=1)]
    chance: float = Field(default=0.8, ge=0, le=1)
    plug_in_h: float = Field(default=17.5, ge=0, lt=24, description="local hour, mean")
    plug_in_sd_h: NotNegative = 1.5
    stay_h: Positive = Field(default=12.0, description="mean stay; a stay ends before the next arrival")
    stay_sd_h: NotNegative = 2.0
    soc: Annotated[
        tuple[float, float], Strict(False), Field(description="arrival, uniform between the two")
    ] = (0.2, 0.7)
    tag_after_s: NotNegative = 15.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.soc
        if not 0 <= low <= high <= 1:
            raise ValueError(f"must have 0 <= soc[0] <= soc[1] <= 1, got {[low, high]}")
        return self


class Tag(Table):
    status: TagStatus = "Accepted"
    parent: IdTag | None = None
    expires: Utc | None = None


def _wire(value: Any) -> Any:
    """A payload with TOML's dates as OCPP writes them."""
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item) for item in value]
    return utc(value).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


Payload = Annotated[dict[str, Any], BeforeValidator(_wire)]


class Action(Table):
    """A CALL of the back office at its time."""

    at: Instant
    action: str
    payload: Payload = Field(default_factory=dict)


class Reply(Table):
    """A scripted answer to the station's next CALLs of one action."""

    action: str
    payload: Payload | None = None
    error: str | None = Field(default=None, description="answer with this CALLERROR code instead")
    silent: bool = Field(default=False, description="answer nothing")
    at: Instant = Field(default=0.0, description="from when it stands")
    count: int = Field(default=1, ge=0, description="for how many CALLs; 0: all")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if (self.payload is not None) + (self.error is not None) + self.silent != 1:
            raise ValueError("must have exactly one of payload, error, silent")
        return self


class Csms(Table):
    """The embedded back office, or the URL of a real one, which then does as it likes."""

    url: str | None = Field(default=None, description="ws://host[:port][/path] or wss://…, as --csms")
    ca_file: str | None = Field(default=None, description="PEM: whom to trust for a wss:// back office")
    stations: dict[str, str] = Field(
        default_factory=dict, description="evc5 csms: others that may dial in, and their AuthorizationKeys"
    )
    boot_status: OneOrMany[BootStatus] = ("Accepted",)
    boot_interval_s: int = Field(
        default=60, ge=0, description="retry interval given with Pending and Rejected"
    )
    heartbeat_interval_s: int = Field(default=3600, ge=0)
    unknown_tags: TagStatus = "Accepted"
    tags: dict[IdTag, Tag] = Field(default_factory=dict)
    actions: Many[Action] = ()
    replies: Many[Reply] = ()


class FaultEntry(Table):
    at: Instant
    fault: Fault
    connector: int = Field(default=1, ge=0, le=2, description="0 with power-meter-failure: the third meter")
    clear_at: Instant | None = None


class Outage(Table):
    """Frames do not pass (silent), the socket is gone (down), or the station has no power (power)."""

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    kind: Literal["down", "silent", "power"] = "down"


class Recording(Table):
    telemetry: bool = True
    report: bool = True


class Checks(Table):
    tolerances: dict[str, NotNegative] = Field(default_factory=dict)
