"""What the charge point does when the CSMS asks: one small function an action. Source: OCPP 1.6 section 5."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from models.timeline import CONTROL
from twin import vendor
from twin.configuration import TooManyKeys
from twin.frames import Payload
from twin.rpc import Refusal
from twin.schemas import validator

if TYPE_CHECKING:
    from twin.charge_point import ChargePoint

Operation = Callable[["ChargePoint", Payload], Payload]


def change_configuration(station: "ChargePoint", payload: Payload) -> Payload:
    return {"status": station.configuration.change(payload["key"], payload["value"]).status}


def get_configuration(station: "ChargePoint", payload: Payload) -> Payload:
    try:
        known, unknown = station.configuration.get(payload.get("key") or [])
    except TooManyKeys as error:
        raise Refusal("OccurenceConstraintViolation", str(error)) from None
    answer: Payload = {"configurationKey": known}
    if unknown:
        answer["unknownKey"] = unknown
    return answer


def remote_start(station: "ChargePoint", payload: Payload) -> Payload:
    """Accepted means "will try" (5.11); without a connectorId the first free connector takes it."""
    if "chargingProfile" in payload and station.behaviour.policy("remote_start_profile") == "rejected":
        return {"status": "Rejected"}
    wanted = payload.get("connectorId")
    connectors = [wanted] if wanted is not None else list(station.sessions)
    for connector in connectors:
        session = station.sessions.get(connector)
        if session is None or not station.is_free(connector):
            continue
        station.soon(partial(session.remote_start, payload["idTag"], payload.get("chargingProfile")))
        return {"status": "Accepted"}
    return {"status": "Rejected"}


def remote_stop(station: "ChargePoint", payload: Payload) -> Payload:
    for session in station.sessions.values():
        if session.transaction is not None and session.transaction.id == payload["transactionId"]:
            station.soon(partial(session.stop, "Remote"))
            return {"status": "Accepted"}
    return {"status": "Rejected"}


def change_availability(station: "ChargePoint", payload: Payload) -> Payload:
    """At once where no transaction runs, Scheduled where one does; connector 0 means all (5.2)."""
    connector, operative = payload["connectorId"], payload["type"] == "Operative"
    if connector != 0 and connector not in station.sessions:
        return {"status": "Rejected"}
    return {"status": "Scheduled" if station.set_availability(connector, operative) else "Accepted"}


def unlock_connector(station: "ChargePoint", payload: Payload) -> Payload:
    """A running transaction is stopped first (5.18)."""
    session = station.sessions.get(payload["connectorId"])
    if session is None or not vendor.has_lock(station.configuration, payload["connectorId"]):
        return {"status": "NotSupported"}  # errata 3.87
    station.soon(partial(session.stop, "UnlockCommand"))
    return {"status": "Unlocked"}


def reset(station: "ChargePoint", payload: Payload) -> Payload:
    station.timeline.at(station.timeline.now + RESET_DELAY_S, lambda: station.reset(payload["type"]), CONTROL)
    return {"status": "Accepted"}


RESET_DELAY_S = 1.0  # between the reply and the restart; assumed


def clear_cache(station: "ChargePoint", payload: Payload) -> Payload:
    enabled = station.configuration.flag("AuthorizationCacheEnabled")
    return {"status": "Accepted" if enabled else "Rejected"}  # errata 3.23


def data_transfer(station: "ChargePoint", payload: Payload) -> Payload:
    return {"status": "UnknownVendorId"}


def set_charging_profile(station: "ChargePoint", payload: Payload) -> Payload:
    return {"status": station.install_profile(payload["connectorId"], payload["csChargingProfiles"])}


def clear_charging_profile(station: "ChargePoint", payload: Payload) -> Payload:
    return {"status": "Accepted" if station.clear_profiles(payload) else "Unknown"}


def get_composite_schedule(station: "ChargePoint", payload: Payload) -> Payload:
    return station.composite_schedule(
        payload["connectorId"], payload["duration"], payload.get("chargingRateUnit")
    )


def trigger_message(station: "ChargePoint", payload: Payload) -> Payload:
    """The reply first, the message after it (5.17); what the sheet's table 11 lacks is NotImplemented."""
    message, connector = payload["requestedMessage"], payload.get("connectorId")
    if message not in station.behaviour.triggers:
        return {"status": "NotImplemented"}
    if connector is not None and not 0 <= connector <= len(station.sessions):
        return {"status": "Rejected"}
    station.soon(lambda: station.trigger(message, connector))
    return {"status": "Accepted"}


OPERATIONS: dict[str, Operation] = {
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "DataTransfer": data_transfer,
    "GetCompositeSchedule": get_composite_schedule,
    "GetConfiguration": get_configuration,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "Reset": reset,
    "SetChargingProfile": set_charging_profile,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
}


def refusal(reversed_codes: bool) -> Callable[[str], Refusal]:
    """The CALLERROR for an action the device lacks, by policy `unsupported_action` (OCPP-J table 7)."""
    known, unknown = "NotSupported", "NotImplemented"
    if reversed_codes:
        known, unknown = unknown, known

    def refuse(action: str) -> Refusal:
        if validator(action) is not None:
            return Refusal(known, f"{action} is not supported")
        return Refusal(unknown, f"{action} is not an action of OCPP 1.6")

    return refuse
