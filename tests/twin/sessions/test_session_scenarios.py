"""Random days: whatever users, network, mains and back office do, in any order, some things always hold."""

from typing import Any

import hypothesis.strategies as st
import pytest
from cables import pull
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from scenario import Scenario
from specification import Line, key_lines

from evc5.rigs.bench.csms import Tag
from evc5.twin.services.firmware import image

CONNECTORS = st.sampled_from([1, 2])
TAGS = st.sampled_from(["TAG1", "tag1", "FAMILY", "BLOCKED", "STRANGER"])
CARS = st.sampled_from(["vw-id3-58", "renault-zoe-ze50", "nissan-leaf-40"])
SOCS = st.sampled_from([0.2, 0.999, 1.0])
WAITS = st.sampled_from([0.0, 0.4, 1.0, 3.0, 8.0, 31.0, 61.0, 200.0, 900.0, 4000.0])
FAULTS = st.sampled_from(
    ["ground-failure", "pilot-short", "lock-failure", "power-meter-failure", "emergency-stop"]
)
HANGING = st.sampled_from(["Authorize", "StartTransaction", "StopTransaction", "StatusNotification"])
REFUSED_ONCE = st.sampled_from(["Authorize", "StartTransaction", "StopTransaction", "MeterValues"])
TRIGGERS = st.sampled_from(["BootNotification", "Heartbeat", "StatusNotification", "MeterValues"])
FIRMWARE = "http://files.example/evc5.bin"
OPERATIVE = st.sampled_from(["Operative", "Operative", "Inoperative"])
FLAGS = (
    "StopTransactionOnEVSideDisconnect",
    "UnlockConnectorOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "LocalPreAuthorize",
    "LocalAuthorizeOffline",
    "AuthorizationCacheEnabled",
    "AllowOfflineTxForUnknownId",
    "AuthorizeRemoteTxRequests",
)
KEYS = st.sampled_from([line for line in key_lines("evc5-v32r30") if line["answer"]])
TAGS_KNOWN = {
    "tag1": Tag(parent="HOUSE"),
    "family": Tag(parent="HOUSE"),
    "blocked": Tag(status="Blocked"),
}
REFUSED = {"idTagInfo": {"status": "Invalid"}}


def profile(limit_a: float) -> dict[str, Any]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
        },
    }


class Days(RuleBasedStateMachine):
    """One station through a random sequence of what can happen to it."""

    @initialize(
        behaviour=st.sampled_from(["evc5-v32r30", "ocpp16"]),
        flags=st.lists(st.booleans(), min_size=len(FLAGS), max_size=len(FLAGS)),
        unasked=st.booleans(),
        fixed=st.booleans(),
        resumes=st.booleans(),
        aligned_s=st.sampled_from([0, 300]),
        latency_s=st.sampled_from([0.0, 0.05, 2.0]),
    )
    def begin(
        self,
        behaviour: str,
        flags: list[bool],
        unasked: bool,
        fixed: bool,
        resumes: bool,
        aligned_s: int,
        latency_s: float,
    ) -> None:
        keys = dict(zip(FLAGS, flags, strict=True)) | {
            "ConnectionTimeOut": 60,
            "MeterValueSampleInterval": 60,
            "ClockAlignedDataInterval": aligned_s,
            "chg_Ch1Options": f"PlugAndCharge={int(unasked)}",
            "chg_SktType": ["CP" if fixed else "Lock+CP+PP", "Lock+CP+PP"],
            "chg_Options": f"RestartTransOnBoot={int(resumes)},ChgProf=1",
        }
        self.all = Scenario(behaviour=behaviour, keys=keys, latency_s=latency_s)
        office = self.all.bench.assembly.csms.office
        office.tags |= TAGS_KNOWN
        self.all.bench.files[FIRMWARE] = image("V32R31")

    # --- users ---

    @rule(connector=CONNECTORS, car=CARS, soc=SOCS)
    def plug_in(self, connector: int, car: str, soc: float) -> None:
        self.all.plug_in(connector, car, soc)

    @rule(connector=CONNECTORS, car=CARS, soc=SOCS, wait_s=st.sampled_from([0.0, 1.0, 30.0]))
    def charge(self, connector: int, car: str, soc: float, wait_s: float) -> None:
        self.all.plug_in(connector, car, soc)
        self.all.bench.present_tag(connector, "TAG1")
        self.all.bench.advance(wait_s)

    @rule(connector=CONNECTORS, car=CARS, soc=SOCS, wait_s=st.sampled_from([0.0, 30.0]))
    def charge_card_first(self, connector: int, car: str, soc: float, wait_s: float) -> None:
        self.all.bench.present_tag(connector, "FAMILY")
        self.all.bench.advance(1)
        self.all.plug_in(connector, car, soc)
        self.all.bench.advance(wait_s)

    @rule(connector=CONNECTORS)
    def unplug(self, connector: int) -> None:
        pull(self.all.bench, connector)

    @rule(connector=CONNECTORS, tag=TAGS)
    def present(self, connector: int, tag: str) -> None:
        self.all.bench.present_tag(connector, tag)

    @rule(seconds=WAITS)
    def wait(self, seconds: float) -> None:
        self.all.bench.advance(seconds)

    # --- network, mains, faults ---

    @rule(fault=st.sampled_from(["down", "silent", "up", "up", "up"]))
    def network(self, fault: str) -> None:
        getattr(self.all.bench.link, fault)()

    @rule(on=st.booleans())
    def mains(self, on: bool) -> None:
        (self.all.restore if on else self.all.cut)()

    @rule(fault=FAULTS, connector=CONNECTORS, sets_in=st.booleans())
    def fault(self, fault: str, connector: int, sets_in: bool) -> None:
        (self.all.bench.inject if sets_in else self.all.bench.clear)(fault, connector)

    # --- back office ---

    @rule(kind=st.sampled_from(["Soft", "Hard"]))
    def reset(self, kind: str) -> None:
        self.all.call("Reset", {"type": kind})

    @rule(connector=st.sampled_from([0, 1, 2]), kind=OPERATIVE)
    def availability(self, connector: int, kind: str) -> None:
        self.all.call("ChangeAvailability", {"connectorId": connector, "type": kind})

    @rule(connector=st.sampled_from([None, 1, 2]), tag=TAGS)
    def remote_start(self, connector: int | None, tag: str) -> None:
        where = {} if connector is None else {"connectorId": connector}
        self.all.call("RemoteStartTransaction", {"idTag": tag, **where})

    @rule()
    def remote_stop(self) -> None:
        for transaction in self.all.transactions()[:1]:
            self.all.call("RemoteStopTransaction", {"transactionId": transaction})

    @rule(connector=CONNECTORS)
    def unlock(self, connector: int) -> None:
        self.all.call("UnlockConnector", {"connectorId": connector})

    @rule(limit_a=st.sampled_from([0.0, 10.0, None]))
    def limit(self, limit_a: float | None) -> None:
        if limit_a is None:
            self.all.call("ClearChargingProfile", {})
        else:
            self.all.call("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile(limit_a)})

    @rule(flag=st.sampled_from(FLAGS), value=st.sampled_from(["true", "false"]))
    def configure(self, flag: str, value: str) -> None:
        self.all.call("ChangeConfiguration", {"key": flag, "value": value})

    @rule(line=KEYS)
    def configure_anything(self, line: Line) -> None:
        self.all.call("ChangeConfiguration", {"key": line["key"], "value": line["good"]})

    @rule(action=HANGING)
    def back_office_hangs(self, action: str) -> None:
        self.all.bench.csms.reply(action, silent=True, times=1)

    @rule()
    def back_office_refuses_the_next_start(self) -> None:
        office = self.all.bench.assembly.csms.office
        answer = {"transactionId": next(office.transactions), **REFUSED}
        self.all.bench.csms.reply("StartTransaction", answer, times=1)

    @rule(action=REFUSED_ONCE)
    def back_office_fails(self, action: str) -> None:
        self.all.bench.csms.reply(action, error="InternalError", times=1)

    @rule(status=st.sampled_from(["Pending", "Rejected"]))
    def back_office_does_not_accept_the_next_boot(self, status: str) -> None:
        answer = {"status": status, "currentTime": "2024-01-01T00:00:00Z", "interval": 90}
        self.all.bench.csms.reply("BootNotification", answer, times=1)

    @rule(message=TRIGGERS, connector=st.sampled_from([None, 0, 1, 2]))
    def trigger(self, message: str, connector: int | None) -> None:
        where = {} if connector is None else {"connectorId": connector}
        self.all.call("TriggerMessage", {"requestedMessage": message, **where})

    @rule(channels=st.sampled_from(["1", "2", "1,2", "1,2"]))
    def enable(self, channels: str) -> None:
        self.all.call("ChangeConfiguration", {"key": "chg_ChannelsEnabled", "value": channels})

    @rule(idle_only=st.booleans())
    def update_firmware(self, idle_only: bool) -> None:
        options = f"FwUpdateInIdleOnly={int(idle_only)}"
        self.all.call("ChangeConfiguration", {"key": "com_FwOptions", "value": options})
        self.all.call("UpdateFirmware", {"location": FIRMWARE, "retrieveDate": "2024-01-01T00:00:00Z"})

    @rule()
    def ask_for_diagnostics(self) -> None:
        self.all.call("GetDiagnostics", {"location": "ftp://files.example/logs"})

    # --- the end ---

    def teardown(self) -> None:
        if hasattr(self, "all"):
            self.all.settle()
            self.all.check()
            REACHED.update(self.all.reached)


REACHED: set[str] = set()


def run(examples: int, steps: int, seeded: bool) -> None:
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=seeded,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_random_days_hold_the_rules() -> None:
    run(examples=40, steps=25, seeded=True)


@pytest.mark.slow
def test_hundreds_of_random_days_hold_the_rules() -> None:
    run(examples=300, steps=30, seeded=True)


@pytest.mark.soak
def test_thousands_of_random_days_hold_the_rules() -> None:
    run(examples=3000, steps=40, seeded=False)
