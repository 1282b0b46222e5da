"""Keeps credentials out of a recording: an AuthorizationKey that a CSMS sets is written down in zeros."""

import re
from typing import Any

import orjson

SECRET = "authorizationkey"  # OCPP-J 6.2.2; keys are matched without regard to case


def redacted(text: str) -> str:
    """A frame to the charge point without the secret: as many zeros, so that a replay takes it alike."""
    if text.startswith("[3,"):  # nearly all are replies, and no reply carries one
        return text
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return re.sub(r"\w", "0", text) if SECRET in text.lower() else text
    payload = _payload(frame)
    if str(payload.get("key")).lower() != SECRET:
        return text
    payload["value"] = "0" * len(str(payload.get("value")))
    return orjson.dumps(frame).decode()


def _payload(frame: Any) -> dict[str, Any]:
    """The payload of a CALL, empty where there is none."""
    payload = frame[3] if isinstance(frame, list) and len(frame) > 3 else None
    return payload if isinstance(payload, dict) else {}
