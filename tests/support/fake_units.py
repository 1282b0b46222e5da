"""Charge points of few words that dial in over a socket: honest, silent, lying, losing the link."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Payload = dict[str, Any]
KEYS = {  # key: value, read-only
    "NumberOfConnectors": ("1", True),
    "HeartbeatInterval": ("900", False),
    "MeterValueSampleInterval": ("60", False),
    "LocalPreAuthorize": ("false", False),
    "com_Endpoint": ("ws://elsewhere/x", False),
}


def _is_fixed(key: str) -> bool:
    return key in KEYS and KEYS[key][1]


FEW = {name: KEYS[name][0] for name in ("NumberOfConnectors", "HeartbeatInterval")}


class Drop(Exception):
    """Hang up instead of answering, and dial in again."""


class Refuse(Exception):
    """Answer with a CALLERROR of this code."""


@dataclass
class Honest:
    """Keeps keys and profiles, and tells a composite of them."""

    keys: dict[str, str] = field(default_factory=lambda: {name: value for name, (value, _) in KEYS.items()})
    profiles: dict[int, Payload] = field(default_factory=dict)
    heard: list[tuple[str, Payload]] = field(default_factory=list)

    def answer(self, action: str, payload: Payload) -> Payload | None:
        """The confirmation; None is silence."""
        self.heard.append((action, payload))
        handler = getattr(self, f"on_{action}", None)
        if handler is None:
            raise Refuse("NotImplemented")
        result: Payload = handler(payload)
        return result

    def reply(self, id_: str, answer: Any) -> str:
        """The frame of a confirmation."""
        return json.dumps([3, id_, answer])

    def unasked(self) -> list[str]:
        """What it says before it answers."""
        return []

    def on_GetConfiguration(self, payload: Payload) -> Payload:
        asked = payload.get("key") or list(self.keys)
        known = [name for name in asked if name in self.keys]
        entries = [{"key": name, "readonly": _is_fixed(name), "value": self.keys[name]} for name in known]
        return {"configurationKey": entries, "unknownKey": [name for name in asked if name not in self.keys]}

    def on_ChangeConfiguration(self, payload: Payload) -> Payload:
        key, value = payload["key"], payload["value"]
        if key not in self.keys:
            return {"status": "NotSupported"}
        if _is_fixed(key) or (KEYS.get(key, ("", False))[0].isdigit() and not value.isdigit()):
            return {"status": "Rejected"}
        self.keys[key] = value
        return {"status": "Accepted"}

    def on_SetChargingProfile(self, payload: Payload) -> Payload:
        profile = payload["csChargingProfiles"]
        if profile["stackLevel"] > 40 or not profile["chargingSchedule"]["chargingSchedulePeriod"]:
            return {"status": "Rejected"}
        self.profiles[profile["chargingProfileId"]] = profile
        return {"status": "Accepted"}

    def on_ClearChargingProfile(self, payload: Payload) -> Payload:
        return {"status": "Accepted" if self.profiles.pop(payload["id"], None) else "Unknown"}

    def on_GetCompositeSchedule(self, payload: Payload) -> Payload:
        limits = [
            one["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] for one in self.profiles.values()
        ]
        schedule = {
            "duration": payload["duration"],
            "chargingRateUnit": payload.get("chargingRateUnit", "A"),
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": min([16.0, *limits])}],
        }
        about = {"status": "Accepted", "connectorId": payload["connectorId"]}
        return {**about, "scheduleStart": "2026-03-02T10:00:00Z", "chargingSchedule": schedule}


class Silent(Honest):
    """Boots, and answers nothing."""

    def answer(self, action: str, payload: Payload) -> Payload | None:
        self.heard.append((action, payload))
        return None


class Liar(Honest):
    """Accepts whatever is asked, and does nothing."""

    def on_ChangeConfiguration(self, payload: Payload) -> Payload:
        return {"status": "Accepted"}

    def on_SetChargingProfile(self, payload: Payload) -> Payload:
        return {"status": "Accepted"}

    def on_ClearChargingProfile(self, payload: Payload) -> Payload:
        return {"status": "Accepted"}


@dataclass
class Dropping(Honest):
    """Loses the link at every third CALL, half of the time after it did what was asked."""

    keys: dict[str, str] = field(default_factory=lambda: dict(FEW))
    count = 0

    def answer(self, action: str, payload: Payload) -> Payload | None:
        self.count += 1
        if self.count % 3 == 0:
            if self.count % 2:
                super().answer(action, payload)
            raise Drop
        return super().answer(action, payload)


@contextmanager
def dialling(unit: Honest) -> Iterator[Callable[[str], None]]:
    """A function to be told what the back office tells: the unit dials in when it hears the address."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def tell(text: str) -> None:
        if "charge points may dial " in text:
            url = text.partition("charge points may dial ")[2].replace("<identity>", "FAKE1")
            threads.append(threading.Thread(target=_live, args=(unit, url, over), daemon=True))
            threads[-1].start()

    try:
        yield tell
    finally:
        over.set()
        for thread in threads:
            thread.join(10.0)


def _live(unit: Honest, url: str, over: threading.Event) -> None:
    while not over.is_set():
        try:
            with connect(url, subprotocols=["ocpp1.6"], close_timeout=1.0) as socket:  # type: ignore[list-item]
                boot = {"chargePointVendor": "Fake", "chargePointModel": "Unit"}
                socket.send(json.dumps([2, "boot", "BootNotification", boot]))
                while not over.is_set():
                    _take(unit, socket, over)
        except (Drop, ConnectionClosed, OSError):
            over.wait(0.01)


def _take(unit: Honest, socket: Any, over: threading.Event) -> None:
    try:
        frame = json.loads(socket.recv(timeout=0.1))
    except TimeoutError:
        return
    except ValueError:
        return
    if frame[0] != 2:
        return
    for text in unit.unasked():
        socket.send(text)
    try:
        answer = unit.answer(frame[2], frame[3])
    except Refuse as refusal:
        socket.send(json.dumps([4, frame[1], str(refusal), "", {}]))
        return
    except (LookupError, TypeError, ValueError):  # what was asked is no proper CALL
        socket.send(json.dumps([4, frame[1], "FormationViolation", "", {}]))
        return
    if answer is not None:
        socket.send(unit.reply(frame[1], answer))
