"""Faults put into a healthy hand-made recording, each with the requirement that it breaks."""

import json
from collections.abc import Callable
from typing import Any

from handmade import BASE_WH, Handmade, at


def payload(line: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = line["frame"][3]
    return found


def values(line: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = payload(line)["meterValue"][0]["sampledValue"]
    return found


def register(line: dict[str, Any]) -> dict[str, Any]:
    whole = (v for v in values(line) if v.get("measurand", "").endswith("Register") and "phase" not in v)
    return next(whole)


def a_second_call_before_the_reply(made: Handmade) -> None:
    beat = made.calls("Heartbeat")[0]
    made.frame(beat["t"] + 0.01, "up", [2, "extra", "Heartbeat", {}])
    made.frame(beat["t"] + 0.02, "down", [3, "extra", {"currentTime": at(beat["t"])}])


def a_second_call_of_the_csms(made: Handmade) -> None:
    for k in (1, 2):
        made.frame(100.0 + k / 100, "down", [2, f"cx{k}", "ClearCache", {}])
        made.frame(101.0 + k / 100, "up", [3, f"cx{k}", {"status": "Accepted"}])


def a_reply_to_nothing(made: Handmade) -> None:
    made.frame(200.0, "up", [3, "nobody-asked", {}])


def an_unanswered_call(made: Handmade) -> None:
    made.frame(200.0, "down", [2, "cx", "ClearCache", {}])


def an_id_used_twice(made: Handmade) -> None:
    made.calls("MeterValues")[50]["frame"][1] = made.calls("MeterValues")[20]["frame"][1]


def an_id_of_37_characters(made: Handmade) -> None:
    line = made.calls("Heartbeat")[0]
    reply = made.reply_to(line)
    line["frame"][1] = reply["frame"][1] = "x" * 37


def a_frame_that_is_none(made: Handmade) -> None:
    made.frame(200.0, "up", [5, "what"])


def a_status_out_of_the_enum(made: Handmade) -> None:
    payload(made.calls("StatusNotification")[3])["status"] = "Occupied"


def an_unknown_action(made: Handmade) -> None:
    made.interject(200.0, "Hartbeat", {}, {})


def a_reply_out_of_schema(made: Handmade) -> None:
    made.reply_to(made.calls("GetConfiguration")[0])["frame"][2] = {"configurationKey": "all"}


def a_value_that_is_no_number(made: Handmade) -> None:
    values(made.meter_values("Sample.Periodic")[40])[0]["value"] = "n/a"


def a_unit_out_of_the_enum_in_one_of_many_samples(made: Handmade) -> None:
    values(made.meter_values("Sample.Periodic")[40])[3]["unit"] = "Volt"


def a_timestamp_without_a_zone(made: Handmade) -> None:
    payload(made.meter_values("Sample.Periodic")[40])["meterValue"][0]["timestamp"] = "2024-03-01T10:50:00"


def a_timestamp_of_a_day_that_never_was(made: Handmade) -> None:
    payload(made.calls("StatusNotification")[3])["timestamp"] = "2024-02-30T10:50:00Z"


def an_error_code_of_no_table(made: Handmade) -> None:
    made.interject(200.0, "ClearCache", {}, ["Whatever", "", {}], direction="down")


def a_missing_sample(made: Handmade) -> None:
    made.drop(made.meter_values("Sample.Periodic")[40])


def samples_that_drift(made: Handmade) -> None:
    for n, line in enumerate(made.meter_values("Sample.Periodic", 2)):
        payload(line)["meterValue"][0]["timestamp"] = at(1815 + 60 * (n + 1) + 0.05 * n)


def a_missing_last_sample(made: Handmade) -> None:
    made.drop([x for x in made.meter_values("Sample.Periodic", 2) if payload(x)["transactionId"] == 2][-1])


def a_sample_with_the_interval_off(made: Handmade) -> None:
    made.reply_to(made.calls("GetConfiguration")[0])["frame"][2]["configurationKey"][1]["value"] = "0"


def clock_data_a_second_late(made: Handmade) -> None:
    line = made.meter_values("Sample.Clock", 1)[7]
    payload(line)["meterValue"][0]["timestamp"] = at(line["t"] + 1)


def a_missing_boundary(made: Handmade) -> None:
    made.drop(made.meter_values("Sample.Clock", 1)[7])


def a_boundary_twice(made: Handmade) -> None:
    line = made.meter_values("Sample.Clock", 1)[7]
    made.interject(line["t"] + 100, "MeterValues", payload(line))


def clock_data_that_end_early(made: Handmade) -> None:
    made.drop(*made.meter_values("Sample.Clock", 2)[-3:])


def a_register_running_backwards(made: Handmade) -> None:
    line = made.meter_values("Sample.Periodic", 1)[40]
    register(line)["value"] = str(int(register(line)["value"]) - 300)


def a_register_rebased_at_each_transaction(made: Handmade) -> None:
    for line in made.calls("StartTransaction")[1:]:
        payload(line)["meterStart"] = 0


def a_meter_three_percent_fast(made: Handmade) -> None:
    for line in made.calls("MeterValues"):
        base = BASE_WH[payload(line)["connectorId"]]
        fast = round(base + 1.03 * (int(register(line)["value"]) - base))
        for sample in payload(line)["meterValue"][0]["sampledValue"]:
            if sample["measurand"] == "Energy.Active.Import.Register":
                sample["value"] = str(round(fast / 3) if "phase" in sample else fast)


def a_meter_stop_before_meter_start(made: Handmade) -> None:
    payload(made.calls("StopTransaction")[0])["meterStop"] = 7


def a_begin_that_is_not_meter_start(made: Handmade) -> None:
    payload(made.calls("StopTransaction")[0])["transactionData"][0]["sampledValue"][0]["value"] = "119000"


def a_register_that_jumps_between_transactions(made: Handmade) -> None:
    payload(made.calls("StartTransaction")[2])["meterStart"] += 500


def an_offer_the_car_ignores(made: Handmade) -> None:
    for row in made.rows:
        if row["connector"] == 1 and 2000 < row["t"] < 2600:
            row |= {"offered1_a": 10.0, "offered2_a": 10.0, "offered3_a": 10.0}


def an_offer_reported_lower_than_the_current(made: Handmade) -> None:
    for line in made.meter_values("Sample.Periodic", 1)[40:43]:
        for value in values(line):
            if value["measurand"] == "Current.Offered":
                value["value"] = "6.0"


def a_call_before_the_boot_is_accepted(made: Handmade) -> None:
    made.frame(0.01, "up", [2, "early", "Heartbeat", {}])
    made.frame(0.02, "down", [3, "early", {"currentTime": at(0)}])


def a_boot_tried_again_too_soon(made: Handmade) -> None:
    boot = made.calls("BootNotification")[0]
    later = made.reply_to(boot)["frame"][2]
    made.reply_to(boot)["frame"][2] = {**later, "status": "Pending", "interval": 60}
    for line in made.lines:
        line["t"] += 20.0 if line["t"] > 0.05 else 0.0
    made.interject(10.0, "BootNotification", payload(boot), later)


def a_boot_without_statuses(made: Handmade) -> None:
    made.drop(*made.calls("StatusNotification")[:2])


def a_station_that_falls_silent(made: Handmade) -> None:
    made.reply_to(made.calls("BootNotification")[0])["frame"][2]["interval"] = 60
    made.drop(*[line for action in ("Heartbeat", "MeterValues") for line in made.calls(action)])


def a_status_from_preparing_to_unavailable(made: Handmade) -> None:
    payload(made.calls("StatusNotification")[4])["status"] = "Unavailable"


def a_connector_zero_that_prepares(made: Handmade) -> None:
    payload(made.calls("StatusNotification")[0])["status"] = "Preparing"


def a_fault_without_a_code(made: Handmade) -> None:
    payload(made.calls("StatusNotification")[4])["status"] = "Faulted"


def a_fault_that_ends_elsewhere(made: Handmade) -> None:
    for t, status, code in ((3000, "Faulted", "GroundFailure"), (3001, "Available", "NoError")):
        told = {"connectorId": 1, "errorCode": code, "status": status, "timestamp": at(t)}
        made.interject(t, "StatusNotification", told)


def a_communication_error_with_charging(made: Handmade) -> None:
    payload(made.calls("StatusNotification")[4])["errorCode"] = "EVCommunicationError"


def a_stop_sent_again_though_confirmed(made: Handmade) -> None:
    stop = made.calls("StopTransaction")[0]
    made.interject(stop["t"] + 60, "StopTransaction", payload(stop))


def a_start_while_another_runs(made: Handmade) -> None:
    made.drop(made.calls("StopTransaction")[0])


def a_stop_of_a_transaction_never_started(made: Handmade) -> None:
    payload(made.calls("StopTransaction")[0])["transactionId"] = 99


def a_stop_never_told(made: Handmade) -> None:
    made.reply_to(made.calls("GetConfiguration")[0])["frame"][2]["configurationKey"].append(
        {"key": "StopTransactionOnEVSideDisconnect", "readonly": False, "value": "true"}
    )
    made.drop(made.calls("StopTransaction")[2])


def a_stop_dated_ahead(made: Handmade) -> None:
    stop = made.calls("StopTransaction")[1]
    payload(stop)["timestamp"] = at(stop["t"] + 30)


def a_stop_of_a_clock_that_is_ahead(made: Handmade) -> None:
    stop = made.calls("StopTransaction")[1]
    payload(stop)["timestamp"] = at(stop["t"] + 100)


def a_stop_dated_before_the_start(made: Handmade) -> None:
    payload(made.calls("StopTransaction")[1])["timestamp"] = at(1000)


def a_sample_told_for_the_other_connector(made: Handmade) -> None:
    payload(made.meter_values("Sample.Periodic", 1)[50])["transactionId"] = 2


def a_sample_after_the_stop(made: Handmade) -> None:
    line = made.meter_values("Sample.Periodic", 1)[50]
    made.interject(
        7300.0, "MeterValues", json.loads(json.dumps(payload(line)).replace(at(line["t"]), at(7300)))
    )


def clock_data_without_their_transaction(made: Handmade) -> None:
    del payload(made.meter_values("Sample.Clock", 1)[5])["transactionId"]


def a_reason_without_a_cause(made: Handmade) -> None:
    payload(made.calls("StopTransaction")[1])["reason"] = "Remote"


def a_local_stop_nobody_made(made: Handmade) -> None:
    made.events = [e for e in made.events if e["event"] != "tag" or e["t"] < 8000]


def a_remote_stop_without_effect(made: Handmade) -> None:
    made.interject(3000.0, "RemoteStopTransaction", {"transactionId": 1}, {"status": "Accepted"}, "down")
    made.drop(
        made.calls("StopTransaction")[0],
        *made.calls("StartTransaction")[2:],
        *made.calls("StopTransaction")[2:],
    )


def a_remote_stop_of_a_running_transaction_refused(made: Handmade) -> None:
    made.interject(3000.0, "RemoteStopTransaction", {"transactionId": 1}, {"status": "Rejected"}, "down")


def a_start_on_a_refused_tag(made: Handmade) -> None:
    made.reply_to(made.calls("Authorize")[1])["frame"][2] = {"idTagInfo": {"status": "Blocked"}}


def a_refused_start_that_goes_on(made: Handmade) -> None:
    keys = made.reply_to(made.calls("GetConfiguration")[0])["frame"][2]["configurationKey"]
    keys.append({"key": "StopTransactionOnInvalidId", "readonly": False, "value": "true"})
    made.reply_to(made.calls("StartTransaction")[1])["frame"][2]["idTagInfo"]["status"] = "Blocked"


def an_authorize_for_ones_own_stop(made: Handmade) -> None:
    stop = made.calls("StopTransaction")[1]
    made.interject(stop["t"] - 0.2, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})


def an_event_without_a_time(made: Handmade) -> None:
    made.events.append({"connector": 1, "event": "unplug"})


def a_sample_that_says_it_was_triggered(made: Handmade) -> None:
    for value in values(made.meter_values("Sample.Periodic")[40]):
        value["context"] = "Transaction.Begin"


def a_key_that_changes_by_itself(made: Handmade) -> None:
    told = [{"key": "MeterValueSampleInterval", "readonly": False, "value": "61"}]
    made.interject(15500.0, "GetConfiguration", {}, {"configurationKey": told}, "down")


def power_that_volts_and_amps_do_not_make(made: Handmade) -> None:
    for row in made.rows:
        row["p_w"] *= 1.02


def energy_that_no_power_made(made: Handmade) -> None:
    for row in made.rows:
        row["energy_wh"] += 100.0 * (row["t"] > 3000)


def a_car_that_draws_more_than_its_profile(made: Handmade) -> None:
    """10 A were accepted; 16 A are offered and flow."""
    period = {"startPeriod": 0, "limit": 10.0}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    profile = {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative", "chargingSchedule": schedule,
    }  # fmt: skip
    accepted = {"status": "Accepted"}
    made.interject(
        300.0, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}, accepted, "down"
    )


def a_start_on_a_faulted_connector(made: Handmade) -> None:
    line = made.calls("StatusNotification")[4]
    payload(line).update(status="Faulted", errorCode="GroundFailure")
    line["t"] -= 30.0


TRIPS: list[tuple[Callable[[Handmade], None], str]] = [
    (a_second_call_before_the_reply, "rpc.one-call-station"),
    (a_second_call_of_the_csms, "rpc.one-call-csms"),
    (a_reply_to_nothing, "rpc.matched"),
    (an_unanswered_call, "rpc.answered"),
    (an_id_used_twice, "rpc.id"),
    (an_id_of_37_characters, "rpc.id"),
    (a_frame_that_is_none, "frame.form"),
    (a_status_out_of_the_enum, "frame.schema"),
    (an_unknown_action, "frame.schema"),
    (a_reply_out_of_schema, "frame.schema"),
    (a_value_that_is_no_number, "frame.schema"),
    (a_unit_out_of_the_enum_in_one_of_many_samples, "frame.schema"),
    (a_timestamp_without_a_zone, "frame.timestamp"),
    (a_timestamp_of_a_day_that_never_was, "frame.timestamp"),
    (an_error_code_of_no_table, "frame.error-code"),
    (a_call_before_the_boot_is_accepted, "boot.first"),
    (a_boot_tried_again_too_soon, "boot.retry"),
    (a_boot_without_statuses, "boot.status"),
    (a_station_that_falls_silent, "heartbeat.interval"),
    (a_car_that_draws_more_than_its_profile, "charging.current"),
    (a_status_from_preparing_to_unavailable, "status.table"),
    (a_fault_that_ends_elsewhere, "status.table"),
    (a_connector_zero_that_prepares, "status.connector-zero"),
    (a_fault_without_a_code, "status.error-code"),
    (a_communication_error_with_charging, "status.error-code"),
    (a_stop_sent_again_though_confirmed, "transaction.repeat"),
    (a_start_while_another_runs, "transaction.pair"),
    (a_stop_of_a_transaction_never_started, "transaction.pair"),
    (a_start_while_another_runs, "transaction.delivered"),
    (a_stop_never_told, "transaction.delivered"),
    (a_stop_dated_ahead, "transaction.times"),
    (a_stop_of_a_clock_that_is_ahead, "clock.station"),
    (a_stop_dated_before_the_start, "transaction.times"),
    (a_sample_told_for_the_other_connector, "transaction.belongs"),
    (a_sample_after_the_stop, "transaction.belongs"),
    (clock_data_without_their_transaction, "transaction.carries-id"),
    (a_reason_without_a_cause, "transaction.stop-reason"),
    (a_local_stop_nobody_made, "transaction.stop-reason"),
    (a_remote_stop_without_effect, "transaction.remote-stop"),
    (a_remote_stop_of_a_running_transaction_refused, "transaction.remote-stop-known"),
    (a_start_on_a_refused_tag, "authorisation.respected"),
    (a_refused_start_that_goes_on, "authorisation.ended"),
    (an_authorize_for_ones_own_stop, "authorisation.own-stop"),
    (a_start_on_a_faulted_connector, "status.in-service"),
    (an_event_without_a_time, "recording.line"),
    (a_sample_that_says_it_was_triggered, "metering.context"),
    (a_key_that_changes_by_itself, "configuration.steady"),
    (power_that_volts_and_amps_do_not_make, "electrical.power"),
    (energy_that_no_power_made, "electrical.energy"),
    (a_missing_sample, "metering.sample-interval"),
    (samples_that_drift, "metering.sample-interval"),
    (a_missing_last_sample, "metering.sample-interval"),
    (a_sample_with_the_interval_off, "metering.sample-interval"),
    (clock_data_a_second_late, "metering.clock-boundary"),
    (a_missing_boundary, "metering.clock-complete"),
    (a_boundary_twice, "metering.clock-complete"),
    (clock_data_that_end_early, "metering.clock-complete"),
    (a_register_running_backwards, "metering.register-monotonic"),
    (a_register_rebased_at_each_transaction, "metering.continuity"),
    (a_meter_three_percent_fast, "metering.true-energy"),
    (a_meter_stop_before_meter_start, "metering.start-stop"),
    (a_begin_that_is_not_meter_start, "metering.start-stop"),
    (a_register_that_jumps_between_transactions, "metering.continuity"),
    (an_offer_the_car_ignores, "electrical.offer"),
    (an_offer_reported_lower_than_the_current, "electrical.reported-offer"),
]
