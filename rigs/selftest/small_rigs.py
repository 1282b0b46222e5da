"""The small rigs that seeded bugs are tried in: an hour or two, a few lines of script each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evc5.rigs.bench.bench import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.selftest import service_scripts
from evc5.rigs.selftest.script import ask, begin, change, composite, end, install, profile, running

Script = Callable[[Bench], None]
Table = Mapping[str, Any]

LIST = (
    "Current.Import,Current.Offered,Energy.Active.Import.Register,SoC,Voltage,Frequency,Power.Factor,"
    "Power.Active.Import,Temperature"
)
KEYS: Table = {
    "chg_KWH1": "EASTR_SDM630,1,9600,N,1",  # it measures all nine measurands of table 3
    "chg_KWH2": "EASTR_SDM630,2,9600,N,1",
    "MeterValueSampleInterval": 60,
    "ClockAlignedDataInterval": 300,
    "MeterValuesSampledData": LIST,
    "MeterValuesAlignedData": LIST,
    "StopTxnSampledData": "Energy.Active.Import.Register,SoC",
}
SWITCHED = {"ConnectorSwitch3to1PhaseSupported": True}  # the sheet: from the station's hardware
TAGS = {"BLOCKED": {"status": "Blocked"}, "CHILD1": {"parent": "FAMILY"}, "CHILD2": {"parent": "FAMILY"}}


@dataclass(frozen=True, slots=True)
class SmallRig:
    """A station and what happens to it."""

    name: str
    title: str
    script: Script
    station: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    csms: Mapping[str, Any] = field(default_factory=dict)
    ambient_c: float = 15.0
    start: str = "2024-03-01T10:00:20Z"

    def file(self, behaviour: str = "evc5-v32r30", policies: Mapping[str, str] | None = None) -> RigFile:
        """As a rig file would describe it."""
        station = {"behaviour": behaviour, "policies": dict(policies or {}), **self.station}
        table = {"name": self.name, "title": self.title, "start": self.start, "days": 30.0}
        station["keys"] = {**KEYS, **self.keys}
        csms = {"heartbeat_interval_s": 600, "tags": TAGS, **self.csms}
        return RigFile.parse(
            {**table, "station": station, "csms": csms, "ambient": {"mean_c": self.ambient_c}}
        )


def charge(bench: Bench) -> None:
    """Two cars one after the other, the sample interval and the list of measurands changed in between."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(1500.0)
    change(bench, "MeterValueSampleInterval", "90")
    bench.advance(600.0)
    end(bench)
    change(bench, "MeterValuesSampledData", "Energy.Active.Import.Register,Voltage.L2")
    begin(bench, vehicle="kia-e-niro-64", soc=0.5)
    bench.advance(700.0)
    end(bench)
    bench.advance(330.0)


def full(bench: Bench) -> None:
    """A small car charges until it is full, and stays."""
    bench.advance(30.0)
    begin(bench, vehicle="smart-eq-fortwo-22kw", soc=0.93)
    bench.advance(2700.0)
    end(bench)
    bench.advance(60.0)


def outage(bench: Bench) -> None:
    """The link is gone while a car charges, and a second car leaves meanwhile."""
    bench.advance(30.0)
    begin(bench, 1)
    begin(bench, 2)
    bench.advance(400.0)
    bench.link.down()
    bench.advance(500.0)
    end(bench, 2)
    bench.advance(200.0)
    bench.link.up()
    bench.advance(600.0)
    end(bench, 1)
    bench.advance(4000.0)


def silent(bench: Bench) -> None:
    """The socket stays open and nothing passes, as behind a dead modem."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(300.0)
    bench.link.silent()
    bench.advance(400.0)
    bench.link.up()
    bench.advance(900.0)
    end(bench)
    bench.advance(4000.0)


def refused(bench: Bench) -> None:
    """The back office loses one answer to a MeterValues and one to a StopTransaction."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(200.0)
    bench.csms.reply("MeterValues", silent=True, times=1)
    bench.advance(600.0)
    bench.csms.reply("StopTransaction", silent=True, times=1)
    end(bench)
    bench.advance(4000.0)


def errors(bench: Bench) -> None:
    """The back office answers a start twice with a CALLERROR, and its stop until it is given up."""
    bench.advance(30.0)
    bench.csms.reply("StartTransaction", error="InternalError", times=2)
    begin(bench)
    bench.advance(1200.0)
    bench.csms.reply("StopTransaction", error="InternalError", times=6)
    end(bench)
    bench.advance(1500.0)
    begin(bench)
    bench.advance(120.0)
    end(bench)


def power(bench: Bench) -> None:
    """The mains fail under charge; after it the car gets a new transaction."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(900.0)
    bench.link.down()
    bench.advance(100.0)
    bench.power.cut()
    bench.advance(200.0)
    bench.link.up()
    bench.power.restore()
    bench.advance(400.0)
    bench.unplug(1)
    bench.advance(60.0)
    begin(bench)
    bench.advance(400.0)
    end(bench)
    bench.advance(4000.0)


def idle(bench: Bench) -> None:
    """Nobody comes; without clock-aligned data only the heartbeat is heard, before an outage and after it."""
    bench.advance(1700.0)
    ask(bench, "GetConfiguration")
    bench.advance(750.0)
    change(bench, "HeartbeatInterval", "300")
    bench.advance(1500.0)
    bench.link.down()
    bench.advance(100.0)
    bench.link.up()
    bench.advance(1500.0)


def booting(bench: Bench) -> None:
    """The CSMS lets the station wait: Rejected, then Pending, then Accepted; a car charges meanwhile."""
    bench.advance(70.0)
    ask(bench, "TriggerMessage", {"requestedMessage": "StatusNotification"})
    bench.plug_in(2, "vw-id3-58", 0.5)
    bench.advance(200.0)
    bench.unplug(2)
    bench.advance(20.0)
    begin(bench)
    bench.advance(300.0)
    end(bench)


def stack(bench: Bench) -> None:
    """TxDefaultProfiles on several levels and connectors, replaced and cleared while cars charge."""
    bench.advance(30.0)
    install(bench, 0, profile(1, 14.0))
    begin(bench, 1)
    begin(bench, 2)
    bench.advance(300.0)
    install(bench, 0, profile(2, 11.0, level=1))
    bench.advance(300.0)
    install(bench, 1, profile(3, 8.0, level=0))
    composite(bench, 0, 1, 2)
    bench.advance(300.0)
    install(bench, 0, profile(4, [(0, 13.0), (37_500, 9.0), (38_700, 12.0)]))  # 10:25 and 10:45
    composite(bench, 1, 2)
    bench.advance(300.0)
    ask(bench, "ClearChargingProfile", {"id": 2})
    composite(bench, 1, 2)
    bench.advance(900.0)
    composite(bench, 0, 2)
    bench.advance(900.0)
    ask(bench, "ClearChargingProfile", {"connectorId": 1})
    bench.advance(300.0)
    ask(bench, "ClearChargingProfile", {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0})
    bench.advance(120.0)
    end(bench, 1)
    end(bench, 2)


def station_max(bench: Bench) -> None:
    """A ChargePointMaxProfile over two cars; then too little for both, then nothing at all."""
    bench.advance(30.0)
    begin(bench, 1, "renault-zoe-ze50")
    begin(bench, 2, "renault-zoe-ze50")
    bench.advance(300.0)
    install(bench, 0, profile(1, 30.0, "ChargePointMaxProfile"))
    composite(bench, 0, 1)
    bench.advance(300.0)
    install(bench, 0, profile(1, 10.0, "ChargePointMaxProfile"))
    bench.advance(300.0)
    install(bench, 0, profile(1, 0.0, "ChargePointMaxProfile"))
    bench.advance(300.0)
    ask(bench, "ClearChargingProfile", {"id": 1})
    bench.advance(300.0)
    end(bench, 1)
    bench.advance(120.0)
    end(bench, 2)


def transaction_profile(bench: Bench) -> None:
    """A TxProfile for one transaction, and the next transaction without it."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(200.0)
    wire = profile(
        1,
        [(0, 12.0), (600, 7.0), (1200, 4.0), (1500, 10.0)],
        "TxProfile",
        "Relative",
        transactionId=running(bench),
    )
    install(bench, 1, wire)
    composite(bench, 1)
    bench.advance(1700.0)
    end(bench)
    begin(bench)
    bench.advance(400.0)
    composite(bench, 1)
    end(bench)


def watts(bench: Bench) -> None:
    """Limits in watts, over three phases and over one."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(120.0)
    install(bench, 1, profile(1, 6900.0, unit="W"))
    composite(bench, 1, 0)
    composite(bench, 1, unit="W")
    bench.advance(300.0)
    install(bench, 1, profile(1, 2300.0, unit="W", numberPhases=1))
    composite(bench, 1)
    bench.advance(300.0)
    end(bench)


def phases(bench: Bench) -> None:
    """A profile with numberPhases 1, and back to three before the dwell time is over."""
    bench.advance(30.0)
    begin(bench, vehicle="renault-zoe-ze50")
    bench.advance(300.0)
    install(bench, 1, profile(1, 12.0, numberPhases=1))
    composite(bench, 1)
    bench.advance(300.0)
    install(bench, 1, profile(1, 12.0))
    bench.advance(900.0)
    end(bench)


def recurring(bench: Bench) -> None:
    """A profile for every night from 22:00 and one for the week, across two midnights."""
    bench.advance(30.0)
    daily: Table = {"recurrencyKind": "Daily", "duration": 6 * 3600, "startSchedule": "2024-02-29T22:00:00Z"}
    install(bench, 0, profile(1, [(0, 9.0), (7200, 12.0)], kind="Recurring", **daily))
    weekly: Table = {"recurrencyKind": "Weekly", "duration": 7200, "startSchedule": "2024-02-25T01:00:00Z"}
    install(bench, 1, profile(2, 7.0, kind="Recurring", level=2, **weekly))
    begin(bench, vehicle="tesla-model-s-100", soc=0.05)
    composite(bench, 1, duration=2 * 86_400)
    bench.advance(8 * 3600.0)
    end(bench)


def heat(bench: Bench) -> None:
    """A hot day with a car that takes all it can get."""
    bench.advance(30.0)
    begin(bench, 1, "renault-megane-ev60", 0.1)
    begin(bench, 2, "renault-megane-ev60", 0.1)
    bench.advance(5400.0)
    end(bench, 1)
    end(bench, 2)


def cable(bench: Bench) -> None:
    """A car that takes 32 A, through a cable for 20 A."""
    bench.advance(30.0)
    bench.plug_in(1, "renault-zoe-ze50", 0.2, 20.0)
    bench.advance(10.0)
    bench.present_tag(1, "TAG1")
    bench.advance(300.0)
    end(bench)


def refusals(bench: Bench) -> None:
    """Profiles for nobody and nothing, and clearing what is not there."""
    bench.advance(30.0)
    install(bench, 1, profile(1, 10.0, "TxProfile"))
    install(bench, 2, profile(2, 10.0, "ChargePointMaxProfile"))
    install(bench, 7, profile(3, 10.0))
    ask(bench, "ClearChargingProfile", {"id": 99})
    install(bench, 1, profile(4, 10.0))
    ask(bench, "ClearChargingProfile", {"id": 4})
    bench.advance(30.0)


def hasty(bench: Bench) -> None:
    """The back office changes its mind every second or two."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(60.0)
    for limit in (10.0, 12.0, 8.0, 14.0, 9.0):
        install(bench, 1, profile(1, limit))
        bench.advance(1.5)
    bench.advance(120.0)
    end(bench)


def keys(bench: Bench) -> None:
    """Configuration keys changed, and read back."""
    bench.advance(30.0)
    for key, value in (("ConnectionTimeOut", "75"), ("LightIntensity", "30"), ("ResetRetries", "3")):
        change(bench, key, value)
    ask(bench, "GetConfiguration", {"key": ["ConnectionTimeOut", "LightIntensity", "ResetRetries"]})
    ask(bench, "GetConfiguration")
    bench.advance(60.0)


def faults(bench: Bench) -> None:
    """Faults come and go, under charge and without a car."""
    bench.advance(30.0)
    begin(bench)
    for fault in ("ground-failure", "pilot-short", "under-voltage", "reader-failure"):
        bench.advance(200.0)
        bench.inject(fault, 1)
        bench.advance(60.0)
        bench.clear(fault, 1)
    bench.advance(300.0)
    bench.inject("over-voltage", 2)
    bench.advance(60.0)
    bench.clear("over-voltage", 2)
    end(bench)


def authorisation(bench: Bench) -> None:
    """Cards that may not charge, a family of cards, and a transaction that the CSMS refuses."""
    bench.advance(30.0)
    begin(bench, tag="BLOCKED")
    bench.advance(30.0)
    bench.unplug(1)
    bench.advance(60.0)
    begin(bench, tag="CHILD1")
    bench.advance(200.0)
    bench.present_tag(1, "OTHER")
    bench.advance(60.0)
    end(bench, tag="CHILD2")
    bench.csms.reply("StartTransaction", {"transactionId": 901, "idTagInfo": {"status": "Invalid"}}, times=1)
    begin(bench)
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(60.0)
    bench.present_tag(1, "TAG1")
    bench.advance(90.0)  # nobody plugs in: ConnectionTimeOut
    begin(bench)
    bench.advance(100.0)
    bench.unplug(1)  # the cable is pulled under charge
    bench.advance(100.0)


def remote(bench: Bench) -> None:
    """Everything that the CSMS can ask for."""
    bench.advance(30.0)
    bench.plug_in(1, "vw-id3-58", 0.4)
    bench.advance(10.0)
    ask(bench, "RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1})
    bench.advance(300.0)
    for message in ("MeterValues", "StatusNotification", "Heartbeat", "BootNotification"):
        ask(bench, "TriggerMessage", {"requestedMessage": message})
        bench.advance(5.0)
    ask(bench, "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.advance(60.0)
    ask(bench, "RemoteStopTransaction", {"transactionId": running(bench)})
    bench.advance(60.0)
    bench.unplug(1)
    bench.advance(60.0)
    ask(bench, "ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    bench.advance(30.0)
    for key, value in (
        ("ResetRetries", "3"),
        ("NumberOfConnectors", "5"),
        ("NoSuchKey", "1"),
        ("LightIntensity", "30"),
        ("MeterValueSampleInterval", "-5"),
        ("ClockAlignedDataInterval", "120"),
    ):
        change(bench, key, value)
    ask(bench, "GetConfiguration", {"key": ["LightIntensity", "Nonsense", "ResetRetries"]})
    begin(bench)
    bench.advance(300.0)
    ask(bench, "Reset", {"type": "Soft"})
    bench.advance(120.0)
    bench.unplug(1)
    begin(bench, 2)
    bench.advance(120.0)
    ask(bench, "UnlockConnector", {"connectorId": 2})
    bench.advance(60.0)
    bench.unplug(2)
    bench.advance(120.0)


def unsupported(bench: Bench) -> None:
    """What the sheet says the station cannot do, what nobody knows, and what makes no sense."""
    bench.advance(30.0)
    reservation = {"connectorId": 1, "expiryDate": "2024-03-02T00:00:00Z", "idTag": "T", "reservationId": 1}
    calls: tuple[tuple[str, Table], ...] = (
        ("ReserveNow", reservation),
        ("CancelReservation", {"reservationId": 1}),
        ("MakeCoffee", {}),
        ("RemoteStartTransaction", {"idTag": 7}),
    )
    for action, payload in calls:
        ask(bench, action, payload)
        bench.advance(1.0)
    bench.advance(30.0)


NO_CLOCK = {"ClockAlignedDataInterval": 0}
RIGS: dict[str, SmallRig] = {
    rig.name: rig
    for rig in (
        SmallRig("charge", "two cars, one after the other", charge),
        SmallRig("full", "a car charges until it is full", full),
        SmallRig("outage", "the link is down for a quarter of an hour", outage),
        SmallRig("silent", "nothing passes for a while", silent),
        SmallRig("refused", "answers of the back office get lost", refused),
        SmallRig("errors", "transaction messages meet CALLERRORs", errors),
        SmallRig("power", "the mains fail under charge", power),
        SmallRig("idle", "nobody comes", idle, keys=NO_CLOCK),
        SmallRig(
            "booting",
            "the CSMS lets the station wait",
            booting,
            csms={"boot_status": ["Rejected", "Pending", "Accepted"], "boot_interval_s": 60},
        ),
        SmallRig("stack", "profiles on several levels", stack),
        SmallRig("station-max", "one limit over two cars", station_max),
        SmallRig("transaction-profile", "a profile for one transaction", transaction_profile),
        SmallRig("watts", "limits in watts", watts),
        SmallRig(
            "phases", "from three phases to one and back", phases,
            station={"allow_overrides": True}, keys=SWITCHED,
        ),
        SmallRig(
            "recurring", "profiles that come back", recurring, start="2024-03-02T20:00:20Z",
            keys={"MeterValueSampleInterval": 300, "ClockAlignedDataInterval": 900},
        ),
        SmallRig(
            "sharing", "two cars that want more than the station has", station_max,
            station={"station_max_a": 40},
        ),
        SmallRig("heat", "a hot day", heat, ambient_c=45.0, station={"station_max_a": 64}),
        SmallRig("cable", "a thin cable", cable),
        SmallRig("refusals", "profiles for nobody", refusals),
        SmallRig("hasty", "a back office that changes its mind", hasty),
        SmallRig("keys", "keys changed and read back", keys),
        SmallRig("faults", "faults come and go", faults),
        SmallRig("authorisation", "who may charge", authorisation),
        SmallRig("remote", "what the CSMS asks", remote),
        SmallRig("unsupported", "what the station cannot do", unsupported),
        SmallRig("waiting", "cards and cables that wait", service_scripts.waiting),
        SmallRig("lists", "the local list and the cache", service_scripts.lists),
        SmallRig("orders", "what the CSMS orders, right and wrong", service_scripts.orders),
        SmallRig("values", "values of keys, good and bad", service_scripts.values),
        SmallRig("files", "diagnostics and firmware", service_scripts.files),
        SmallRig("validity", "profiles by the calendar", service_scripts.validity),
    )
}  # fmt: skip
