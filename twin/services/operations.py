"""What the charge point does when the CSMS asks: one small function an action. Source: OCPP 1.6 section 5."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from evc5.models.timeline import Action
from evc5.models.world import World
from evc5.twin.charging.smart_charging import SmartCharging
from evc5.twin.connector.controller import Controller
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload, Refusal
from evc5.twin.ocpp.memory import Memory
from evc5.twin.ocpp.schemas import validator
from evc5.twin.services.availability import Availability
from evc5.twin.services.diagnostics import Diagnostics
from evc5.twin.services.firmware import Firmware
from evc5.twin.services.restart import Restart
from evc5.twin.sessions.authorisation import Authorisation
from evc5.twin.sessions.session import Session
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration, TooManyKeys


class Station(Protocol):
    """What the operations need of the charge point that they are asked of."""

    behaviour: Behaviour
    configuration: Configuration
    memory: Memory
    world: World
    controller: Controller
    agent: Agent
    restart: Restart
    sessions: dict[int, Session]
    authorisation: Authorisation
    availability: Availability
    diagnostics: Diagnostics
    firmware: Firmware
    smart_charging: SmartCharging

    def is_empty(self, connector: int) -> bool: ...
    def soon(self, action: Action) -> None: ...
    def reset(self, kind: str) -> None: ...
    def trigger(self, message: str, connector: int | None) -> None: ...


Operation = Callable[[Station, Payload], Payload]
OF_A_CONNECTOR = ("MeterValues", "StatusNotification")  # the messages whose trigger may name one, 6.51


def change_configuration(station: Station, payload: Payload) -> Payload:
    change = station.configuration.change(payload["key"], payload["value"])
    if station.memory.lasting and change.new != change.old:
        station.memory.keep("configuration", station.configuration.dump())
    return {"status": change.status}


def get_configuration(station: Station, payload: Payload) -> Payload:
    try:
        known, unknown = station.configuration.get(payload.get("key") or [])
    except TooManyKeys as error:
        raise Refusal("OccurenceConstraintViolation", str(error)) from None
    answer: Payload = {"configurationKey": known}
    if unknown:
        answer["unknownKey"] = unknown
    return answer


def remote_start(station: Station, payload: Payload) -> Payload:
    """Accepted means "will try" (5.11); without a connectorId a free connector with a car takes it first."""
    profile = payload.get("chargingProfile")
    wanted = payload.get("connectorId")
    connectors = [wanted] if wanted is not None else sorted(station.sessions, key=station.is_empty)
    free = [n for n in connectors if n in station.sessions and station.sessions[n].is_free]
    if not free or station.agent.registration != "Accepted" or station.restart.going_down:
        return {"status": "Rejected"}
    if profile is not None and not _takes_profile(station, free[0], profile):
        return {"status": "Rejected"}
    session = station.sessions[free[0]]
    station.soon(partial(session.remote_start, payload["idTag"], profile))
    return {"status": "Accepted"}


def _takes_profile(station: Station, connector: int, profile: Payload) -> bool:
    """By policy `remote_start_profile`: rejected as such, ignored, or taken where it is one (5.11)."""
    policy = station.behaviour.policy("remote_start_profile")
    if policy != "applied":
        return policy == "ignored"
    return station.smart_charging.takes_with_start(connector, profile)


def remote_stop(station: Station, payload: Payload) -> Payload:
    """Only for a transaction that runs (5.12), and not while the boot is pending (4.2)."""
    wanted = payload["transactionId"]
    allowed = station.agent.registration == "Accepted"
    for session in station.sessions.values():
        if allowed and session.transaction is not None and session.transaction.id == wanted:
            station.soon(partial(session.stop, "Remote"))
            return {"status": "Accepted"}
    return {"status": "Rejected"}


def change_availability(station: Station, payload: Payload) -> Payload:
    """At once where no transaction runs, Scheduled where one does; connector 0 means all (5.2)."""
    connector = payload["connectorId"]
    operative = payload["type"] == "Operative"
    if connector != 0 and connector not in station.sessions:
        return {"status": "Rejected"}
    return {"status": station.availability.change(connector, operative)}


def unlock_connector(station: Station, payload: Payload) -> Payload:
    """A running transaction is stopped first (5.18); UnlockFailed is for a lock that does not move."""
    connector = payload["connectorId"]
    if connector not in station.sessions or not station.controller.channel(connector).has_lock:
        return {"status": "NotSupported"}  # errata 3.87
    station.soon(station.sessions[connector].unlock)
    moves = station.world.outlet(connector).lock_moves
    return {"status": "Unlocked" if moves else "UnlockFailed"}


def reset(station: Station, payload: Payload) -> Payload:
    station.soon(partial(station.reset, payload["type"]))
    return {"status": "Accepted"}


def get_diagnostics(station: Station, payload: Payload) -> Payload:
    return station.diagnostics.request(payload)


def update_firmware(station: Station, payload: Payload) -> Payload:
    return station.firmware.request(payload)


def clear_cache(station: Station, payload: Payload) -> Payload:
    return {"status": "Accepted" if station.authorisation.clear_cache() else "Rejected"}


def send_local_list(station: Station, payload: Payload) -> Payload:
    return {"status": station.authorisation.send_list(payload)}


def get_local_list_version(station: Station, payload: Payload) -> Payload:
    return {"listVersion": station.authorisation.list_version()}


def data_transfer(station: Station, payload: Payload) -> Payload:
    return {"status": "UnknownVendorId"}


def set_charging_profile(station: Station, payload: Payload) -> Payload:
    return {"status": station.smart_charging.install(payload["connectorId"], payload["csChargingProfiles"])}


def clear_charging_profile(station: Station, payload: Payload) -> Payload:
    return {"status": "Accepted" if station.smart_charging.clear(payload) else "Unknown"}


def get_composite_schedule(station: Station, payload: Payload) -> Payload:
    return station.smart_charging.composite(
        payload["connectorId"], payload["duration"], payload.get("chargingRateUnit")
    )


def trigger_message(station: Station, payload: Payload) -> Payload:
    """The reply first, the message after it; a connectorId that means nothing to it is ignored (5.17)."""
    message = payload["requestedMessage"]
    connector = payload.get("connectorId")
    if message not in station.behaviour.triggers:
        return {"status": "NotImplemented"}
    known = connector is None or 0 <= connector <= len(station.sessions)
    if message in OF_A_CONNECTOR and not known:
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
    "GetDiagnostics": get_diagnostics,
    "GetLocalListVersion": get_local_list_version,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": set_charging_profile,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
    "UpdateFirmware": update_firmware,
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
