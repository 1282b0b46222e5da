"""What the configuration keys do: a row of tables 13 to 23 at a time, seen on the wire and at the outlet."""

from typing import Any

import pytest
from wire import charging, read, sent, statuses, values, written

from evc5.rigs.bench.bench import Bench

ENERGY = "Energy.Active.Import.Register"


def stamps(bench: Bench, context: str) -> list[str]:
    """The timestamps of connector 1's meter values of a context."""
    samples = [
        sample for sample in sent(bench, "MeterValues", connectorId=1) for sample in sample["meterValue"]
    ]
    return [
        sample["timestamp"][11:19]
        for sample in samples
        if any(value["context"] == context for value in sample["sampledValue"])
    ]


def offered_a(bench: Bench, connector: int = 1) -> float:
    """What the pilot says on L1, A."""
    amps: float = bench.reading(connector)["offered1_a"]
    return amps


def profile(periods: int = 1, limit_a: float = 10.0, **changes: Any) -> dict[str, Any]:
    schedule = {
        "chargingRateUnit": "A",
        "startSchedule": "2024-01-01T00:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 60 * n, "limit": limit_a} for n in range(periods)],
    }
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **changes,
    }


# --- table 13 ---


@pytest.mark.parametrize("seconds", [45, 90])
def test_connection_time_out_ends_the_wait_of_a_cable_without_card(seconds: int) -> None:
    bench = Bench(keys={"ConnectionTimeOut": seconds})
    bench.plug_in(1)
    bench.advance(seconds - 1)
    before = statuses(bench, 1)[-1]
    bench.advance(1)
    assert (before, statuses(bench, 1)[-1]) == ("Preparing", "Finishing")


@pytest.mark.parametrize("seconds", [45, 90])
def test_connection_time_out_ends_the_wait_of_a_card_without_cable(seconds: int) -> None:
    bench = Bench()
    written(bench, "ConnectionTimeOut", str(seconds))
    bench.present_tag(1, "TAG1")
    bench.advance(seconds - 1)
    before = statuses(bench, 1)[-1]
    bench.advance(1)
    assert (before, statuses(bench, 1)[-1]) == ("Preparing", "Available")


@pytest.mark.parametrize("allowed", [True, False])
def test_allow_offline_tx_for_unknown_id_lets_an_unknown_card_charge_offline(allowed: bool) -> None:
    bench = Bench(keys={"AllowOfflineTxForUnknownId": allowed})
    bench.link.down()
    charging(bench)
    assert (offered_a(bench) > 0) is allowed
    bench.link.up()
    bench.advance(600)
    assert len(sent(bench, "StartTransaction")) == allowed


@pytest.mark.parametrize(("enabled", "answer"), [(True, "Accepted"), (False, "Rejected")])
def test_the_cache_can_be_cleared_where_it_is_enabled(enabled: bool, answer: str) -> None:
    bench = Bench(keys={"AuthorizationCacheEnabled": enabled})
    assert bench.call("ClearCache") == {"status": answer}


def test_clock_aligned_data_comes_at_the_multiples_of_its_interval() -> None:
    bench = Bench(start="2024-01-01T10:07:00Z", keys={"MeterValuesAlignedData": ENERGY})
    written(bench, "ClockAlignedDataInterval", "900")
    bench.advance(1800)
    assert stamps(bench, "Sample.Clock") == ["10:15:00", "10:30:00"]
    written(bench, "ClockAlignedDataInterval", "0")
    bench.advance(3600)
    assert len(stamps(bench, "Sample.Clock")) == 2


def test_clock_aligned_data_has_its_own_measurands() -> None:
    keys = {
        "MeterValuesAlignedData": "Temperature",
        "MeterValuesSampledData": "SoC",
        "ClockAlignedDataInterval": 60,
    }
    bench = Bench(keys=keys).advance(60)
    assert [value["measurand"] for value in values(sent(bench, "MeterValues")[0])] == ["Temperature"]


def test_the_heartbeat_interval_is_that_of_the_boot_and_can_be_changed_until_the_next() -> None:
    bench = Bench(keys={"HeartbeatInterval": 30})
    bench.csms.reply("BootNotification", lambda _: {**boot(bench), "interval": 600})
    restarted(bench)
    assert read(bench, "HeartbeatInterval") == {"key": "HeartbeatInterval", "readonly": False, "value": "600"}
    written(bench, "HeartbeatInterval", "100")
    since = bench.now
    bench.advance(300)
    assert len(sent(bench, "Heartbeat", since)) == 3
    restarted(bench)
    assert read(bench, "HeartbeatInterval") == {"key": "HeartbeatInterval", "readonly": False, "value": "600"}


def test_a_boot_that_gives_no_interval_leaves_the_station_its_own_or_what_was_written_since() -> None:
    """OCPP 1.6 4.2, 6.4: an interval of 0 is the station's choice, not one without a pause or none."""
    bench = Bench(keys={"HeartbeatInterval": 40})
    bench.csms.reply("BootNotification", lambda _: {**boot(bench), "interval": 600}, times=1)
    restarted(bench)
    bench.csms.reply("BootNotification", lambda _: boot(bench))
    restarted(bench)
    since = bench.now
    bench.advance(120)
    assert len(sent(bench, "Heartbeat", since)) == 3
    written(bench, "HeartbeatInterval", "60")
    restarted(bench)
    since = bench.now
    bench.advance(120)
    assert len(sent(bench, "Heartbeat", since)) == 2


def boot(bench: Bench) -> dict[str, Any]:
    return {"status": "Accepted", "currentTime": bench.now.isoformat(), "interval": 0}


def restarted(bench: Bench) -> Bench:
    bench.call("Reset", {"type": "Soft"})
    return bench.advance(60)


def test_the_sample_interval_counts_from_the_start_of_the_transaction() -> None:
    bench = Bench(start="2024-01-01T10:00:07Z", keys={"MeterValueSampleInterval": 300})
    charging(bench).advance(600)
    assert stamps(bench, "Sample.Periodic") == ["10:05:07", "10:10:07"]


def test_no_sample_is_taken_with_an_interval_of_0() -> None:
    bench = charging(Bench(keys={"MeterValueSampleInterval": 0})).advance(7200)
    assert sent(bench, "MeterValues") == []


@pytest.mark.parametrize("connectors", [1, 2])
def test_the_number_of_connectors_is_that_of_the_station(connectors: int) -> None:
    bench = Bench(connectors=connectors)
    entry = read(bench, "NumberOfConnectors")
    assert entry is not None and entry["value"] == str(connectors)
    told = {payload["connectorId"] for payload in sent(bench, "StatusNotification")}
    assert told == set(range(connectors + 1))


@pytest.mark.parametrize("stops", [True, False])
def test_stop_transaction_on_invalid_id_decides_whether_a_refused_start_ends_or_only_gets_no_energy(
    stops: bool,
) -> None:
    bench = Bench(keys={"StopTransactionOnInvalidId": stops})
    bench.csms.reply("StartTransaction", {"transactionId": 7, "idTagInfo": {"status": "Invalid"}})
    charging(bench)
    assert offered_a(bench) == 0.0
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == (["DeAuthorized"] if stops else [])
    assert statuses(bench, 1)[-1] == ("Finishing" if stops else "SuspendedEVSE")


@pytest.mark.parametrize("stops", [True, False])
def test_stop_transaction_on_ev_side_disconnect_decides_what_pulling_the_cable_does(stops: bool) -> None:
    bench = charging(Bench(keys={"StopTransactionOnEVSideDisconnect": stops}))
    bench.unplug(1)
    bench.advance(60)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == (
        ["EVDisconnected"] if stops else []
    )
    assert statuses(bench, 1)[-1] == ("Available" if stops else "SuspendedEV")


def test_stop_txn_sampled_data_goes_into_the_stop_from_begin_and_end() -> None:
    bench = charging(Bench(keys={"StopTxnSampledData": f"{ENERGY},Voltage.L1"})).advance(600)
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    [stop] = sent(bench, "StopTransaction")
    told = [value for sample in stop["transactionData"] for value in sample["sampledValue"]]
    assert {value["context"] for value in told} == {"Transaction.Begin", "Transaction.End"}
    assert {value["measurand"] for value in told} == {ENERGY, "Voltage"}


def test_a_stop_carries_no_meter_values_where_both_its_lists_are_empty() -> None:
    bench = charging(Bench(keys={"StopTxnSampledData": ""}))
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    [stop] = sent(bench, "StopTransaction")
    assert "transactionData" not in stop


# --- table 16 ---


def test_a_schedule_may_have_as_many_periods_as_its_key_says() -> None:
    bench = Bench()
    most = int((read(bench, "ChargingScheduleMaxPeriods") or {})["value"])
    for periods, answer in ((most, "Accepted"), (most + 1, "Rejected")):
        request = {"connectorId": 1, "csChargingProfiles": profile(periods)}
        assert bench.call("SetChargingProfile", request) == {"status": answer}


def test_as_many_profiles_can_be_installed_as_their_key_says() -> None:
    bench = Bench()
    most = int((read(bench, "MaxChargingProfilesInstalled") or {})["value"])
    answers = [
        bench.call(
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(chargingProfileId=n + 1, stackLevel=n)},
        )["status"]
        for n in range(most + 1)
    ]
    assert answers == ["Accepted"] * most + ["Rejected"]


# --- table 23 ---

ZOE = {"vehicle": "renault-zoe-ze50", "soc": 0.2}  # takes 32 A on three phases


def test_chg_rated_current_bounds_its_channel_from_the_next_boot() -> None:
    bench = Bench()
    written(bench, "chg_RatedCurrent", "16,32")
    charging(bench, **ZOE)
    before = offered_a(bench)
    bench.unplug(1)
    restarted(bench)
    charging(bench, **ZOE)
    assert (before, offered_a(bench)) == (pytest.approx(32.0, abs=0.1), pytest.approx(16.0, abs=0.1))


def test_chg_station_max_current_is_shared_by_both_channels() -> None:
    bench = charging(charging(Bench(), 1, **ZOE), 2, **ZOE)
    written(bench, "chg_StationMaxCurrent", "25")
    bench.advance(30)
    assert offered_a(bench, 1) == offered_a(bench, 2) == pytest.approx(12.5, abs=0.1)


def test_chg_mode3_current_bounds_a_channel_at_once() -> None:
    bench = charging(Bench(), **ZOE)
    written(bench, "chg_Mode3Current", "20,0")
    bench.advance(30)
    assert offered_a(bench) == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize(("minimum", "offered"), [("10", 10.0), ("11", 0.0)])
def test_a_limit_below_chg_min_charging_current_pauses(minimum: str, offered: float) -> None:
    bench = Bench()
    written(bench, "chg_MinChargingCurrent", minimum)
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile(limit_a=10.0)})
    charging(bench, **ZOE)
    assert offered_a(bench) == pytest.approx(offered, abs=0.1)
    assert statuses(bench, 1)[-1] == ("Charging" if offered else "SuspendedEVSE")


def test_a_channel_whose_kwh_meter_is_none_sends_no_electrical_values() -> None:
    keys = {
        "chg_KWH1": "None",
        "MeterValuesSampledData": f"{ENERGY},Temperature",
        "MeterValueSampleInterval": 60,
    }
    bench = charging(charging(Bench(keys=keys), 1), 2).advance(120)
    first, second = (sent(bench, "MeterValues", connectorId=connector)[0] for connector in (1, 2))
    assert {value["measurand"] for value in values(first)} == {"Temperature"}
    assert {value["measurand"] for value in values(second)} == {ENERGY, "Temperature"}


@pytest.mark.parametrize("unasked", [True, False])
def test_allow_all_cards_lets_any_card_charge_without_asking(unasked: bool) -> None:
    bench = Bench(keys={"com_AuthOptions": f"AllowAllCards={int(unasked)}"})
    bench.csms.reply("Authorize", {"idTagInfo": {"status": "Blocked"}})
    charging(bench)
    assert (len(sent(bench, "Authorize")), len(sent(bench, "StartTransaction"))) == (not unasked, unasked)


@pytest.mark.parametrize(("asks", "asked", "started"), [(1, ["LISTED", "STRANGER"], 2), (0, [], 1)])
def test_without_chk_online_auth_the_list_decides_and_nobody_is_asked(
    asks: int, asked: list[str], started: int
) -> None:
    bench = Bench(keys={"com_AuthOptions": f"chkOnlineAuth={asks}"})
    listed = [{"idTag": "LISTED", "idTagInfo": {"status": "Accepted"}}]
    bench.call("SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": listed})
    for connector, tag in ((1, "LISTED"), (2, "STRANGER")):
        bench.plug_in(connector)
        bench.present_tag(connector, tag)
        bench.advance(30)
    assert [request["idTag"] for request in sent(bench, "Authorize")] == asked
    assert len(sent(bench, "StartTransaction")) == started


@pytest.mark.parametrize("protocol", ["OCPP1.6J", "Lms"])
def test_com_prot_type_lms_ends_the_conversation_at_the_next_boot(protocol: str) -> None:
    bench = Bench()
    assert written(bench, "com_ProtType", protocol) == "RebootRequired"
    restarted(bench)
    assert len(sent(bench, "BootNotification")) == (2 if protocol == "OCPP1.6J" else 1)
    assert bench.assembly.link.connected is (protocol == "OCPP1.6J")


@pytest.mark.parametrize("any_card", [True, False])
def test_stop_on_any_card_lets_a_stranger_end_a_transaction(any_card: bool) -> None:
    bench = charging(Bench(keys={"com_AuthOptions": f"StopOnAnyCrd={int(any_card)}"}))
    bench.present_tag(1, "STRANGER")
    bench.advance(5)
    stops = sent(bench, "StopTransaction")
    assert [stop["idTag"] for stop in stops] == (["STRANGER"] if any_card else [])


@pytest.mark.parametrize(("behaviour", "charges"), [("evc5-v32r30", False), ("ocpp16", True)])
def test_block_before_boot_keeps_a_station_that_no_back_office_accepted_from_charging(
    behaviour: str, charges: bool
) -> None:
    bench = Bench(behaviour=behaviour, keys={"AllowOfflineTxForUnknownId": True})
    bench.link.down()
    bench.power.cut()
    bench.power.restore()
    bench.advance(120)
    charging(bench)
    assert (offered_a(bench) > 0) is charges


@pytest.mark.parametrize("unasked", [True, False])
def test_plug_and_charge_starts_without_a_card(unasked: bool) -> None:
    bench = Bench(keys={"chg_Ch2Options": f"PlugAndCharge={int(unasked)}"})
    bench.plug_in(1)
    bench.plug_in(2)
    bench.advance(60)
    assert [start["connectorId"] for start in sent(bench, "StartTransaction")] == ([2] if unasked else [])


@pytest.mark.parametrize("stops", [True, False])
def test_stop_on_charge_complete_ends_the_transaction_of_a_full_car(stops: bool) -> None:
    bench = charging(Bench(keys={"chg_Ch1Options": f"StopOnChargeComplete={int(stops)}"}), soc=0.99)
    bench.advance(7200)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == (["Other"] if stops else [])
    assert statuses(bench, 1)[-1] == ("Finishing" if stops else "SuspendedEV")


@pytest.mark.parametrize("stops", [True, False])
def test_offline_stop_on_disconnect_ends_a_transaction_that_would_go_on_online(stops: bool) -> None:
    options = f"OfflineStopOnDisconnect={int(stops)}"
    bench = charging(Bench(keys={"StopTransactionOnEVSideDisconnect": False, "chg_Ch1Options": options}))
    bench.link.down()
    bench.unplug(1)
    bench.advance(60)
    bench.link.up()
    bench.advance(600)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == (
        ["EVDisconnected"] if stops else []
    )


@pytest.mark.parametrize(("processed", "offered"), [(1, 10.0), (0, 32.0)])
def test_charging_profiles_are_followed_only_with_chg_prof(processed: int, offered: float) -> None:
    bench = Bench()
    written(bench, "chg_Options", f"ChgProf={processed}")
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile(limit_a=10.0)})
    charging(bench, **ZOE)
    assert offered_a(bench) == pytest.approx(offered, abs=0.1)


def test_a_channel_that_is_not_enabled_is_unavailable_until_it_is() -> None:
    bench = Bench(keys={"chg_ChannelsEnabled": "1"})
    charging(bench, 2)
    before = statuses(bench, 2)
    written(bench, "chg_ChannelsEnabled", "1,2")
    assert (before, statuses(bench, 2)[:2]) == (["Unavailable"], ["Unavailable", "Preparing"])


def test_a_channel_is_disabled_only_when_its_transaction_is_over() -> None:
    bench = charging(Bench(), **ZOE)
    written(bench, "chg_ChannelsEnabled", "2")
    bench.advance(600)
    during = offered_a(bench)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    bench.unplug(1)
    bench.advance(1)
    assert (during > 0, statuses(bench, 1)[-2:]) == (True, ["Finishing", "Unavailable"])


@pytest.mark.parametrize(("socket", "answer"), [("Lock+CP+PP", "Unlocked"), ("CP+PP", "NotSupported")])
def test_only_a_socket_with_a_lock_can_be_unlocked(socket: str, answer: str) -> None:
    bench = Bench(keys={"chg_SktType": [socket, "CP+PP"]})
    assert bench.call("UnlockConnector", {"connectorId": 1}) == {"status": answer}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("readers", "connectors"),
    [
        (("sl032,CH1", "sl032,CH2"), [1, 2]),
        (("sl032,any", "none,any"), [1, 2]),
        (("none,CH1", "sl032,CH2"), [2]),
    ],
)
def test_a_card_is_read_only_where_a_reader_serves_the_channel(
    readers: tuple[str, str], connectors: list[int]
) -> None:
    bench = Bench(keys={"chg_Reader1": readers[0], "chg_Reader2": readers[1]})
    charging(charging(bench, 1), 2)
    assert [start["connectorId"] for start in sent(bench, "StartTransaction")] == connectors


def test_com_ocpc_info_is_who_the_station_says_it_is_from_the_next_boot() -> None:
    bench = Bench(boot={"vendor": "LMS", "model": "DUO2", "serial": "4711"})
    entry = read(bench, "com_OCPCInfo")
    assert entry is not None and entry["value"] == "modelname=DUO2,vendorname=LMS,CpSn=4711"
    written(bench, "com_OCPCInfo", "modelname=EVC5,vendorname=A vendor with too long a name,CpSn=4712")
    restarted(bench)
    boots = sent(bench, "BootNotification")
    told = [(b["chargePointVendor"], b["chargePointModel"], b["chargeBoxSerialNumber"]) for b in boots]
    assert told == [("LMS", "DUO2", "4711"), ("A vendor with too lo", "EVC5", "4712")]


def test_com_ocpcid_is_the_identity_of_the_station() -> None:
    entry = read(Bench(identity="NL-ECO-1000"), "com_OCPCID")
    assert entry is not None and entry["value"] == "NL-ECO-1000"
