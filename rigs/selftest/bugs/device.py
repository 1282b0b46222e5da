"""Bugs in what the sheet promises: configuration keys, messages, fields."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import accepts, answers, around, constant, nothing, says, status_for

CONFIGURATION = "evc5.twin.sheet.configuration:Configuration"
Payload = dict[str, Any]


def _own_interval(original: Any, agent: Any, reply: Any) -> None:
    payload = reply.payload and {**reply.payload, "interval": 1800}
    original(agent, reply._replace(payload=payload))


def _wipes(original: Any, configuration: Any) -> None:
    original(configuration)
    configuration._set.clear()


def _no_unknown(original: Any, station: Any, payload: Payload) -> Payload:
    answer: Payload = original(station, payload)
    return {"configurationKey": answer["configurationKey"]}


def _codes_swapped(original: Any, reversed_codes: bool) -> Any:
    return original(not reversed_codes)


def _reserved(payload: Payload) -> Payload:
    return payload | ({"status": "Reserved"} if payload["status"] == "Finishing" else {})


def _unsupported_code(payload: Payload) -> Payload:
    faulted = payload["status"] == "Faulted"
    return payload | {"errorCode": "HighTemperature"} if faulted else payload


def _with_meter(payload: Payload) -> Payload:
    return payload | {"meterType": "EASTR_SDM72D"}


def _other_number(original: Any, configuration: Any, name: str) -> Payload:
    entry: Payload = original(configuration, name)
    return entry | ({"value": "40"} if name == "GetConfigurationMaxKeys" else {})


def _all_writable(original: Any, configuration: Any, name: str) -> Payload:
    entry: Payload = original(configuration, name)
    return entry | {"readonly": False}


def _takes_nonsense(original: Any, row: Any, text: str, *more: Any) -> str:
    try:
        value: str = original(row, text, *more)
    except ValueError:
        return "0" if row.type == "Int" else original(row, row.default or "", *more)
    return value


def _never_raised(original: Any, key: Any, text: str) -> str:
    told: str = original(key._replace(raised_to=0), text)
    return told


BUGS: tuple[Bug, ...] = (
    Bug(
        "unknown-key-rejected",
        "an unknown key is Rejected instead of NotSupported",
        check="configuration.known",
        clause="5.3, sheet tables 13 to 23",
        rig="remote",
        patches=(answers("ChangeConfiguration", status_for({"NotSupported": "Rejected"})),),
    ),
    Bug(
        "read-only-accepted",
        "a read-only key is Accepted",
        check="configuration.read-only",
        clause="5.3, sheet table 13",
        rig="remote",
        patches=(answers("ChangeConfiguration", status_for({"Rejected": "Accepted"})),),
    ),
    Bug(
        "heartbeat-interval-own",
        "the interval of BootNotification.conf is not taken over",
        check="configuration.kept",
        clause="4.2, sheet table 13",
        rig="idle",
        patches=(Patch("evc5.twin.ocpp.agent:Agent._booted", around(_own_interval)),),
    ),
    Bug(
        "change-forgotten",
        "a change is Accepted and not kept",
        check="configuration.kept",
        clause="5.3",
        rig="keys",
        patches=(answers("ChangeConfiguration", accepts),),
    ),
    Bug(
        "keys-lost-at-boot",
        "what was configured is gone after a boot",
        check="configuration.kept",
        clause="5.3, 9",
        rig="values",
        patches=(Patch(f"{CONFIGURATION}.boot", around(_wipes)),),
    ),
    Bug(
        "unknown-keys-untold",
        "GetConfiguration leaves unknown keys out of its answer",
        check="configuration.told",
        clause="5.8",
        rig="remote",
        patches=(answers("GetConfiguration", _no_unknown),),
    ),
    Bug(
        "unsupported-reversed",
        "a known message that is not supported is answered NotImplemented",
        check="sheet.message",
        clause="J 4.2.3, sheet tables 1 and 8",
        rig="unsupported",
        patches=(Patch("evc5.twin.charge_point:refusal", around(_codes_swapped)),),
    ),
    Bug(
        "trigger-unsupported-accepted",
        "a trigger that the sheet does not have is Accepted",
        check="sheet.trigger",
        clause="sheet table 11",
        rig="remote",
        patches=(answers("TriggerMessage", status_for({"NotImplemented": "Accepted"})),),
    ),
    Bug(
        "reserved-without-profile",
        "Reserved is told, which the sheet does not have",
        check="sheet.status",
        clause="sheet table 4",
        rig="charge",
        patches=(says("StatusNotification", _reserved),),
    ),
    Bug(
        "error-code-unsupported",
        "a fault is told by a code that the sheet has as not supported",
        check="sheet.error-code",
        clause="sheet table 5",
        rig="faults",
        patches=(says("StatusNotification", _unsupported_code),),
    ),
    Bug(
        "boot-fields",
        "BootNotification tells a meter type",
        check="sheet.fields",
        clause="sheet 3.1.1",
        rig="charge",
        patches=(says("BootNotification", _with_meter),),
    ),
    Bug(
        "max-keys-forty",
        "GetConfigurationMaxKeys is told as 40",
        check="sheet.value",
        clause="sheet table 13",
        rig="keys",
        patches=(Patch(f"{CONFIGURATION}._wire", around(_other_number)),),
    ),
    Bug(
        "rig-keys-ignored",
        "the station does not have the keys that its rig sets",
        check="configuration.as-rigged",
        clause="rig file: station.keys",
        rig="charge",
        patches=(Patch(f"{CONFIGURATION}._override", constant(nothing)),),
    ),
    Bug(
        "everything-writable",
        "keys that are read only are told to be writable",
        check="configuration.access",
        clause="5.8, sheet tables 13 to 16",
        rig="values",
        patches=(Patch(f"{CONFIGURATION}._wire", around(_all_writable)),),
    ),
    Bug(
        "key-takes-anything",
        "a key takes a value that is none of its type",
        check="configuration.value",
        clause="5.3, 7.22",
        rig="values",
        patches=(Patch("evc5.twin.sheet.configuration:normal", around(_takes_nonsense)),),
    ),
    Bug(
        "light-not-raised",
        "a LightIntensity below 50 % is kept as it was sent",
        check="configuration.kept",
        clause="sheet table 13",
        rig="keys",
        patches=(Patch("evc5.twin.sheet.keys:_int", around(_never_raised)),),
    ),
)
