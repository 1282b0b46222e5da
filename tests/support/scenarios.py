"""Random days of a bench: hands, back office and network at their worst, the same again for the same seed."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from evc5 import Bench, CallError, NoReply
from evc5.rigs.selftest.verbs import serve
from evc5.twin.services.firmware import image

VEHICLES = ("vw-id3-58", "renault-zoe-ze50", "tesla-model-3-rwd", "nissan-leaf-40", "vw-e-golf-2017")
THREE_PHASES = ("renault-zoe-ze50", "tesla-model-3-rwd", "vw-id3-58")
TAGS = ("TAG1", "TAG2", "TAG3")
FAULTS = (
    "lock-failure",
    "pilot-short",
    "ground-failure",
    "over-voltage",
    "power-meter-failure",
    "reader-failure",
)
SWITCHES = {
    "MeterValueSampleInterval": ("0", "30", "60", "300"),
    "ClockAlignedDataInterval": ("0", "300", "900", "3600", "7000"),
    "HeartbeatInterval": ("60", "600", "1440"),
    "StopTransactionOnInvalidId": ("true", "false"),
    "StopTransactionOnEVSideDisconnect": ("true", "false"),
    "ConnectionTimeOut": ("30", "120"),
    "MeterValuesSampledData": (
        "Energy.Active.Import.Register,Current.Import,Current.Offered,Voltage",
        "SoC",
        "",
    ),
    "StopTxnSampledData": ("Energy.Active.Import.Register", ""),
    "AuthorizeRemoteTxRequests": ("true", "false"),
    "LightIntensity": ("20", "80"),
    "NoSuchKey": ("1",),
    "NumberOfConnectors": ("3",),
    "chg_StationMaxCurrent": ("20", "32", "63"),
    "chg_MinChargingCurrent": ("6", "10"),
}
ALL = (
    "Current.Import,Current.Offered,Energy.Active.Import.Register,SoC,Voltage,Frequency,Power.Factor,"
    "Power.Active.Import,Temperature"
)
EVERYTHING = {
    "chg_KWH1": "EASTR_SDM630,1,9600,N,1",  # a meter that measures all of table 3
    "chg_KWH2": "EASTR_SDM630,2,9600,N,1",
    "MeterValuesSampledData": ALL,
    "MeterValuesAlignedData": ALL,
}
# Questions the standard leaves open and the twin answers either way (design: policies).
POLICIES: dict[str, tuple[str, ...]] = {
    "gap": ("local-limit", "unlimited"),
    "txdefault_precedence": ("connector", "stack-level"),
    "merge_phases": ("minimum", "lower-limit"),
    "watts_to_amps": ("schedule-phases", "phases-in-use"),
    "recurring_before_start": ("inactive", "backwards"),
    "relative_without_transaction": ("from-query", "inactive"),
    "absolute_without_start": ("from-charging", "rejected"),
    "recurring_without_start": ("rejected", "from-receipt"),
    "txprofile_without_transaction_id": ("running", "rejected"),
    "clear_id_with_filters": ("id", "all"),
    "bad_connector": ("Rejected", "CALLERROR"),
    "over_limit": ("Rejected", "CALLERROR"),
    "hardcoded_write": ("Accepted", "Rejected"),
    "clock_stamp": ("boundary", "interval-start"),
    "clock_values": ("instant", "averaged"),
    "clock_midnight": ("utc", "local"),
    "clock_outside_transaction": ("sent", "transaction-only"),
    "clock_connector_zero": ("not-sent", "sent"),
    "sample_interval_changed": ("at-once", "next-transaction"),
    "bare_measurand": ("all", "total"),
    "stop_data": ("begin-end", "every-sample"),
    "soc_known": ("car", "absent"),
    "remote_start_profile": ("applied", "ignored", "rejected"),
    "remote_start_id_tag": ("per-key", "never-checked"),
    "unsupported_action": ("known-NotSupported", "reversed"),
    "transaction_message_retry": ("attempts", "fixed-delay"),
    "station_share": ("equal", "first-come"),
}


class Day:
    """One random stretch of a bench's life."""

    def __init__(self, seed: int, hours: float = 6.0, **bench: Any) -> None:
        self.random = random = Random(seed)
        behaviour = random.choice(("evc5-v32r30", "ocpp16"))
        keys: dict[str, Any] = {
            "MeterValueSampleInterval": random.choice((10, 60, 300)),
            "ClockAlignedDataInterval": 900,
        }
        if random.random() < 0.5:
            keys |= EVERYTHING
        if random.random() < 0.3:
            keys["ConnectorSwitch3to1PhaseSupported"] = True
        chosen = random.sample(sorted(POLICIES), random.choice((0, 0, 1, 3)))
        options = {
            "behaviour": behaviour,
            "policies": {name: random.choice(POLICIES[name]) for name in chosen},
            "allow_overrides": True,
            "latency_s": random.choice((0.0, 0.05, 0.8)),
            "seed": seed,
            "keys": keys,
        }
        self.bench = Bench(**(options | bench))
        self.end = self.bench.now + timedelta(hours=hours)
        self.cars: dict[int, str] = {}
        self.powered = self.linked = True
        self.faults: list[tuple[str, int]] = []
        self.trace: list[str] = []

    def run(self) -> Bench:
        acts = [(getattr(self, name), weight) for name, weight in ACTS.items()]
        while self.bench.now < self.end:
            act = self.random.choices([a for a, _ in acts], [w for _, w in acts])[0]
            self.trace.append(f"{self.bench.now:%H:%M:%S} {act.__name__}")
            act()
        self.restore()
        self.bench.advance(60)
        return self.bench

    def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        try:
            reply = self.bench.call(action, payload)
        except (CallError, NoReply):
            reply = None
        self.trace[-1] += f" {action} {payload} -> {reply}"
        return reply

    def connector(self) -> int:
        return self.random.choice((1, 2))

    # -- hands ----------------------------------------------------------------------------------

    def free(self) -> list[int]:
        return [connector for connector in (1, 2) if connector not in self.cars]

    def wait(self) -> None:
        self.bench.advance(self.random.choice((0, 1, 7.3, 60, 300, 900, 3600)))

    def charge(self) -> None:
        """The ordinary case: a car, a card, some time."""
        connector = self.connector()
        if connector not in self.cars:
            self._plug(connector)
            self.bench.advance(self.random.uniform(1, 20))
            self.bench.present_tag(connector, TAGS[0])
            self.bench.advance(self.random.uniform(300, 7200))

    def plug(self) -> None:
        connector = self.connector()
        if connector in self.cars:
            self.bench.unplug(connector)
            del self.cars[connector]
        else:
            self._plug(connector)

    def _plug(self, connector: int, vehicles: tuple[str, ...] = VEHICLES) -> None:
        self.cars[connector] = self.random.choice(vehicles)
        cable = self.random.choice((13.0, 20.0, 32.0))
        self.bench.plug_in(
            connector, self.cars[connector], soc=self.random.uniform(0.05, 0.99), cable_a=cable
        )

    def tag(self) -> None:
        self.bench.present_tag(self.connector(), self.random.choice(TAGS))

    def fault(self) -> None:
        if self.faults and self.random.random() < 0.7:
            self.bench.clear(*self.faults.pop())
        elif len(self.faults) < 2:
            self.faults.append((self.random.choice(FAULTS), self.connector()))
            self.bench.inject(*self.faults[-1])

    def one_phase(self) -> None:
        """A car that takes all three charges on one for a while; where relays allow it."""
        connector = self.random.choice([c for c in (1, 2) if c not in self.cars] or [0])
        if connector == 0:
            return
        self._plug(connector, THREE_PHASES)
        self.bench.advance(10)
        self.bench.present_tag(connector, TAGS[0])
        for phases, seconds in ((3, 120), (1, 300), (3, self.random.choice((60, 900)))):
            period = {"startPeriod": 0, "limit": 10.0, "numberPhases": phases}
            schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
            wire = {"chargingProfileId": 9, "stackLevel": 4, "chargingProfilePurpose": "TxDefaultProfile"}
            wire |= {"chargingProfileKind": "Relative", "chargingSchedule": schedule}
            self.call("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": wire})
            self.bench.advance(seconds)

    def greet(self) -> None:
        """A car and a card, and nobody else in sight."""
        free = self.free()
        if free:
            self.bench.advance(30)
            self._plug(free[0])
            self.bench.advance(10)
            tag = self.random.choice(TAGS)
            if self.linked and self.random.random() < 0.3:
                self.call("RemoteStartTransaction", {"connectorId": free[0], "idTag": tag})
            else:
                self.bench.present_tag(free[0], tag)
            self.bench.advance(300)

    def regret(self) -> None:
        """A card and no cable; the same card again, or another."""
        free = self.free()
        if free:
            self.bench.advance(30)
            self.bench.present_tag(free[0], TAGS[0])
            self.bench.advance(20)
            self.bench.present_tag(free[0], self.random.choice(TAGS[:2]))
            self.bench.advance(120)

    def refusal(self) -> None:
        """A transaction that the back office refuses; its cable is kept for the card."""
        free = self.free()
        if free:
            self.bench.advance(30)
            self.bench.csms.reply(
                "StartTransaction", {"transactionId": 999, "idTagInfo": {"status": "Invalid"}}, times=1
            )
            self._plug(free[0])
            self.bench.advance(10)
            self.bench.present_tag(free[0], TAGS[0])
            self.bench.advance(30)
            self.bench.unplug(free[0])
            self.bench.advance(30)
            self.bench.present_tag(free[0], TAGS[0])
            self.bench.advance(60)

    # -- network and mains ----------------------------------------------------------------------

    def outage(self) -> None:
        self.random.choice((self.bench.link.down, self.bench.link.silent))()
        self.linked = False
        self.bench.advance(self.random.choice((5, 120, 2000, 5000)))
        self.restore()

    def alone(self) -> None:
        """A card is shown while there is no link."""
        self.bench.link.down()
        self.linked = False
        self.bench.advance(60)
        self.greet()
        self.restore()
        self.bench.advance(900)

    def blackout(self) -> None:
        self.bench.power.cut()
        self.bench.advance(self.random.choice((5, 600)))
        self.bench.power.restore()
        self.bench.advance(self.random.choice((0, 100)))

    def restore(self) -> None:
        if not self.linked:
            self.bench.link.up()
            self.linked = True

    # -- the back office ------------------------------------------------------------------------

    def reset(self) -> None:
        self.call("Reset", {"type": self.random.choice(("Soft", "Hard"))})
        self.bench.advance(self.random.choice((1, 120)))

    def configure(self) -> None:
        key = self.random.choice(list(SWITCHES))
        self.call("ChangeConfiguration", {"key": key, "value": self.random.choice(SWITCHES[key])})

    def configuration(self) -> None:
        self.call("GetConfiguration", self.random.choice(({}, {"key": ["HeartbeatInterval", "Nope"]})))

    def availability(self) -> None:
        kind = self.random.choice(("Operative", "Operative", "Inoperative"))
        self.call("ChangeAvailability", {"connectorId": self.random.choice((0, 1, 2)), "type": kind})

    def remote_start(self) -> None:
        self.call(
            "RemoteStartTransaction", {"connectorId": self.connector(), "idTag": self.random.choice(TAGS)}
        )

    def remote_stop(self) -> None:
        self.call("RemoteStopTransaction", {"transactionId": self.random.randint(1, 6)})

    def unlock(self) -> None:
        self.call("UnlockConnector", {"connectorId": self.random.choice((1, 2, 3))})

    def trigger(self) -> None:
        what = (
            "BootNotification",
            "Heartbeat",
            "StatusNotification",
            "MeterValues",
            "FirmwareStatusNotification",
        )
        payload: dict[str, Any] = {"requestedMessage": self.random.choice(what)}
        if self.random.random() < 0.5:
            payload["connectorId"] = self.connector()
        self.call("TriggerMessage", payload)

    def profile(self) -> None:
        random = self.random
        purpose = random.choice(("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"))
        kind = random.choice(("Absolute", "Recurring", "Relative"))
        unit = random.choice(("A", "A", "W"))
        limits = (0.0, 5.0, 6.0, 8.1, 10.0, 16.0, 20.0) if unit == "A" else (0.0, 2300.0, 6900.0, 11000.0)
        periods = []
        for n in range(random.randint(1, 4)):
            period: dict[str, Any] = {
                "startPeriod": n * random.choice((300, 1800)),
                "limit": random.choice(limits),
            }
            if random.random() < 0.3:
                period["numberPhases"] = random.choice((1, 3))
            periods.append(period)
        schedule: dict[str, Any] = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
        if kind != "Relative":
            start = self.bench.now - timedelta(seconds=random.choice((0, 600, 90000)))
            schedule["startSchedule"] = start.strftime("%Y-%m-%dT%H:%M:%SZ")
        if random.random() < 0.5:
            schedule["duration"] = random.choice((600, 7200))
        wire: dict[str, Any] = {
            "chargingProfileId": random.randint(1, 8),
            "stackLevel": random.randint(0, 3),
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": kind,
            "chargingSchedule": schedule,
        }
        if kind == "Recurring":
            wire["recurrencyKind"] = random.choice(("Daily", "Weekly"))
        connector = 0 if purpose == "ChargePointMaxProfile" else random.choice((0, 1, 2))
        if random.random() < 0.1:
            connector = random.choice((0, 1, 2, 3))
        self.call("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": wire})

    def clear_profile(self) -> None:
        some: list[dict[str, Any]] = [
            {},
            {"id": self.random.randint(1, 8)},
            {"connectorId": self.connector()},
        ]
        some += [{"chargingProfilePurpose": "TxDefaultProfile"}, {"stackLevel": self.random.randint(0, 3)}]
        self.call("ClearChargingProfile", self.random.choice(some))

    def composite(self) -> None:
        payload: dict[str, Any] = {"connectorId": self.random.choice((0, 1, 2)), "duration": 7200}
        if self.random.random() < 0.5:
            payload["chargingRateUnit"] = self.random.choice(("A", "W"))
        self.call("GetCompositeSchedule", payload)

    def local_list(self) -> None:
        entries = [
            {"idTag": tag, "idTagInfo": {"status": self.random.choice(("Accepted", "Blocked"))}}
            for tag in TAGS
        ]
        update = self.random.choice(("Full", "Differential"))
        version = self.random.randint(1, 9)
        self.call(
            "SendLocalList", {"listVersion": version, "updateType": update, "localAuthorizationList": entries}
        )
        self.call("GetLocalListVersion", {})

    def odds_and_ends(self) -> None:
        some: list[tuple[str, dict[str, Any]]] = [
            ("ClearCache", {}),
            ("DataTransfer", {"vendorId": "nobody"}),
            (
                "ReserveNow",
                {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "T", "reservationId": 1},
            ),
            ("CancelReservation", {"reservationId": 1}),
            ("Nonsense", {}),
            ("RemoteStartTransaction", {"idTag": 7}),
            ("GetDiagnostics", {"location": "ftp://example.org/"}),
            ("UpdateFirmware", {"location": "ftp://example.org/f", "retrieveDate": "2030-01-01T00:00:00Z"}),
        ]
        self.call(*self.random.choice(some))

    def firmware(self) -> None:
        """Diagnostics, and new firmware that is there, or is not, to be fetched soon."""
        self.call("GetDiagnostics", {"location": "ftp://server/in"})
        self.bench.advance(700)
        serve(self.bench, "ftp://server/new", image("V32R31"), "V32R31")
        date = (self.bench.now + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        where = self.random.choice(("new", "missing"))
        wanted = {"location": f"ftp://server/{where}", "retrieveDate": date, "retries": 1}
        self.call("UpdateFirmware", wanted)
        self.bench.advance(900)

    def verdicts(self) -> None:
        """The back office changes its mind about a card."""
        status = self.random.choice(("Accepted", "Accepted", "Blocked"))
        action = self.random.choice(("Authorize", "StartTransaction"))
        if status == "Accepted":
            self.bench.csms.reply(action)
        elif action == "Authorize":
            self.bench.csms.reply("Authorize", {"idTagInfo": {"status": status}}, times=1)
        else:
            ids = self.random.randint(1000, 9999)
            self.bench.csms.reply(
                "StartTransaction", {"transactionId": ids, "idTagInfo": {"status": status}}, times=1
            )


ACTS: dict[str, float] = {
    **{"wait": 20, "charge": 14, "plug": 5, "tag": 5, "fault": 2, "outage": 2, "blackout": 0.7, "reset": 0.7},
    **{
        "configure": 3,
        "configuration": 1,
        "availability": 1.5,
        "remote_start": 2,
        "remote_stop": 2,
        "unlock": 0.7,
    },
    **{
        "trigger": 2,
        "profile": 6,
        "clear_profile": 1.5,
        "composite": 2,
        "local_list": 1,
        "odds_and_ends": 1.5,
    },
    **{"verdicts": 2, "one_phase": 2, "greet": 3, "alone": 0.7, "firmware": 0.7},
}

Act = Callable[[Day], None]
