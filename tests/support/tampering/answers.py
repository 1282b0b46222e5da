"""Answers that what is told elsewhere contradicts: keys, lists, profiles, schedules, orders."""

from typing import Any

from tampering.kinds import CONFIGURATION, Change, Kind, dropped, kind, put, without
from tampering.recorded import Recorded, answer, call, order, payload, sample
from tampering.story import DURATION_S

PERIODS = "chargingSchedule.chargingSchedulePeriod"
FIRST = f"{PERIODS}.0"
PROFILE = f"csChargingProfiles.{FIRST}"
COMPOSITE = answer(order("GetCompositeSchedule"))
WHOLE = answer(order("GetConfiguration"))
ASKED = answer(order("GetConfiguration", key=["HeartbeatInterval"]))
DEFAULT, WATTS = order("SetChargingProfile"), order("SetChargingProfile", 1)


def _limits(limit: float) -> Change:
    def change(told: Recorded) -> None:
        for row in payload(COMPOSITE(told))["chargingSchedule"]["chargingSchedulePeriod"]:
            row["limit"] = limit

    return change


def _key(name: str, field: str, value: Any) -> Change:
    """The whole configuration tells something else of a key, however often it is asked for."""

    def change(told: Recorded) -> None:
        for asked in told.calls("GetConfiguration", "down"):
            for row in payload(told.reply_to(asked))["configurationKey"]:
                if row["key"] == name and not payload(asked).get("key"):
                    row[field] = value

    return change


def _periods_fall(told: Recorded) -> None:
    payload(COMPOSITE(told))["chargingSchedule"]["chargingSchedulePeriod"].append(
        {"startPeriod": 0, "limit": 9.0}
    )


def _silent_after(told: Recorded) -> None:
    """The Heartbeat that follows the trigger is never sent."""
    asked = told.place(order("TriggerMessage", 1)(told))
    told.drop(next(row for row in told.calls("Heartbeat") if told.place(row) > asked))


ANSWERS: tuple[Kind, ...] = (
    kind("a schedule is above the profile", _limits(16.0), "charging.composite-limit"),
    kind("a schedule is below the profile", _limits(4.0), "charging.composite", shown_by=CONFIGURATION),
    kind(
        "a schedule begins later than at 0",
        put(COMPOSITE, f"{FIRST}.startPeriod", 60),
        "charging.composite-form",
    ),
    kind(
        "a schedule lasts twice as long",
        put(COMPOSITE, "chargingSchedule.duration", 2 * DURATION_S),
        "charging.composite-form",
    ),
    kind(
        "a schedule has a period beyond its end",
        put(
            COMPOSITE,
            PERIODS,
            [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 1_006_632_455, "limit": 10.0}],
        ),
        "charging.composite-form",
    ),
    kind("a schedule's periods go back", _periods_fall, "charging.composite-form"),
    kind("a schedule has no period", put(COMPOSITE, PERIODS, []), "charging.composite-form", "frame.schema"),
    kind("a schedule has a negative limit", _limits(-1.0), "charging.composite", shown_by=CONFIGURATION),
    kind(
        "a schedule begins an hour before it is asked for",
        put(COMPOSITE, "scheduleStart", lambda old: "2024-03-01T00:00:00Z"),
        "charging.composite-form",
    ),
    kind("a schedule is of the other connector", put(COMPOSITE, "connectorId", 2), "charging.composite-form"),
    kind(
        "a schedule is accepted and not told",
        without(COMPOSITE, "chargingSchedule"),
        "charging.composite-form",
    ),
    kind(
        "a schedule in A is told in W",
        put(COMPOSITE, "chargingSchedule.chargingRateUnit", "W"),
        "charging.composite",
        shown_by=CONFIGURATION,
    ),
    kind("a limit was lower than what flows", put(DEFAULT, f"{PROFILE}.limit", 6.0), "charging.flow"),
    kind(
        "a limit in watts was lower than what flows",
        put(WATTS, f"{PROFILE}.limit", 4200.0),
        "charging.flow",
        "charging.reported",
    ),
    kind("a limit was for one phase", put(DEFAULT, f"{PROFILE}.numberPhases", 1), "charging.flow-phases"),
    kind(
        "a limit was accepted for a transaction that is not",
        put(WATTS, "csChargingProfiles.transactionId", 99),
        "charging.accepted",
    ),
    kind("a TxProfile was accepted on connector 0", put(WATTS, "connectorId", 0), "charging.accepted"),
    kind(
        "a profile that there is is not cleared",
        put(answer(order("ClearChargingProfile")), "status", "Unknown"),
        "charging.cleared",
        "charging.flow",
    ),
    kind(
        "a profile that there is not is cleared",
        put(order("ClearChargingProfile"), "id", 42),
        "charging.cleared",
        "charging.flow",
    ),
    kind(
        "a list has another version",
        put(answer(order("GetLocalListVersion")), "listVersion", 2),
        "list.version",
    ),
    kind(
        "a list is told not to be there",
        put(answer(order("GetLocalListVersion")), "listVersion", -1),
        "list.version",
    ),
    kind(
        "a full list is a conflict of versions",
        put(answer(order("SendLocalList")), "status", "VersionMismatch"),
        "list.answer",
    ),
    kind(
        "a key that was changed has another value",
        put(ASKED, "configurationKey.0.value", "900"),
        "configuration.kept",
        "configuration.steady",
    ),
    kind("a key that was asked for is not told", put(ASKED, "configurationKey", []), "configuration.told"),
    kind(
        "another key than was asked for is told",
        put(ASKED, "configurationKey.0.key", "ResetRetries"),
        "configuration.told",
    ),
    kind(
        "a key that is there is told to be unknown",
        put(ASKED, "unknownKey", ["HeartbeatInterval"]),
        "configuration.told",
        "configuration.known",
    ),
    kind(
        "a read-only key is changed",
        put(answer(order("ChangeConfiguration", 1)), "status", "Accepted"),
        "configuration.read-only",
    ),
    kind(
        "a key that is known is refused as unknown",
        put(answer(order("ChangeConfiguration")), "status", "NotSupported"),
        "configuration.known",
    ),
    kind(
        "a key is told without a value that it can have",
        _key("HeartbeatInterval", "value", "soon"),
        "configuration.kept",
        "configuration.value",
    ),
    kind(
        "a key is told as read-only and then changed",
        _key("HeartbeatInterval", "readonly", True),
        "configuration.read-only",
        "configuration.access",
    ),
    kind(
        "a station has fewer connectors than it talks of",
        _key("NumberOfConnectors", "value", "1"),
        "remote.start-answer",
        "unlock.answer",
        "transaction.pair",
        "status.table",
        "configuration.steady",
    ),
    kind(
        "a station samples otherwise than its key says",
        _key("MeterValueSampleInterval", "value", "13"),
        "metering.sample-interval",
    ),
    kind(
        "a station measures otherwise than its key says",
        _key("MeterValuesSampledData", "value", "Current.Import"),
        "metering.measurands",
    ),
    kind(
        "a trigger is refused and followed",
        put(answer(order("TriggerMessage")), "status", "Rejected"),
        "trigger.connector",
    ),
    kind("a trigger is accepted and not followed", dropped(sample(0, "Trigger")), "trigger.connector"),
    kind("a heartbeat is triggered and not sent", _silent_after, "trigger.followed"),
    kind(
        "a remote stop is refused and done",
        put(answer(order("RemoteStopTransaction")), "status", "Rejected"),
        "transaction.remote-stop-known",
    ),
    kind(
        "a remote stop is accepted for what does not run",
        put(order("RemoteStopTransaction"), "transactionId", 55),
        "transaction.remote-stop-known",
        "transaction.stop-reason",
    ),
    kind(
        "a remote start is refused and done",
        put(answer(order("RemoteStartTransaction")), "status", "Rejected"),
        "remote.start-answer",
    ),
    kind(
        "a remote start is accepted and not done",
        dropped(call("StartTransaction", 1)),
        "remote.started",
        "status.needs-transaction",
    ),
    kind(
        "out of service is put off without a cause",
        put(answer(order("ChangeAvailability")), "status", "Scheduled"),
        "availability.answer",
    ),
    kind(
        "out of service is refused and done",
        put(answer(order("ChangeAvailability")), "status", "Rejected"),
        "availability.answer",
    ),
    kind(
        "an unlocking is not supported and done",
        put(answer(order("UnlockConnector")), "status", "NotSupported"),
        "unlock.answer",
    ),
    kind(
        "a reset is refused and done",
        put(answer(order("Reset")), "status", "Rejected"),
        "boot.repeated",
        "reset.carried-out",
    ),
    kind(
        "a reset is accepted and not done",
        dropped(call("BootNotification", 1)),
        "reset.carried-out",
        "configuration.kept",
    ),
    kind(
        "a cache is cleared that is not there",
        put(answer(order("ClearCache")), "status", "Accepted"),
        "cache.cleared",
    ),
    kind(
        "an unknown vendor's data are accepted",
        put(answer(order("DataTransfer")), "status", "Accepted"),
        "data-transfer.answer",
    ),
)
