"""Charge points that break the protocol: none of them may break a probe."""

import json
import time
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any

from fake_units import FEW, KEYS, Drop, Honest, Payload, Refuse

SLOW_S = 0.05
JUNK: tuple[Any, ...] = (
    None,
    7,
    "text",
    [],
    ["x"],
    {"status": 7},
    {"status": ["Accepted"]},
    {"status": None},
)
ODD_VALUES: list[Any] = [
    7, {"sampledValue": "x"}, {"timestamp": 5, "sampledValue": [3, {"phase": 1, "unit": [], "value": {}}]},
]  # fmt: skip


class Refusing(Honest):
    """Answers CALLERROR to everything."""

    def answer(self, action: str, payload: Payload) -> Payload | None:
        self.heard.append((action, payload))
        raise Refuse("InternalError")


@dataclass
class Slow(Honest):
    """Answers just before it is too late."""

    keys: dict[str, str] = field(default_factory=lambda: dict(FEW))

    def answer(self, action: str, payload: Payload) -> Payload | None:
        time.sleep(SLOW_S)
        return super().answer(action, payload)


class WrongIds(Honest):
    """Answers what nobody asked."""

    def reply(self, id_: str, answer: Any) -> str:
        return json.dumps([3, f"not-{id_}", answer])


@dataclass
class Rebooting(Honest):
    """Takes a value, and reboots."""

    keys: dict[str, str] = field(default_factory=lambda: dict(FEW))

    def on_ChangeConfiguration(self, payload: Payload) -> Payload:
        super().on_ChangeConfiguration(payload)
        raise Drop


@dataclass
class WrongTypes(Honest):
    """Says what it does, but with values that are of no type that the standard has."""

    junk: Any = field(default_factory=lambda: cycle(JUNK))

    def answer(self, action: str, payload: Payload) -> Payload | None:
        told = super().answer(action, payload)
        return told if action in ("GetConfiguration", "GetCompositeSchedule") else next(self.junk)


class WrongEntries(Honest):
    """Lists of keys that are none, values that are numbers."""

    def on_GetConfiguration(self, payload: Payload) -> Payload:
        told = super().on_GetConfiguration(payload)
        entries = [{**one, "value": int(one["value"])} if one["value"].isdigit() else one
                   for one in told["configurationKey"]]  # fmt: skip
        return {"configurationKey": [*entries, 7, None, {"key": 3}, {"key": "Odd", "value": {"a": 1}}],
                "unknownKey": 9}  # fmt: skip


class WrongSchedules(Honest):
    """Composites that are none."""

    odd = count()

    def on_GetCompositeSchedule(self, payload: Payload) -> Payload:
        told = super().on_GetCompositeSchedule(payload)
        schedule = told["chargingSchedule"]
        forms: list[Payload] = [
            {**told, "chargingSchedule": {**schedule, "chargingSchedulePeriod": "none"}},
            {**told, "chargingSchedule": {**schedule, "chargingSchedulePeriod": [{"limit": "ten"}, 7]}},
            {**told, "scheduleStart": 12, "chargingSchedule": schedule},
            {**told, "chargingSchedule": 5},
            {"status": "Accepted"},
        ]
        return forms[next(self.odd) % len(forms)]


class Talking(Honest):
    """Sends CALLs of its own all the time, also between a question and its answer; takes every trigger."""

    def on_TriggerMessage(self, _: Payload) -> Payload:
        return {"status": "Accepted"}

    ids = count()

    def unasked(self) -> list[str]:
        number = next(self.ids)
        calls: list[Any] = [
            [2, f"own-{number}", "Heartbeat", {}],
            [2, f"odd-{number}", "StatusNotification", {"connectorId": "x", "status": 4}],
            [2, f"mv-{number}", "MeterValues", {"connectorId": 1, "meterValue": "none"}],
            [
                2,
                f"vals-{number}",
                "MeterValues",
                {"connectorId": 1, "meterValue": [7, {"sampledValue": "x"}]},
            ],
            [2, f"boot-{number}", "BootNotification", ["no", "object"]],
            [2, f"vendor-{number}", "DataTransfer", {"vendorId": "x"}],
            [2, {"id": number}, 5, None],
        ]
        return [json.dumps(call) for call in calls]


class Customer(Honest):
    """Somebody plugs a car in, and charges, as soon as a key holds another value."""

    before: int | None = None  # how much was heard by then

    def unasked(self) -> list[str]:
        if self.before is not None or all(self.keys[name] == value for name, (value, _) in KEYS.items()):
            return []
        self.before = len(self.heard)
        start = {"connectorId": 1, "idTag": "OWNER", "meterStart": 5, "timestamp": "2026-03-02T10:00:00Z"}
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        calls = [[2, "s1", "StartTransaction", start], [2, "s2", "StatusNotification", status]]
        return [json.dumps(call) for call in calls]


HOSTILE: tuple[type[Honest], ...] = (
    Refusing, Slow, WrongIds, Rebooting, WrongTypes, WrongEntries, WrongSchedules, Talking,
)  # fmt: skip
