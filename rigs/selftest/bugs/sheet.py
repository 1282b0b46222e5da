"""Bugs in what the sheet promises: keys, messages, triggers."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch, answers, around, constant, nothing, says

Payload = dict[str, Any]


def _status(change: dict[str, str]) -> Any:
    def wrong(original: Any, station: Any, payload: Payload) -> Payload:
        answer: Payload = original(station, payload)
        return answer | {"status": change.get(answer["status"], answer["status"])}

    return wrong


def _forgets(_: Any, station: Any, payload: Payload) -> Payload:
    return {"status": "Accepted"}


def _no_unknown(original: Any, station: Any, payload: Payload) -> Payload:
    answer: Payload = original(station, payload)
    return {"configurationKey": answer["configurationKey"]}


def _swapped(original: Any, reversed_codes: bool) -> Any:
    return original(not reversed_codes)


def _takes_everything(original: Any, key: Any, text: str, *more: Any) -> str:
    try:
        value: str = original(key, text, *more)
        return value
    except ValueError:
        return text


def _with_meter(payload: Payload) -> Payload:
    return payload | {"meterType": "EASTR_SDM72D"}


BUGS: tuple[Bug, ...] = (
    Bug(
        "unknown-key-rejected",
        "an unknown key is Rejected instead of NotSupported",
        "configuration.known",
        "5.3, sheet tables 13 to 23",
        "remote",
        (answers("ChangeConfiguration", _status({"NotSupported": "Rejected"})),),
    ),
    Bug(
        "read-only-accepted",
        "a read-only key is Accepted",
        "configuration.read-only",
        "5.3, sheet table 13",
        "remote",
        (answers("ChangeConfiguration", _status({"Rejected": "Accepted"})),),
    ),
    Bug(
        "change-forgotten",
        "a change is Accepted and not kept",
        "configuration.kept",
        "5.3",
        "keys",
        (answers("ChangeConfiguration", _forgets),),
    ),
    Bug(
        "unknown-keys-untold",
        "GetConfiguration leaves unknown keys out of its answer",
        "configuration.told",
        "5.8",
        "remote",
        (answers("GetConfiguration", _no_unknown),),
    ),
    Bug(
        "unsupported-reversed",
        "a known message that is not supported is answered NotImplemented",
        "sheet.message",
        "J 4.2.3, sheet tables 1 and 8",
        "unsupported",
        (Patch("evc5.twin.charge_point:refusal", around(_swapped)),),
    ),
    Bug(
        "trigger-unsupported-accepted",
        "a trigger that the sheet does not have is Accepted",
        "sheet.trigger",
        "sheet table 11",
        "remote",
        (answers("TriggerMessage", _status({"NotImplemented": "Accepted"})),),
    ),
    Bug(
        "trigger-not-followed",
        "a trigger is Accepted and its message not sent",
        "trigger.followed",
        "5.17",
        "remote",
        (Patch("evc5.twin.charge_point:ChargePoint.trigger", constant(nothing)),),
    ),
    Bug(
        "boot-fields",
        "BootNotification tells a meter type",
        "sheet.fields",
        "sheet 3.1.1",
        "charge",
        (says("BootNotification", _with_meter),),
    ),
)
