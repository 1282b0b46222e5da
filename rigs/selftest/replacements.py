"""What a seeded bug puts in the place of what was there."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from evc5.rigs.selftest.bug import Patch, Replace

Payload = dict[str, Any]


def constant(value: Any) -> Replace:
    """Another value instead."""
    return lambda _: value


def nothing(*_: Any, **__: Any) -> None:
    """What a forgotten call does."""


def always(*_: Any, **__: Any) -> bool:
    """A question that is not asked, and taken for yes."""
    return True


def never(*_: Any, **__: Any) -> bool:
    """A question that is not asked, and taken for no."""
    return False


def accepts(*_: Any, **__: Any) -> Payload:
    """What is asked for is promised, and nothing done about it."""
    return {"status": "Accepted"}


def around(wrong: Callable[..., Any]) -> Replace:
    """`wrong(original, …)` in the place of `original(…)`."""

    def replace(original: Any) -> Any:
        return lambda *args, **kwargs: wrong(original, *args, **kwargs)

    return replace


def says(action: str, change: Callable[[Payload], Payload]) -> Patch:
    """The station's CALLs of one action tell something else."""

    def wrong(original: Any, rpc: Any, name: str, payload: Payload, *rest: Any) -> None:
        original(rpc, name, change(deepcopy(payload)) if name == action else payload, *rest)

    return Patch("evc5.twin.ocpp.rpc:Rpc.call", around(wrong))


def says_status(connectors: tuple[int, ...], **told: str) -> Patch:
    """The StatusNotifications of some connectors tell other fields."""

    def change(payload: Payload) -> Payload:
        return payload | told if payload["connectorId"] in connectors else payload

    return says("StatusNotification", change)


def says_values(measurand: str, change: Callable[[Payload], Payload]) -> Patch:
    """The sampled values of one measurand are told otherwise."""

    def changed(payload: Payload) -> Payload:
        for value in payload["meterValue"]:
            sampled = value["sampledValue"]
            value["sampledValue"] = [change(v) if v["measurand"] == measurand else v for v in sampled]
        return payload

    return says("MeterValues", changed)


def scaled(factor: float) -> Callable[[Payload], Payload]:
    """A sampled value times `factor`."""
    return lambda value: {**value, "value": f"{float(value['value']) * factor:.2f}"}


def answers(action: str, wrong: Callable[..., Any]) -> Patch:
    """The CSMS's requests of one action are answered by `wrong(operation, station, payload)`."""
    return Patch(f"evc5.twin.services.operations:OPERATIONS[{action}]", around(wrong))


def status_told(status: str) -> Callable[..., Payload]:
    """What is asked for is done, and one status answered whatever came of it."""
    return lambda original, *args: original(*args) | {"status": status}


def status_for(others: dict[str, str]) -> Callable[..., Payload]:
    """What is asked for is done, and another status answered in the place of some."""

    def wrong(original: Any, station: Any, payload: Payload) -> Payload:
        answer: Payload = original(station, payload)
        return answer | {"status": others.get(answer["status"], answer["status"])}

    return wrong


UNCHECKED = Patch("evc5.twin.ocpp.rpc:Rpc._check", constant(nothing))
"""A careless device sends what no schema allows."""
