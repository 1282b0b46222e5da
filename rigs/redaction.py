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
    clean = _without_secrets(frame)
    return text if clean == frame else orjson.dumps(clean).decode()


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if isinstance(value, str):
        return PASSWORD.sub(_hidden, value)
    if not isinstance(value, dict):
        return value
    clean = {name: _without_secrets(item) for name, item in value.items()}
    if str(clean.get("key")).lower() == SECRET and "value" in clean:
        clean["value"] = "0" * len(str(clean["value"]))
    return clean


def _hidden(match: re.Match[str]) -> str:
    return match[1] + "0" * len(match[2])
