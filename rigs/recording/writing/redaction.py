"""Keeps credentials out of a recording: by the key they stand under, in URLs, and wherever they come again.

They are written in as many zeros, so that a replay takes a frame alike.
"""

import json
import re
from base64 import b64encode
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from evc5.rigs.secrets import (
    APN,
    ENDPOINT,
    is_secret,
    is_word,
    passwords,
    speaks_of_one,
    without_passwords,
    zeros,
)

LEAST_KNOWN = 6  # characters: a shorter secret is hidden in its place only, else every number that is like it
MOST_KNOWN = 1000  # characters: a longer one is no password, and hidden in its place only
MOST_MET = 64  # secrets out of frames that are looked for again; far more than a station has
SUSPECT = {  # without any of these, in lower case, nothing is looked at: parts of each name and form
    "k": ("key", "psk", "token", "puk"),  # by a character that they have and many a frame has not:
    "w": ("pw",),  # one alone is found in a sixth of the time
    "_": ("gsm_",),
    "/": ("://", ":\\/"),
    " ": ("basic ", "bearer "),
    "": ("pass", "secret", "credential", "pin", "endpoint"),
}
KEY_NAMES = ("key", "name", "variable")  # members that name what the others are about
LISTS_OF_KEYS = ("key", "unknownkey")  # of names alone: GetConfiguration
DEEPEST_WALKED = 40  # levels that are walked through; deeper frames are treated as texts


class Redactor:
    """Knows the secrets of one run: those that it is told, and the newest of those that it meets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._given: set[str] = set()
        self._met: dict[str, set[str]] = {}  # with its forms, the oldest first
        self._sought: list[str] = []  # all forms, the longest first
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Hide this from now on, in every form in which it may come again."""
        if secret not in self._given and _can_be_sought(secret):
            self._given.add(secret)
            self._seek(_forms(secret))

    def _meet(self, secret: str) -> None:
        """The same for one that a frame brings; whoever sends ever new ones costs no more and more time."""
        if secret in self._given or secret in self._met or not _can_be_sought(secret):
            return
        self._met[secret] = _forms(secret)
        self._seek(self._met[secret])
        if len(self._met) > MOST_MET:
            for form in self._met.pop(next(iter(self._met))):
                self._sought.remove(form)

    def _seek(self, forms: Iterable[str]) -> None:
        for form in forms:
            insort(self._sought, form, key=lambda one: -len(one))

    @property
    def knows_any(self) -> bool:
        """Is there a secret to look for in every frame?"""
        return bool(self._sought)

    def own(self, text: str) -> str:
        """A frame of our own station: its CALLs say no more of itself than BootNotification does."""
        return self._known_hidden(text) if text.startswith("[2,") else self.frame(text)

    def to_own(self, text: str) -> str:
        """A frame to our own station: only what answers a DataTransfer may say anything."""
        plain = text.startswith("[3,") and '"data"' not in text
        return self._known_hidden(text) if plain else self.frame(text)

    def frame(self, text: str) -> str:
        """A frame as it may be recorded."""
        if not _is_suspect(text):
            return self._known_hidden(text)
        try:
            frame = orjson.loads(text)
            met: list[str] = []
            found = _Found(met.append)
            cleaned = found.clean(frame)
            for secret in met[-MOST_MET:]:
                self._meet(secret)
            text = orjson.dumps(cleaned).decode() if found.any else text
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, _TooDeep):
            text = self._broken(text)
        return self._known_hidden(text)

    def text(self, text: str) -> str:
        """Any words as they may be shown and recorded."""
        return self._known_hidden(without_passwords(text))

    def tree(self, value: Any) -> Any:
        """A value as JSON has them (an event's detail, a summary): every text in it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value

    def _broken(self, text: str) -> str:
        """No JSON: where it speaks of a secret, nobody can say where that ends."""
        if speaks_of_one(text):
            return re.sub(r"\w", "0", text)
        return without_passwords(text)

    def _known_hidden(self, text: str) -> str:
        for form in self._sought:
            if form in text:
                text = text.replace(form, zeros(form))
        return text


def _can_be_sought(secret: str) -> bool:
    return LEAST_KNOWN <= len(secret) <= MOST_KNOWN and bool(secret.strip("0")) and not is_word(secret)


def redacted(text: str) -> str:
    """One frame by itself, as it may be recorded."""
    return Redactor().frame(text)


def _is_suspect(text: str) -> bool:
    lower = text.lower()
    for sign, parts in SUSPECT.items():
        if sign in lower:
            for part in parts:
                if part in lower:
                    return True
    return False


def _forms(secret: str) -> set[str]:
    """How a secret may be written: as it is, in JSON, in a URL, in base64 (as Basic authentication has it),
    in the other case where it is hexadecimal.
    """
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], orjson.dumps(secret).decode()[1:-1]}
    forms |= set(_in_base64(secret))
    if re.fullmatch(r"[0-9A-Fa-f]+", secret):
        forms |= {secret.lower(), secret.upper()}
    return forms


def _in_base64(secret: str) -> Iterator[str]:
    """What of it stands in the base64 of any text that it is part of: by where in three bytes it begins."""
    for before in range(3):
        coded = b64encode(b"\0" * before + secret.encode()).decode()
        begin, end = -(-before * 8 // 6), (before + len(secret.encode())) * 8 // 6
        if end - begin >= LEAST_KNOWN:
            yield coded[begin:end]


class _TooDeep(Exception):
    """More levels than any frame of OCPP has."""


class _Found:
    """One walk through a value: what is to be hidden is, and is learned; `any`: was there something?"""

    def __init__(self, learn: Callable[[str], None]) -> None:
        self._learn = learn
        self.any = False

    def clean(self, value: Any, name: str = "", level: int = 0) -> Any:
        """The value that stands under `name`, cleaned."""
        if level > DEEPEST_WALKED:
            raise _TooDeep
        if isinstance(value, dict):
            return self._table(value, name, level + 1)
        if isinstance(value, list):
            return self._list(value, name, level + 1)
        if is_secret(name) and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        return self._text(value, name) if isinstance(value, str) else value

    def _table(self, table: dict[str, Any], name: str, level: int) -> dict[str, Any]:
        named = next((v for k, v in table.items() if k.lower() in KEY_NAMES and isinstance(v, str)), "")
        about = named.strip()
        if not (is_secret(about) or about.lower() in (APN, ENDPOINT)):
            about = name if is_secret(name) else ""
        cleaned = {}
        for key, value in table.items():
            is_name = key.lower() in KEY_NAMES and value == named
            cleaned[key] = (
                value if is_name else self.clean(value, key if is_secret(key) else about or key, level)
            )
        return cleaned

    def _list(self, items: list[Any], name: str, level: int) -> list[Any]:
        """After an item that is a secret's name come secrets, unless all are names."""
        after = ""
        cleaned = []
        for item in items:
            cleaned.append(self.clean(item, after or name, level))
            if (
                isinstance(item, str)
                and name.lower() not in LISTS_OF_KEYS
                and is_secret(item)
                and len(item) < 40
            ):
                after = item
        return cleaned

    def _text(self, text: str, name: str) -> str:
        if text[:1] in ("{", "[") and not is_secret(name):  # DataTransfer carries JSON as a text
            text = self._inner(text)
        for secret in set(passwords(name, text)):
            if secret.strip("0"):
                self.any = True
                self._learn(secret)
                text = text.replace(secret, zeros(secret))
        return text

    def _inner(self, text: str) -> str:
        try:
            inner = _Found(self._learn)
            cleaned = inner.clean(orjson.loads(text))
        except (orjson.JSONDecodeError, _TooDeep):
            return text
        self.any |= inner.any
        return orjson.dumps(cleaned).decode() if inner.any else text
