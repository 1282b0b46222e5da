"""The small rigs that seeded bugs are tried in: an hour or two, a few lines of script each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evc5.rigs.bench.bench import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.selftest.scripts import cards, files, orders, outages, profiles, sessions

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
        station = {"behaviour": behaviour, **self.station}
        station["policies"] = {**self.station.get("policies", {}), **(policies or {})}
        table = {"name": self.name, "title": self.title, "start": self.start, "days": 30.0}
        station["keys"] = {**KEYS, **self.keys}
        csms = {"heartbeat_interval_s": 600, "tags": TAGS, **self.csms}
        return RigFile.parse(
            {
                **table,
                "station": station,
                "csms": csms,
                "ambient": {"mean_c": self.ambient_c},
                "recording": {"stretches": False},  # seeded bugs stand where time is stepped
            }
        )


NO_CLOCK = {"ClockAlignedDataInterval": 0}
RIGS: dict[str, SmallRig] = {
    rig.name: rig
    for rig in (
        SmallRig("charge", "two cars, one after the other", sessions.charge),
        SmallRig("full", "a car charges until it is full", sessions.full),
        SmallRig("clock", "a clock that is wrong until the back office sets it", sessions.full,
            station={"clock": {"offset_s": 120.0, "drift_ppm": -500.0},
                     "policies": {"follow_csms_time": "always"}},
            csms={"heartbeat_interval_s": 2400},
        ),
        SmallRig("outage", "the link is down for a quarter of an hour", outages.outage),
        SmallRig("silent", "nothing passes for a while", outages.silent),
        SmallRig("refused", "answers of the back office get lost", outages.refused),
        SmallRig("errors", "transaction messages meet CALLERRORs", outages.errors),
        SmallRig("power", "the mains fail under charge", outages.power),
        SmallRig("idle", "nobody comes", outages.idle, keys=NO_CLOCK),
        SmallRig("booting", "the CSMS lets the station wait", outages.booting,
            csms={"boot_status": ["Rejected", "Pending", "Accepted"], "boot_interval_s": 60},
        ),
        SmallRig("stack", "profiles on several levels", profiles.stack),
        SmallRig("station-max", "one limit over two cars", profiles.station_max),
        SmallRig("transaction-profile", "a profile for one transaction", profiles.transaction_profile),
        SmallRig("watts", "limits in watts", profiles.watts,
                 station={"allow_overrides": True}, keys=SWITCHED),
        SmallRig("watts-fixed", "limits in watts without phase relays", profiles.watts),
        SmallRig("one-phase", "limits in watts on a station of one phase", profiles.watts,
                 station={"phases": 1}),
        SmallRig("phases", "from three phases to one and back", profiles.phases,
            station={"allow_overrides": True}, keys=SWITCHED,
        ),
        SmallRig("recurring", "profiles that come back", profiles.recurring, start="2024-03-02T20:00:20Z",
            keys={"MeterValueSampleInterval": 300, "ClockAlignedDataInterval": 900},
        ),
        SmallRig("sharing", "two cars that want more than the station has", profiles.station_max,
            station={"station_max_a": 40},
        ),
        SmallRig("turns", "enough for one car of two", profiles.turns, station={"station_max_a": 10}),
        SmallRig("heat", "a hot day", sessions.heat, ambient_c=45.0, station={"station_max_a": 64}),
        SmallRig("cable", "a thin cable", sessions.cable),
        SmallRig("refusals", "profiles for nobody", profiles.refusals),
        SmallRig("hasty", "a back office that changes its mind", profiles.hasty),
        SmallRig("keys", "keys changed and read back", orders.keys),
        SmallRig("faults", "faults come and go", sessions.faults),
        SmallRig("authorisation", "who may charge", cards.authorisation),
        SmallRig("remote", "what the CSMS asks", orders.remote),
        SmallRig("remote-cards", "whose cards are asked for when the CSMS starts", orders.remote_cards,
            station={"policies": {"remote_start_id_tag": "per-key"}},
            keys={"LocalPreAuthorize": False, "AuthorizationCacheEnabled": False},
        ),
        SmallRig("unsupported", "what the station cannot do", orders.unsupported),
        SmallRig("waiting", "cards and cables that wait", cards.waiting),
        SmallRig("lists", "the local list and the cache", cards.lists),
        SmallRig("orders", "what the CSMS orders, right and wrong", orders.orders),
        SmallRig("values", "values of keys, good and bad", orders.values),
        SmallRig("files", "diagnostics and firmware", files.files),
        SmallRig("validity", "profiles by the calendar", profiles.validity),
    )
}  # fmt: skip
