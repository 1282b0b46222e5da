"""Keeps credentials out of a recording: an AuthorizationKey, and the password of a URL, are written in zeros.

As many zeros as there were characters, so that a replay takes a frame alike.
"""

import re
from typing import Any

import orjson

SECRET = "authorizationkey"  # OCPP-J 6.2.2; keys are matched without regard to case
PASSWORD = re.compile(r"(?<=://)([^/?#\s:@]*:)([^/?#\s]*)(?=@)")  # RFC 3986 3.2.1


def redacted(text: str) -> str:
    """A frame to the charge point; nearly all are replies, and no reply of a back office carries a secret."""
    return text if text.startswith("[3,") else _clean(text)


def reported(text: str) -> str:
    """A frame from a charge point that is not ours: it may give its key away with its configuration."""
    return _clean(text) if SECRET in text.lower() or "://" in text else text


def _clean(text: str) -> str:
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return re.sub(r"\w", "0", text) if SECRET in text.lower() else PASSWORD.sub(_hidden, text)
    payload = frame[-1] if isinstance(frame, list) and frame else None
    if not isinstance(payload, dict):
        return text
    rows = payload.get("configurationKey")
    changed = [_hide(item) for item in (payload, *(rows if isinstance(rows, list) else ()))]
    return orjson.dumps(frame).decode() if any(changed) else text


def _hide(item: Any) -> bool:
    """Put zeros where a secret stands in a configuration key or a location; True where one did."""
    before = dict(item) if isinstance(item, dict) else {}
    if str(before.get("key")).lower() == SECRET and "value" in before:
        item["value"] = "0" * len(str(before["value"]))
    if isinstance(location := before.get("location"), str):
        item["location"] = PASSWORD.sub(_hidden, location)
    return bool(before) and before != item


def _hidden(match: re.Match[str]) -> str:
    return match[1] + "0" * len(match[2])
