"""`[hardware]` in a rig file: which driver plays which role at which connector, and how exact it is."""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from evc5.rigs.rigfile.fields import Many, NotNegative, Positive, Table

CONNECTOR_ROLES = ("cable", "load", "meter", "bus", "reader")
STATION_ROLES = ("supply", "mains", "climate")
PLAYS: dict[str, tuple[str, ...]] = {  # driver: the roles that it can play
    **dict.fromkeys(("person", "sim", "command"), ("cable", "load", "meter", "reader", *STATION_ROLES)),
    "modbus-meter": ("meter",),
    "meter-emulator": ("bus",),
    "modbus-box": ("cable", "mains"),
    "http-switch": ("mains",),
    "scpi-load": ("load",),
    "scpi-source": ("supply",),
    "scpi-analyser": ("meter",),
}
DIALLED = tuple(driver for driver in PLAYS if "-" in driver)
Driver = Literal[
    "person",
    "sim",
    "command",
    "modbus-meter",
    "meter-emulator",
    "modbus-box",
    "http-switch",
    "scpi-load",
    "scpi-source",
    "scpi-analyser",
]


class Accuracy(Table):
    """How exact an instrument reads, in percent of its reading; an energy class is energy_pct."""

    current_pct: NotNegative = Field(default=0.0, description="of a current")
    voltage_pct: NotNegative = Field(default=0.0, description="of a voltage")
    power_pct: NotNegative = Field(default=0.0, description="of a power")
    energy_pct: NotNegative = Field(default=0.0, description="of an energy")
    current_a: NotNegative = Field(default=0.0, description="last digit of a current")
    voltage_v: NotNegative = Field(default=0.0, description="last digit of a voltage")
    power_w: NotNegative = Field(default=0.0, description="last digit of a power")
    energy_wh: NotNegative = Field(default=0.0, description="last digit of an energy")
    range_a: Positive | None = Field(default=None, description="full scale of a current")
    range_w: Positive | None = Field(default=None, description="full scale of a power")
    of_range_pct: NotNegative = Field(default=0.0, description="percent of full scale that it is off besides")


class Device(Table):
    """One device in one role."""

    driver: Driver = Field(description="what speaks to it")
    url: str | None = Field(
        default=None,
        description="where it is: tcp://host:port, serial:///dev/ttyUSB0?baud=9600&parity=N, http://host,"
        " TCPIP0::host::5025::SOCKET",
    )
    program: Many[str] = Field(default=(), description="of driver command: the program and its arguments")
    map: str | None = Field(
        default=None, description="of a Modbus device: its register map by name, or a TOML file"
    )
    dialect: str | None = Field(
        default=None, description="of a SCPI device: its commands by name, or a TOML file"
    )
    untried: bool = Field(default=False, description="use a dialect that was never run on metal")
    unit: int = Field(default=1, ge=1, le=247, description="of a Modbus device: its address on the bus")
    channel: int = Field(default=0, ge=0, description="of a switch or load: which of its outputs")
    kind: Literal["shelly", "shelly-gen1", "gude"] = Field(
        default="shelly", description="of an HTTP switch: whose; gude counts its channels from 1"
    )
    timeout_s: Positive = Field(default=2.0, description="how long an answer is waited for")
    period_s: Positive = Field(default=1.0, description="how often it is read")
    settle_s: NotNegative = Field(default=0.0, description="until a reading follows a change")
    accuracy: Accuracy = Field(default_factory=Accuracy, description="how exact it reads")
    max_a: Positive | None = Field(default=None, description="more is never asked of it, A per phase")
    max_v: Positive | None = Field(
        default=None, description="more is never asked of a source, V per phase; absent: 253"
    )
    max_c: float | None = Field(default=None, description="a higher temperature is never asked of it, °C")
    offers_a: float = Field(default=16.0, ge=6, le=80, description="of driver sim: what its charger offers")
    serial: str = Field(default="", description="its serial number, for the report")
    calibrated: str = Field(default="", description="when it was calibrated, for the report")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.driver in DIALLED and not self.url:
            raise ValueError(f"must have a url with driver {self.driver}")
        if self.driver == "command" and not self.program:
            raise ValueError("must have a program with driver command")
        if self.driver.startswith(("modbus-", "meter-")) and not self.map:
            raise ValueError(f"must have a map with driver {self.driver}")
        if self.driver == "http-switch" and self.kind == "gude" and not self.channel:
            raise ValueError("must have a channel from 1 with kind gude")
        if self.driver.startswith("scpi-") and not self.dialect:
            raise ValueError(f"must have a dialect with driver {self.driver}")
        return self


class Outlet(Table):
    """What stands at one connector; a role that is absent is a person at the terminal."""

    cable: Device | None = Field(default=None, description="the car's end of pilot and proximity")
    load: Device | None = Field(default=None, description="what draws current")
    meter: Device | None = Field(default=None, description="the reference meter")
    bus: Device | None = Field(default=None, description="a kWh meter served to the charger's own bus")
    reader: Device | None = Field(default=None, description="a card before the reader")

    @model_validator(mode="after")
    def _can_play(self) -> Self:
        _fitting(self, CONNECTOR_ROLES)
        return self


class Hardware(Table):
    """The bench around a real charge point, of station.backend = "hardware"."""

    connector: dict[str, Outlet] = Field(default_factory=dict, description="by its number")
    supply: Device | None = Field(default=None, description="an AC source in front of the charger")
    mains: Device | None = Field(default=None, description="the switch of the charger's mains")
    climate: Device | None = Field(default=None, description="a chamber around it")
    stand_in: bool = Field(default=False, description="no metal: evc5 stand-in serves all; any pace is well")
    notes: str = Field(default="", description="what a reader of the report should know")

    @model_validator(mode="after")
    def _can_play(self) -> Self:
        for name in self.connector:
            if name not in ("1", "2"):
                raise ValueError(f"connector must be 1 or 2, got {name}")
        _fitting(self, STATION_ROLES)
        return self

    @property
    def is_simulated(self) -> bool:
        """Does nothing of it energise anything, so that time may run at any pace?"""
        return self.stand_in or all(device.driver == "sim" for _, _, device in self.devices())

    def devices(self) -> Iterator[tuple[str, int | None, Device]]:
        """Role, connector (None: of the station) and device."""
        for name, outlet in self.connector.items():
            for role in CONNECTOR_ROLES:
                if (device := getattr(outlet, role)) is not None:
                    yield role, int(name), device
        for role in STATION_ROLES:
            if (device := getattr(self, role)) is not None:
                yield role, None, device


def _fitting(table: Any, roles: tuple[str, ...]) -> None:
    for role in roles:
        device = getattr(table, role)
        if device is not None and role not in PLAYS[device.driver]:
            able = ", ".join(name for name, plays in PLAYS.items() if role in plays)
            raise ValueError(f"{role}.driver must be one of {able}, got {device.driver}")
