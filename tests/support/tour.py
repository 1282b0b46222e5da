"""A short transcript in which nearly every message of OCPP 1.6 occurs once, with its answer."""

from typing import Any

from handmade import LATENCY_S, Handmade, at

SCHEDULE = {
    "duration": 3600,
    "startSchedule": at(0),
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": 3}],
}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": SCHEDULE,
}
ACCEPTED = {"status": "Accepted"}
INFO = {"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP", "expiryDate": at(1e6)}}
KEYS = [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}, {"key": "Other", "readonly": False}]
ENTRY = {"idTag": "TAG1", **INFO}


def values(t: float, **more: Any) -> dict[str, Any]:
    sampled = {"value": "1000.5", "context": "Sample.Periodic", "measurand": "Energy.Active.Import.Register"}
    amps = {"value": "0.0", "measurand": "Current.Import", "phase": "L1", "unit": "A", "location": "Outlet"}
    return {"timestamp": at(t), "sampledValue": [{**sampled, "unit": "Wh", "format": "Raw"}, amps]} | more


UP: tuple[tuple[str, Any, Any], ...] = (
    (
        "BootNotification",
        {"chargePointVendor": "Ecotap", "chargePointModel": "EVC5", "firmwareVersion": "V32R30"},
        {"status": "Accepted", "currentTime": at(0), "interval": 300},
    ),
    ("StatusNotification", {"connectorId": 0, "errorCode": "NoError", "status": "Available"}, {}),
    (
        "StatusNotification",
        {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": at(1)},
        {},
    ),
    ("Authorize", {"idTag": "TAG1"}, INFO),
    (
        "StartTransaction",
        {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(4)},
        {"transactionId": 1, **INFO},
    ),
    ("MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": [values(5)]}, {}),
    ("Heartbeat", {}, {"currentTime": at(6)}),
    ("DataTransfer", {"vendorId": "Ecotap", "messageId": "m", "data": "d"}, {"status": "Accepted"}),
    ("FirmwareStatusNotification", {"status": "Idle"}, {}),
    ("DiagnosticsStatusNotification", {"status": "Idle"}, {}),
)
DOWN: tuple[tuple[str, Any, Any], ...] = (
    ("GetConfiguration", {"key": ["NumberOfConnectors"]}, {"configurationKey": KEYS, "unknownKey": ["x"]}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "600"}, ACCEPTED),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}, ACCEPTED),
    (
        "GetCompositeSchedule",
        {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"},
        {"status": "Accepted", "connectorId": 1, "scheduleStart": at(0), "chargingSchedule": SCHEDULE},
    ),
    ("ClearChargingProfile", {"id": 1, "connectorId": 1, "stackLevel": 0}, ACCEPTED),
    (
        "SendLocalList",
        {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [ENTRY]},
        ACCEPTED,
    ),
    ("GetLocalListVersion", {}, {"listVersion": 1}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}, ACCEPTED),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}, ACCEPTED),
    ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
    ("ClearCache", {}, ACCEPTED),
    ("RemoteStartTransaction", {"idTag": "TAG1", "connectorId": 1, "chargingProfile": PROFILE}, ACCEPTED),
    ("RemoteStopTransaction", {"transactionId": 1}, ACCEPTED),
    ("GetDiagnostics", {"location": "ftp://x/", "startTime": at(0), "retries": 1}, {"fileName": "f"}),
    ("UpdateFirmware", {"location": "ftp://x/", "retrieveDate": at(60), "retries": 1}, {}),
    ("Reset", {"type": "Soft"}, ACCEPTED),
)
STOP = {
    **{"transactionId": 1, "idTag": "TAG1", "meterStop": 1000, "timestamp": at(60), "reason": "Local"},
    "transactionData": [values(60)],
}


def tour() -> list[dict[str, Any]]:
    """Its lines, as `messages.jsonl` has them."""
    made = Handmade()
    t = 0.0
    for direction, messages in (("up", UP), ("down", DOWN), ("up", (("StopTransaction", STOP, INFO),))):
        for action, payload, reply in messages:
            made.call(t, action, payload, reply, direction)
            t += 1.0 + LATENCY_S
    made.call(t, "CancelReservation", {"reservationId": 1}, ["NotSupported", "no", {}], "down")
    return made.lines
