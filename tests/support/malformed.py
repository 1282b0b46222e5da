"""Frames that no charge point should get, made from good ones; and good ones that make no sense."""

import json
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import lru_cache
from importlib.resources import files
from typing import Any

ACTIONS = (
    *("ChangeAvailability", "ChangeConfiguration", "ClearCache", "ClearChargingProfile", "DataTransfer"),
    *("GetCompositeSchedule", "GetConfiguration", "GetDiagnostics", "GetLocalListVersion"),
    *("RemoteStartTransaction", "RemoteStopTransaction", "SendLocalList", "SetChargingProfile"),
    *("TriggerMessage", "UnlockConnector", "UpdateFirmware", "ReserveNow", "CancelReservation"),
)
OF_STATIONS = (
    *("BootNotification", "Authorize", "StartTransaction", "StopTransaction", "MeterValues", "Heartbeat"),
    *("StatusNotification", "DataTransfer", "FirmwareStatusNotification", "DiagnosticsStatusNotification"),
)
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 2**31, -(2**63), 2**64, 10**400, 1e308, -0.0, 0.1, 8.05),
    *("", " ", "x", "-1", "null", "\x00", "é", "💥", "A" * 21, "B" * 501, "2024-13-99T99:99:99Z", "🔌" * 300),
    *([], {}, [[]], [{}], {"": ""}, {"__proto__": 1}, [None] * 50),
)


def ways(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each place in a value of JSON, the value itself first."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield from ways(one, (*way, step))


@lru_cache(100)
def schema(action: str) -> dict[str, Any]:
    text = (files("ocpp") / "v16" / "schemas" / f"{action}.json").read_text(encoding="utf-8-sig")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def valid(rng: random.Random, rule: dict[str, Any], name: str = "") -> Any:
    """Something that keeps to a schema, with values at and beyond what makes sense."""
    if "enum" in rule:
        return rng.choice(rule["enum"])
    kind = rule.get("type")
    if kind == "object":
        wanted = rule.get("required", [])
        properties = rule.get("properties", {}).items()
        return {key: valid(rng, one, key) for key, one in properties if key in wanted or rng.random() < 0.6}
    if kind == "array":
        return [valid(rng, rule["items"], name) for _ in range(rng.choice([1, 1, 2, 5, 61]))]
    if kind == "integer":
        return rng.choice([0, 1, 1, 1, 2, 3, -1, 60, 86_400, 2**31 - 1, -(2**31), 2**53, 10**18])
    if kind == "number":
        return rng.choice([0.0, 6.0, 16.0, 0.1, 1e6, -5.0])
    if kind == "boolean":
        return rng.random() < 0.5
    return text(rng, rule, name)


DATES = (
    *("2024-01-01T00:00:00Z", "2024-06-01T12:00:00.5+02:00", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("yesterday", "", "2024-01-01", "0001-01-01T00:00:00+14:00"),
)
TEXTS = (
    *("ClockAlignedDataInterval", "MeterValuesSampledData", "chg_RatedCurrent", "HeartbeatInterval", "no"),
    *("TAG1", "", "0", "60", "true", "Voltage,SoC", "16,16", "http://files.example/x", "?", "\n"),
)
DATED = ("date", "time", "schedule", "from", "to")  # how the names of such fields end


def text(rng: random.Random, rule: dict[str, Any], name: str) -> str:
    dated = rule.get("format") == "date-time" or name.lower().endswith(DATED)
    return rng.choice(DATES if dated else TEXTS)[: rule.get("maxLength", 999)]


def good(rng: random.Random, number: int, actions: Sequence[str] = ACTIONS) -> list[Any]:
    action = rng.choice(actions)
    return [2, f"f{number}", action, valid(rng, schema(action))]


def _strange_payload(rng: random.Random, frame: list[Any]) -> str:
    payload = frame[3]
    for _ in range(rng.randint(1, 3)):
        place = payload
        while isinstance(place, dict) and place and rng.random() < 0.7:
            key = rng.choice(list(place))
            if not isinstance(place[key], dict) or rng.random() < 0.5:
                place[key] = deepcopy(rng.choice(STRANGE))
                break
            place = place[key]
        else:
            if isinstance(place, dict):
                place[rng.choice(["extra", "idTag", ""])] = deepcopy(rng.choice(STRANGE))
    return json.dumps([*frame[:3], payload])


def _strange_element(rng: random.Random, frame: list[Any]) -> str:
    frame[rng.randrange(4)] = rng.choice(STRANGE)
    return json.dumps(frame)


def _wrong_length(rng: random.Random, frame: list[Any]) -> str:
    if rng.random() < 0.5:
        return json.dumps(frame[: rng.randint(0, 3)])
    return json.dumps(frame + [rng.choice(STRANGE)] * rng.randint(1, 3))


def _cut(rng: random.Random, frame: list[Any]) -> str:
    whole = json.dumps(frame)
    return whole[: rng.randrange(len(whole))]


def _garbled(rng: random.Random, frame: list[Any]) -> str:
    characters = list(json.dumps(frame))
    for _ in range(rng.randint(1, 5)):
        characters[rng.randrange(len(characters))] = rng.choice('[]{}",:0\\u\x00\ud800 é')
    return "".join(characters)


def _doubled(rng: random.Random, frame: list[Any]) -> str:
    return json.dumps(frame) * 2


IDS = ("1", "2", "999999", "", "x" * 40, "c1")
TAILS: tuple[tuple[Any, ...], ...] = (
    *((3, {}), (3, None), (3,), (3, [], {}), (4, "InternalError", "", {}), (4,), (4, None, None, None)),
    *((4, "NoSuchCode", 5, "x"), (5, {}), (1,), ("2", "Reset", {})),
)


def _foreign_reply(rng: random.Random, frame: list[Any]) -> str:
    kind, *rest = rng.choice(TAILS)
    return json.dumps([kind, rng.choice(IDS), *rest])


NO_FRAMES = (
    *("", " ", "null", "0", '"x"', "{}", "[]", "[[]]", "NaN", "Infinity", "[2]", "ping", "\ufeff[]"),
    *("[" * 3000, "{" * 500, '{"a":' * 900 + "1" + "}" * 900, "x" * 70_000),
    '[2,"big","Reset",{"type":"' + "y" * 70_000 + '"}]',
)


def _no_frame(rng: random.Random, frame: list[Any]) -> str:
    return rng.choice(NO_FRAMES)


def _not_utf8(rng: random.Random, frame: list[Any]) -> str:
    """As it comes from a socket whose bytes are no UTF-8: with surrogates in place of them."""
    return json.dumps(frame).replace('"', '"\udcff', 1)


def _as_it_is(rng: random.Random, frame: list[Any]) -> str:
    return json.dumps(frame)


KINDS = (
    *(_strange_payload, _strange_payload, _strange_element, _wrong_length, _cut, _garbled, _doubled),
    *(_foreign_reply, _no_frame, _not_utf8, _as_it_is),
)


def malformed(seed: int, number: int, actions: Sequence[str] = ACTIONS) -> list[str]:
    """So many texts, the same for the same seed; some are good frames with values that make no sense."""
    rng = random.Random(seed)
    return [rng.choice(KINDS)(rng, good(rng, n, actions)) for n in range(number)]


def sendable(text: str) -> str | bytes:
    """As a text message, or in bytes where it is no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text
