"""The tables of a rig file, one model each; what a key may hold stands beside it."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, Strict, model_validator

from evc5.models.faults import Fault
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
from evc5.rigs.rigfile.messages import nearest
from evc5.twin.ocpp.schemas import ASKED_OF_CSMS, validator, violation
from evc5.twin.services.operations import OPERATIONS

TagStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]  # OCPP 1.6 7.2
BootStatus = Literal["Accepted", "Pending", "Rejected"]  # OCPP 1.6 7.40


NO_COMMA = "^[^,]*$"  # com_OCPCInfo lists them with commas between


class Boot(Table):
    """What BootNotification says of the station."""

    vendor: str = Field(default="Ecotap", max_length=20, pattern=NO_COMMA, description="chargePointVendor")
    model: str = Field(default="EVC5", max_length=20, pattern=NO_COMMA, description="chargePointModel")
    serial: str = Field(
        default="EVC5-0001", max_length=25, pattern=NO_COMMA, description="chargePointSerialNumber"
    )
    firmware: str = Field(default="V32R30", max_length=50, description="firmwareVersion")


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

    offset_s: float = Field(
        default=0.0, ge=-86_400.0, le=86_400.0, description="how far it is ahead at the start, s"
    )
    drift_ppm: float = Field(default=0.0, ge=-500.0, le=500.0, description="how much it gains, millionths")


class Station(Table):
    """The charge point: its ratings, firmware, link and configuration."""

    backend: Literal["twin", "hardware"] = Field(
        default="twin", description="hardware: a real one that dials in to `evc5 csms RIG`"
    )
    behaviour: str = Field(
        default="evc5-v32r30",
        description="evc5-v32r30, ocpp16, or a TOML file that inherits one and changes rows",
    )
    identity: str = Field(
        default="EVC5-0001",
        min_length=1,
        max_length=25,
        pattern=r"^[^\s:/]+$",
        description="the charge point's name in the URL that it dials",
    )
    connectors: Connector = Field(default=2, description="how many outlets; the EVC5 has two channels")
    rated_a: float = Field(default=32.0, ge=6, le=63, description="rating of each connector, A per phase")
    station_max_a: float = Field(
        default=63.0, ge=6, le=250, description="both connectors together, A per phase"
    )
    phases: Literal[1, 3] = Field(default=3, description="phases wired to the station")
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
    boot: Boot = Field(default_factory=Boot, description="what BootNotification says")
    meter: Meter = Field(default_factory=Meter, description="the kWh meter of each connector")
    clock: StationClock = Field(default_factory=StationClock, description="the station's own clock")
    keys: dict[str, KeyValue] = Field(default_factory=dict, description="OCPP and vendor configuration keys")
    policies: dict[str, str] = Field(
        default_factory=dict,
        description="answers to questions that sheet and standard leave open: policy = choice",
    )


class SessionEntry(Table):
    """One car at one connector."""

    connector: Connector = Field(default=1, description="where it parks")
    plug_in: Instant = Field(description="when the cable goes in")
    unplug: Instant = Field(description="when it comes out")
    vehicle: str = Field(description="a preset or one of [[vehicles]]")
    soc: float | None = Field(default=None, ge=0, le=1, description="state of charge on arrival")
    energy_kwh: float | None = Field(
        default=None, ge=0, le=1000, description="instead of soc: what it needs at the meter to be full, kWh"
    )
    id_tag: IdTag = Field(default="TAG1", description="what the card says")
    cable_a: Literal[13, 20, 32, 63] = Field(default=32, description="what the cable is coded for, A")
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader")

    @model_validator(mode="after")
    def _one_need(self) -> Self:
        if (self.soc is None) == (self.energy_kwh is None):
            raise ValueError("must have soc or energy_kwh, and not both")
        return self


class User(Table):
    """Where a user of the CSV parks, and in what car (fitted to the user's sessions where none is named)."""

    connector: Connector = Field(description="where the user parks")
    vehicle: str | None = Field(
        default=None, description="a preset or one of [[vehicles]]; absent: fitted to the user's sessions"
    )


class SessionsCsv(Table):
    """Sessions read from a file in the Trondheim data's format."""

    path: str = Field(description="a file, relative to the rig's, or a shipped one: trondheim-selection.csv")
    timezone: Zone = Field(default="Europe/Oslo", description="IANA zone of the file's local times")
    users: dict[str, User] = Field(min_length=1, description="whose sessions are played: User_ID = table")
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader, s")


class Generator(Table):
    """Seeded random sessions: one a day on each connector with the given chance."""

    vehicles: Annotated[Many[str], Field(min_length=1)] = Field(
        description="the cars that are drawn from: presets or [[vehicles]]"
    )
    chance: float = Field(default=0.8, ge=0, le=1, description="that a car comes on a day, 0 to 1")
    plug_in_h: float = Field(default=17.5, ge=0, lt=24, description="local hour, mean")
    plug_in_sd_h: NotNegative = Field(default=1.5, description="its standard deviation, h")
    stay_h: Positive = Field(default=12.0, description="mean stay; a stay ends before the next arrival")
    stay_sd_h: NotNegative = Field(default=2.0, description="its standard deviation, h")
    soc: Annotated[
        tuple[float, float], Strict(False), Field(description="arrival, uniform between the two")
    ] = (0.2, 0.7)
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader, s")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.soc
        if not 0 <= low <= high <= 1:
            raise ValueError(f"must have 0 <= soc[0] <= soc[1] <= 1, got {[low, high]}")
        return self


class Tag(Table):
    """One card."""

    status: TagStatus = Field(default="Accepted", description="what Authorize and StartTransaction answer")
    parent: IdTag | None = Field(
        default=None, description="parentIdTag: cards of one parent may stop each other's transactions"
    )
    expires: Utc | None = Field(default=None, description="expiryDate")


def _wire(value: Any) -> Any:
    """A payload with TOML's dates as OCPP writes them."""
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item) for item in value]
    return utc(value).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


Payload = Annotated[dict[str, Any], BeforeValidator(_wire)]


ASKED_OF_A_STATION = (*sorted(OPERATIONS), "ReserveNow", "CancelReservation")  # OCPP 1.6 section 5


class Action(Table):
    """A CALL of the back office at its time."""

    at: Instant = Field(description="when it is sent")
    action: str = Field(description="OCPP 1.6 name of the CALL, such as RemoteStartTransaction")
    payload: Payload = Field(default_factory=dict, description="its payload, in wire names")
    invalid: bool = Field(
        default=False, description="true: sent although OCPP 1.6 has no such action or payload"
    )

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if self.invalid:
            return self
        if self.action not in ASKED_OF_A_STATION:
            close = nearest(self.action, ASKED_OF_A_STATION)
            raise ValueError(f"action must be one that a back office may send, got {self.action!r}{close}")
        check = validator(self.action)
        if check is not None and not check.is_valid(self.payload):
            _, why = violation(check, self.payload)
            raise ValueError(f"payload breaks its schema ({why}); invalid = true sends it all the same")
        return self


class Reply(Table):
    """A scripted answer to the station's next CALLs of one action."""

    action: str = Field(description="whose CALLs it answers, such as Authorize")
    payload: Payload | None = Field(default=None, description="the answer, in wire names")
    error: str | None = Field(default=None, description="answer with this CALLERROR code instead")
    silent: bool = Field(default=False, description="answer nothing")
    at: Instant = Field(default=0.0, description="from when it stands")
    count: int = Field(default=1, ge=0, description="for how many CALLs; 0: all")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if self.action not in ASKED_OF_CSMS:
            close = nearest(self.action, ASKED_OF_CSMS)
            raise ValueError(f"action must be one that a station may send, got {self.action!r}{close}")
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
    boot_status: OneOrMany[BootStatus] = Field(
        default=("Accepted",),
        description="answers to BootNotification, one after the other; the last one stands",
    )
    boot_interval_s: int = Field(
        default=60, ge=0, description="retry interval given with Pending and Rejected"
    )
    heartbeat_interval_s: int = Field(
        default=3600, ge=0, description="interval given with Accepted, s; 0: as the station likes"
    )
    asks_keys: bool = Field(
        default=True, description="whether it asks for all configuration keys after each accepted boot"
    )
    unknown_tags: TagStatus = Field(
        default="Accepted", description="status of an idTag that [csms.tags] does not list"
    )
    tags: dict[IdTag, Tag] = Field(default_factory=dict, description="the cards it knows: idTag = table")
    actions: Many[Action] = Field(default=(), description="CALLs that it sends at their times")
    replies: Many[Reply] = Field(default=(), description="answers other than its usual ones")


class FaultEntry(Table):
    """A fault that sets in, and may be cleared."""

    at: Instant = Field(description="when it sets in")
    fault: Annotated[Fault, Strict(False)] = Field(description="its name, as in Bench.inject")
    connector: int = Field(default=1, ge=0, le=2, description="0 with power-meter-failure: the third meter")
    clear_at: Instant | None = Field(default=None, description="when it is gone; absent: it stays")


class Outage(Table):
    """Frames do not pass (silent), the socket is gone (down), or the station has no power (power)."""

    start: Instant = Field(alias="from", description="when it begins")
    end: Instant = Field(alias="to", description="when it is over")
    kind: Literal["down", "silent", "power"] = Field(default="down", description="what is away")


class Recording(Table):
    """What is written besides events and the summary."""

    messages: Literal["jsonl", "zst", "none"] = Field(
        default="jsonl",
        description="the frames: messages.jsonl, messages.jsonl.zst, which takes a fiftieth of the room, or "
        "none, of which nothing can be judged",
    )
    telemetry: bool = Field(
        default=True, description="write telemetry.parquet/; what needs it is not judged without"
    )
    report: bool = Field(default=True, description="write report.html")
    stretches: bool = Field(
        default=True,
        description="render at once what is told while only time passes; false steps through it, which gives "
        "the same recording more slowly",
    )


class Checks(Table):
    """How exact the judge is."""

    tolerances: dict[str, NotNegative] = Field(
        default_factory=dict, description="how far the measured may be from the expected: tolerance = number"
    )
