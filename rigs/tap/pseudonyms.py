"""Other names for cards: a card has the same name as long as the key is kept, and no way leads back."""

import hmac
import os
import re
from hashlib import sha256
from pathlib import Path

import orjson

from evc5.rigs import user_files
from evc5.rigs.checks.verdict.case import TAGS
from evc5.rigs.errors import BadInput

FREE = frozenset({"data", "info"})  # members that may say anything, a card that is known too
KEY_FILE = ".pseudonyms"  # beside the recordings; whoever has it can try which card is which
KEY_BYTES = 32
LEAST_KNOWN = 4  # characters: shorter cards are renamed in their own members only
DIGITS = 12  # of a pseudonym, hexadecimal: with "tag-" before it fits into an IdToken (CiString20)
SUSPECT = ("Tag", '"data"', '"info"', "\\u")  # without one of these no member is concerned
# Each string, with the string that is its value; the last may be cut off. None begins inside another.
STRING = r'"((?:[^"\\]|\\.)*)'
MEMBER = re.compile(rf'{STRING}"(?:(\s*:\s*){STRING}("?))?', re.DOTALL)


class Pseudonyms:
    """The key lies in `directory`, so that a tap that is begun again gives the same names."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / KEY_FILE
        self._key = _key(self._path)
        self._given: dict[str, str] = {}

    def keep(self) -> None:
        """Put the key where it was, if somebody took it away; OSError where it cannot be."""
        if not self._path.exists():
            _write(self._path, self._key)

    def of(self, tag: str) -> str:
        """Cards are the same in capital and small letters (CiString)."""
        known = self._given.get(tag)
        if known is None:
            digest = hmac.digest(self._key, tag.lower().encode("utf-8", "surrogatepass"), sha256)
            known = self._given[tag] = f"tag-{digest.hex()[:DIGITS]}"
        return known

    def frame(self, text: str) -> str:
        """A frame with other names for its cards, JSON or not; all else is as it was, to the character."""
        return MEMBER.sub(self._member, text) if any(mark in text for mark in SUSPECT) else text

    def _member(self, found: re.Match[str]) -> str:
        name, between, value, end = found.groups()
        if not value:
            return found[0]
        if (key := _unescaped(name)) in TAGS:
            value = self.of(_unescaped(value))
        elif key in FREE:
            value = self._free(value)
        return f'"{name}"{between}"{value}{end}'

    def _free(self, value: str) -> str:
        for tag, name in self._given.items():
            value = value.replace(tag, name) if len(tag) >= LEAST_KNOWN else value
        return value


def _unescaped(text: str) -> str:
    """What a JSON string says; itself where it says nothing."""
    if "\\" not in text:
        return text
    try:
        return str(orjson.loads(f'"{text}"'))
    except orjson.JSONDecodeError:
        return text


def _key(path: Path) -> bytes:
    try:
        if not path.exists():
            _write(path, os.urandom(KEY_BYTES))
        key = user_files.content(path)
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from None
    if len(key) != KEY_BYTES:  # names under a key cut short could be guessed
        raise BadInput(
            f"--out {path} must hold {KEY_BYTES} bytes, got {len(key)}; without it a new one is made"
        )
    return key


def _write(path: Path, key: bytes) -> None:
    """Whole or not at all, whenever this is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
