"""Tables 1 to 12 of the sheet, row by row, as a back office meets them."""

from typing import Any

import pytest
from specification import Line, sheet, spec
from wire import actions, charging, frames, sent, statuses, values, written

from evc5.rigs.bench.bench import Bench, CallError

PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": "2024-01-01T00:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    },
}
REQUESTS: dict[str, dict[str, Any]] = {
    "CancelReservation": {"reservationId": 1},
    "CertificateSigned": {"certificateChain": "chain"},
    "ChangeAvailability": {"connectorId": 1, "type": "Operative"},
    "ChangeConfiguration": {"key": "ConnectionTimeOut", "value": "60"},
    "ClearCache": {},
    "ClearChargingProfile": {},
    "DataTransfer": {"vendorId": "com.example"},
    "DeleteCertificate": {
        "certificateHashData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "a",
            "issuerKeyHash": "b",
            "serialNumber": "c",
        }
    },
    "ExtendedTriggerMessage": {"requestedMessage": "Heartbeat"},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 600},
    "GetConfiguration": {},
    "GetDiagnostics": {"location": "ftp://files.example/diagnostics"},
    "GetInstalledCertificateIds": {"certificateType": "CentralSystemRootCertificate"},
    "GetLocalListVersion": {},
    "InstallCertificate": {"certificateType": "CentralSystemRootCertificate", "certificate": "pem"},
    "RemoteStartTransaction": {"idTag": "TAG1", "connectorId": 1},
    "RemoteStopTransaction": {"transactionId": 1},
    "ReserveNow": {
        "connectorId": 1,
        "expiryDate": "2024-01-01T01:00:00Z",
        "idTag": "TAG1",
        "reservationId": 1,
    },
    "Reset": {"type": "Soft"},
    "SendLocalList": {"listVersion": 1, "updateType": "Full"},
    "SetChargingProfile": {"connectorId": 1, "csChargingProfiles": PROFILE},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"connectorId": 1},
    "UpdateFirmware": {
        "location": "ftp://files.example/firmware",
        "retrieveDate": "2024-01-01T00:00:10Z",
    },
}
SPELT = {  # the sheet's spelling of an action -> OCPP's
    "Bootnotification": "BootNotification",
    "DiagnosticStatusNotification": "DiagnosticsStatusNotification",
}
ANSWERS: dict[str, dict[str, Any]] = {  # of a station where nothing has happened yet, by 5.1 to 5.19
    "ChangeAvailability": {"status": "Accepted"},
    "ChangeConfiguration": {"status": "Accepted"},
    "ClearCache": {"status": "Accepted"},
    "ClearChargingProfile": {"status": "Unknown"},
    "DataTransfer": {"status": "UnknownVendorId"},
    "GetCompositeSchedule": {"status": "Accepted", "connectorId": 1},
    "GetConfiguration": {},
    "GetDiagnostics": {"fileName": "EVC5-0001Diag001.xls"},
    "GetLocalListVersion": {"listVersion": 0},
    "RemoteStartTransaction": {"status": "Accepted"},
    "RemoteStopTransaction": {"status": "Rejected"},
    "Reset": {"status": "Accepted"},
    "SendLocalList": {"status": "Accepted"},
    "SetChargingProfile": {"status": "Accepted"},
    "TriggerMessage": {"status": "Accepted"},
    "UnlockConnector": {"status": "Unlocked"},
    "UpdateFirmware": {},
}
BY_THE_STATION = {
    SPELT.get(line["row"], line["row"]) for line in sheet(1) if line["initiator"] == "Charge Point"
} | {
    "StatusNotification"  # table 1 omits it, table 2 has it
}

MESSAGES = [
    pytest.param(SPELT.get(line["row"], line["row"]), line, id=f"{line['table']}-{line['row']}")
    for line in sheet(1, 2, 6, 7, 8, 9, 10, 12)
]


def asked_of_the_station(support: tuple[str, ...], *tables: int) -> list[Any]:
    return [
        param
        for param in MESSAGES
        if param.values[1]["support"] in support
        and int(param.values[1]["table"]) in tables
        and param.values[0] in REQUESTS
    ]


@pytest.fixture(scope="module")
def a_day() -> Bench:
    """A day on which a charge point says all that it can: boot, a session, diagnostics and new firmware."""
    bench = charging(Bench()).advance(3600)
    bench.unplug(1)
    for action in ("GetDiagnostics", "UpdateFirmware"):
        bench.call(action, REQUESTS[action])
    return bench.advance(86_400)


# --- tables 1, 2, 6 to 10 and 12: messages ---


@pytest.mark.parametrize(("action", "line"), asked_of_the_station(("yes", "partially"), 1, 2, 6, 7, 9, 10))
def test_a_supported_request_is_answered(action: str, line: Line) -> None:
    answer = Bench(keys={"AuthorizationCacheEnabled": True}).call(action, REQUESTS[action])
    assert ANSWERS[action].items() <= answer.items()


def test_a_message_of_the_station_is_none_that_it_takes() -> None:
    bench = Bench()
    for action in sorted(BY_THE_STATION):
        with pytest.raises(CallError, match="NotSupported"):
            bench.call(action, {})


@pytest.mark.parametrize(("action", "line"), asked_of_the_station(("no",), 1, 8, 12))
@pytest.mark.parametrize(
    ("policy", "code"), [("known-NotSupported", "NotSupported"), ("reversed", "NotImplemented")]
)
def test_an_unsupported_request_is_refused_by_policy(action: str, line: Line, policy: str, code: str) -> None:
    bench = Bench(policies={"unsupported_action": policy})
    with pytest.raises(CallError) as refused:
        bench.call(action, REQUESTS[action])
    assert refused.value.code == code


def test_an_unsupported_request_is_refused_before_its_payload_is_looked_at() -> None:
    with pytest.raises(CallError) as refused:
        Bench().call("ReserveNow", {"nonsense": True})
    assert refused.value.code == "NotSupported"


@pytest.mark.parametrize(
    ("policy", "code"), [("known-NotSupported", "NotImplemented"), ("reversed", "NotSupported")]
)
def test_a_request_that_1_6_does_not_know_is_refused_by_policy(policy: str, code: str) -> None:
    bench = Bench(policies={"unsupported_action": policy})
    with pytest.raises(CallError) as refused:
        bench.call("SetVariables", {})
    assert refused.value.code == code


@pytest.mark.parametrize("action", sorted(BY_THE_STATION))
def test_a_supported_message_of_the_station_is_sent_on_an_ordinary_day(a_day: Bench, action: str) -> None:
    assert action in actions(a_day)


def test_the_station_sends_nothing_that_the_sheet_has_as_unsupported(a_day: Bench) -> None:
    assert actions(a_day) <= BY_THE_STATION


# --- sections 3.1.1, 3.1.3, 3.1.4: fields ---


def test_boot_tells_the_charge_box_serial_number_and_nothing_of_a_common_meter(a_day: Bench) -> None:
    [boot] = sent(a_day, "BootNotification")
    assert boot["chargeBoxSerialNumber"]
    assert not {"meterSerialNumber", "meterType"} & set(boot)


def test_a_start_carries_no_reservation(a_day: Bench) -> None:
    [start] = sent(a_day, "StartTransaction")
    assert set(start) == {"connectorId", "idTag", "meterStart", "timestamp"}


def test_no_status_names_a_vendor(a_day: Bench) -> None:
    notifications = sent(a_day, "StatusNotification")
    assert len(notifications) > 5
    assert all("vendorId" not in payload and "vendorErrorCode" not in payload for payload in notifications)


TX_PROFILE = {**PROFILE, "chargingProfilePurpose": "TxProfile"}


@pytest.mark.parametrize(
    ("behaviour", "policies", "offered_a"),
    [("evc5-v32r30", {}, 32.0), ("ocpp16", {}, 10.0), ("ocpp16", {"remote_start_profile": "ignored"}, 32.0)],
)
def test_fw_610_a_profile_in_a_remote_start_is_ignored_where_the_standard_applies_it(
    behaviour: str, policies: dict[str, str], offered_a: float
) -> None:
    bench = Bench(behaviour=behaviour, policies=policies)
    bench.plug_in(1, vehicle="renault-zoe-ze50")
    request = {**REQUESTS["RemoteStartTransaction"], "chargingProfile": TX_PROFILE}
    assert bench.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    bench.advance(60)
    assert bench.reading(1)["offered1_a"] == pytest.approx(offered_a, abs=0.1)


def test_a_remote_start_with_a_profile_is_rejected_where_the_policy_says_so() -> None:
    bench = Bench(policies={"remote_start_profile": "rejected"})
    bench.plug_in(1)
    request = {**REQUESTS["RemoteStartTransaction"], "chargingProfile": TX_PROFILE}
    assert bench.call("RemoteStartTransaction", request) == {"status": "Rejected"}
    assert bench.call("RemoteStartTransaction", REQUESTS["RemoteStartTransaction"]) == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("behaviour", "keys", "asked"),
    [
        ("evc5-v32r30", {"AuthorizeRemoteTxRequests": True}, 0),
        ("ocpp16", {"AuthorizeRemoteTxRequests": True}, 1),
        ("ocpp16", {"AuthorizeRemoteTxRequests": False}, 0),
    ],
)
def test_fw_611_the_tag_of_a_remote_start_is_never_checked_where_the_standard_goes_by_the_key(
    behaviour: str, keys: dict[str, bool], asked: int
) -> None:
    bench = Bench(behaviour=behaviour, keys=keys)
    bench.csms.reply("Authorize", {"idTagInfo": {"status": "Blocked"}})
    bench.plug_in(1)
    bench.call("RemoteStartTransaction", REQUESTS["RemoteStartTransaction"])
    bench.advance(5)
    assert len(sent(bench, "Authorize")) == asked
    assert len(sent(bench, "StartTransaction")) == 1 - asked


# --- table 3: measurands ---

EVERYTHING = {"chg_KWH1": "EASTR_SDM630,1,9600,N,1", "chg_KWH2": "EASTR_SDM630,2,9600,N,1"}


@pytest.mark.parametrize("line", spec("measurands"), ids=lambda line: f"3-{line['measurand']}")
def test_a_measurand_is_sent_with_its_unit_in_total_and_by_phase(line: Line) -> None:
    bench = Bench(
        keys={**EVERYTHING, "MeterValuesSampledData": line["measurand"], "MeterValueSampleInterval": 60}
    )
    charging(bench)
    [sample] = sent(bench, "MeterValues")
    expected = ([None] if line["total"] == "yes" else []) + (
        ["L1", "L2", "L3"] if line["phases"] == "yes" else []
    )
    assert sorted(map(str, (value.get("phase") for value in values(sample)))) == sorted(map(str, expected))
    assert {value["measurand"] for value in values(sample)} == {line["measurand"]}
    assert {value.get("unit", "") for value in values(sample)} == {line["unit"]}
    assert {value["context"] for value in values(sample)} == {"Sample.Periodic"}


@pytest.mark.parametrize("line", spec("measurands"), ids=lambda line: f"3-{line['measurand']}")
def test_a_single_phase_can_be_asked_for_where_there_are_phases(line: Line) -> None:
    bench = Bench(keys=EVERYTHING)
    answer = written(bench, "MeterValuesSampledData", f"{line['measurand']}.L2")
    assert answer == ("Accepted" if line["phases"] == "yes" else "Rejected")


@pytest.mark.parametrize("line", spec("measurands"), ids=lambda line: f"3-{line['measurand']}")
def test_frequency_and_power_factor_need_a_meter_that_measures_them(line: Line) -> None:
    answer = written(Bench(), "MeterValuesSampledData", line["measurand"])
    assert answer == ("Rejected" if line["needs_meter"] == "special" else "Accepted")


# --- table 4: statuses ---


@pytest.fixture(scope="module")
def all_statuses() -> Bench:
    """Everything that moves a connector's status, but for reservations."""
    bench = charging(Bench(), soc=0.99)
    bench.advance(7200)  # full: SuspendedEV
    bench.present_tag(1, "TAG1")  # Finishing
    bench.advance(60)
    bench.unplug(1)
    bench.call("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": _pausing()})
    charging(bench, connector=2)  # SuspendedEVSE
    bench.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.inject("ground-failure", 1)
    return bench.advance(60)


def _pausing() -> dict[str, Any]:
    schedule = {**PROFILE["chargingSchedule"], "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}]}  # type: ignore[dict-item]
    return {**PROFILE, "chargingSchedule": schedule}


def test_every_supported_status_is_reached_and_no_other(all_statuses: Bench) -> None:
    reached = set(statuses(all_statuses, 1)) | set(statuses(all_statuses, 2))
    supported = {line["row"] for line in sheet(4) if not line["remark"].startswith("Not supported")}
    assert reached == supported - {"Occupied"}


def test_occupied_takes_the_place_of_preparing_where_the_policy_says_so() -> None:
    bench = Bench(policies={"occupied_status": "replaces-preparing"})
    charging(bench)
    told = statuses(bench, 1)
    assert "Occupied" in told and "Preparing" not in told


# --- table 5: error codes ---

CODES = {  # fault of the bench -> what the sheet lets the device say, and what 1.6 has for it
    "lock-failure": ("ConnectorLockFailure", "ConnectorLockFailure"),
    "pilot-short": ("EVCommunicationError", "EVCommunicationError"),
    "diode-failure": ("EVCommunicationError", "EVCommunicationError"),
    "ground-failure": ("GroundFailure", "GroundFailure"),
    "over-temperature": ("OtherError", "HighTemperature"),
    "over-current": ("OtherError", "OverCurrentFailure"),
    "over-voltage": ("OverVoltage", "OverVoltage"),
    "power-meter-failure": ("PowerMeterFailure", "PowerMeterFailure"),
    "meter-crc": ("PowerMeterFailure", "PowerMeterFailure"),
    "meter-garbage": ("PowerMeterFailure", "PowerMeterFailure"),
    "meter-late": ("PowerMeterFailure", "PowerMeterFailure"),
    "meter-wrong-unit": ("PowerMeterFailure", "PowerMeterFailure"),
    "contactor-welded": ("OtherError", "PowerSwitchFailure"),
    "reader-failure": ("ReaderFailure", "ReaderFailure"),
    "under-voltage": ("OtherError", "UnderVoltage"),
    "phase-loss": ("OtherError", "OtherError"),
    "emergency-stop": ("OtherError", "OtherError"),
}


def provoke(bench: Bench, fault: str) -> None:
    """Let a fault begin, and what it takes for the device to see it."""
    bench.call(
        "ChangeConfiguration", {"key": "chg_Mode3Current", "value": "10,10"}
    )  # a car takes more than that
    bench.advance(20)
    bench.inject(fault, 1)
    bench.advance(20)
    if fault == "contactor-welded":  # shows when it ought to open
        bench.unplug(1)
        bench.advance(1)


@pytest.mark.parametrize("fault", CODES)
@pytest.mark.parametrize(("behaviour", "column"), [("evc5-v32r30", 0), ("ocpp16", 1)])
def test_a_fault_is_told_in_the_words_the_sheet_leaves_the_device(
    behaviour: str, column: int, fault: str
) -> None:
    bench = charging(Bench(behaviour=behaviour))
    since = bench.now
    provoke(bench, fault)
    codes = [payload["errorCode"] for payload in sent(bench, "StatusNotification", since, connectorId=1)]
    assert set(codes) - {"NoError"} == {CODES[fault][column]}


@pytest.mark.parametrize("fault", [fault for fault, (told, meant) in CODES.items() if told != meant])
def test_a_fault_without_a_code_of_its_own_is_named_in_the_info(fault: str) -> None:
    bench = charging(Bench())
    provoke(bench, fault)
    last = sent(bench, "StatusNotification", connectorId=1)[-1]
    assert (last["errorCode"], last["status"]) == ("OtherError", "Faulted")
    assert 0 < len(last["info"]) <= 50


WITHOUT_FAULT = {"LocalListConflict", "NoError"}  # the one is told of connector 0, see test_authorisation


@pytest.mark.parametrize("line", sheet(5), ids=lambda line: f"5-{line['row']}")
def test_a_code_is_told_of_some_fault_or_the_sheet_does_not_support_it(line: Line) -> None:
    supported = not line["remark"].startswith("Not supported")
    assert (line["row"] in WITHOUT_FAULT | {told for told, _ in CODES.values()}) is supported


# --- tables 10 and 11: triggers ---


@pytest.mark.parametrize("line", sheet(11), ids=lambda line: f"11-{line['row']}")
def test_a_trigger_brings_its_message_or_is_not_implemented(line: Line) -> None:
    bench = Bench()
    since = bench.advance(10).now
    answer = bench.call("TriggerMessage", {"requestedMessage": line["row"]})
    bench.advance(1)
    assert answer == {"status": "Accepted" if line["support"] == "yes" else "NotImplemented"}
    assert bool(sent(bench, line["row"], since)) is (line["support"] == "yes")


def test_the_answer_to_a_trigger_goes_before_its_message() -> None:
    bench = Bench()
    since = bench.advance(10).now
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.advance(1)
    up = [frame for way, frame in frames(bench, since) if way == "up"]
    assert [frame[0] for frame in up] == [3, 2]


def test_triggered_meter_values_say_so_and_carry_the_sampled_measurands() -> None:
    bench = Bench(keys={"MeterValuesSampledData": "Voltage.L1,Temperature"})
    bench.call("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 2})
    bench.advance(1)
    [sample] = sent(bench, "MeterValues")
    assert sample["connectorId"] == 2
    assert [(value["measurand"], value["context"]) for value in values(sample)] == [
        ("Voltage", "Trigger"),
        ("Temperature", "Trigger"),
    ]


@pytest.mark.parametrize(
    ("message", "status"),
    [("StatusNotification", "Rejected"), ("MeterValues", "Rejected"), ("Heartbeat", "Accepted")],
)
def test_a_connector_that_does_not_exist_matters_only_where_the_message_is_of_one(
    message: str, status: str
) -> None:
    bench = Bench()
    since = bench.advance(10).now
    assert bench.call("TriggerMessage", {"requestedMessage": message, "connectorId": 7}) == {"status": status}
    bench.advance(1)
    assert len(sent(bench, message, since)) == (status == "Accepted")


def test_a_status_trigger_without_connector_brings_all_of_them() -> None:
    bench = Bench()
    since = bench.advance(10).now
    bench.call("TriggerMessage", {"requestedMessage": "StatusNotification"})
    bench.advance(1)
    told = sent(bench, "StatusNotification", since)
    assert [payload["connectorId"] for payload in told] == [0, 1, 2]


def test_a_fault_that_ends_while_charging_is_never_told_as_faulted_without_an_error() -> None:
    bench = charging(Bench())
    bench.inject("ground-failure", 1)
    bench.advance(60)
    since = bench.now
    bench.clear("ground-failure", 1)
    bench.advance(60)
    told = [
        (row["status"], row["errorCode"]) for row in sent(bench, "StatusNotification", since, connectorId=1)
    ]
    assert told[-1] == ("Charging", "NoError") and ("Faulted", "NoError") not in told
