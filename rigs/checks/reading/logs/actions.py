"""Who may say what in OCPP: whose a CALL is by its action, and whose a reply is by what it carries."""

from typing import Any

CALL, RESULT, ERROR = 2, 3, 4  # OCPP-J 4.2.1-4.2.3

# OCPP 1.6 sections 4 and 5 and the security whitepaper; DataTransfer comes from either.
BY_STATION = frozenset(
    {
        *("Authorize", "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification"),
        *("Heartbeat", "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction"),
        *("LogStatusNotification", "SecurityEventNotification", "SignCertificate"),
        "SignedFirmwareStatusNotification",
    }
)
BY_CSMS = frozenset(
    {
        *("CancelReservation", "ChangeAvailability", "ChangeConfiguration", "ClearCache"),
        *("ClearChargingProfile", "GetCompositeSchedule", "GetConfiguration", "GetDiagnostics"),
        *("GetLocalListVersion", "RemoteStartTransaction", "RemoteStopTransaction", "ReserveNow", "Reset"),
        *("SendLocalList", "SetChargingProfile", "TriggerMessage", "UnlockConnector", "UpdateFirmware"),
        *("CertificateSigned", "DeleteCertificate", "ExtendedTriggerMessage", "GetInstalledCertificateIds"),
        *("GetLog", "InstallCertificate", "SignedUpdateFirmware"),
    }
)
# Actions that OCPP 2.0.1 has and 1.6 has not (OCPP 2.0.1 part 2, section 1).
BY_STATION_201 = frozenset(
    {
        *(
            "TransactionEvent",
            "NotifyReport",
            "NotifyEvent",
            "NotifyMonitoringReport",
            "ClearedChargingLimit",
        ),
        *("NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages"),
        *("NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "PublishFirmwareStatusNotification"),
        *("ReportChargingProfiles", "ReservationStatusUpdate", "Get15118EVCertificate"),
        "GetCertificateStatus",
    }
)
BY_CSMS_201 = frozenset(
    {
        *("GetVariables", "SetVariables", "GetBaseReport", "GetReport", "RequestStartTransaction"),
        *("RequestStopTransaction", "GetTransactionStatus", "GetChargingProfiles", "CostUpdated"),
        *("CustomerInformation", "GetDisplayMessages", "SetDisplayMessage", "ClearDisplayMessage"),
        *("GetMonitoringReport", "SetMonitoringBase", "SetMonitoringLevel", "SetVariableMonitoring"),
        *("ClearVariableMonitoring", "SetNetworkProfile", "PublishFirmware", "UnpublishFirmware"),
    }
)
ONLY_16 = frozenset(
    {
        *("ChangeConfiguration", "DiagnosticsStatusNotification", "ExtendedTriggerMessage"),
        *("GetConfiguration", "GetDiagnostics", "RemoteStartTransaction", "RemoteStopTransaction"),
        *("SignedFirmwareStatusNotification", "SignedUpdateFirmware", "StartTransaction", "StopTransaction"),
    }
)
# Of actions that both have, the fields that one alone has (OCPP 1.6 section 6; 2.0.1 part 2, section 1).
FIELDS_16 = {
    "BootNotification": frozenset({"chargePointVendor", "chargePointModel"}),
    "StatusNotification": frozenset({"errorCode", "status"}),
    "MeterValues": frozenset({"connectorId"}),
    "Authorize": frozenset({"idTag"}),
}
FIELDS_201 = {
    "BootNotification": frozenset({"chargingStation"}),
    "StatusNotification": frozenset({"connectorStatus"}),
    "MeterValues": frozenset({"evseId"}),
    "Authorize": frozenset({"idToken"}),
}
ACTIONS = BY_STATION | BY_CSMS | BY_STATION_201 | BY_CSMS_201 | {"DataTransfer"}

# What only one side's answers carry (OCPP 1.6 section 6).
OF_CSMS = frozenset({"currentTime", "idTagInfo", "transactionId", "interval"})
OF_STATION = frozenset(
    {"configurationKey", "unknownKey", "listVersion", "chargingSchedule", "scheduleStart", "fileName"}
)
STATUSES_OF_STATION = frozenset(
    {
        *("Unlocked", "UnlockFailed", "NotSupported", "Unknown", "Faulted", "Occupied", "Unavailable"),
        *("Failed", "VersionMismatch", "Scheduled", "RebootRequired", "NotImplemented"),
    }
)


def call_is_up(action: Any) -> bool | None:
    """Whether only a station may call this; None where either may, or nobody."""
    if not isinstance(action, str):
        return None
    if action in BY_STATION or action in BY_STATION_201:
        return True
    return False if action in BY_CSMS or action in BY_CSMS_201 else None


def reply_is_up(payload: Any) -> bool | None:
    """Whether only a station may answer so; None where either may."""
    if not isinstance(payload, dict):
        return None
    if not OF_CSMS.isdisjoint(payload):
        return False
    told = payload.get("status")
    is_stations = isinstance(told, str) and told in STATUSES_OF_STATION
    return True if is_stations or not OF_STATION.isdisjoint(payload) else None


def version_of(body: Any) -> str | None:
    """The OCPP that this CALL is of; None where both know it."""
    if not isinstance(body, list) or len(body) != 4 or body[0] != CALL or not isinstance(body[2], str):
        return None
    action, payload = body[2], body[3] if isinstance(body[3], dict) else {}
    for version, actions, fields in (
        ("2.0.1", BY_STATION_201 | BY_CSMS_201, FIELDS_201),
        ("1.6", ONLY_16, FIELDS_16),
    ):
        if action in actions or not fields.get(action, frozenset()).isdisjoint(payload):
            return version
    return None
