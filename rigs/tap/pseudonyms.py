"""Other names for cards: a card has the same name as long as the key is kept, and no way leads back."""

import hmac
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from evc5.rigs.errors import BadInput

TAGS = frozenset({"idTag", "parentIdTag"})
KEY_FILE = ".pseudonyms"  # beside the recordings; whoever has it can try which card is which
KEY_BYTES = 32
LEAST_KNOWN = 4  # characters: shorter cards are renamed in their own members only
DIGITS = 12  # of a pseudonym, hexadecimal: with "tag-" before it fits into an IdToken (CiString20)
SUSPECT = ('"idTag"', '"parentIdTag"')
FREE = ('"data"', '"info"')  # members that may say anything, a card that is known too
FIELD = re.compile(r'("(?:idTag|parentIdTag)"\s*:\s*")((?:[^"\\]|\\.)*)')


class Pseudonyms:
    """The key lies in `directory`, so that a tap that is begun again gives the same names."""

    def __init__(self, directory: Path) -> None:
        self._key = _key(directory / KEY_FILE)
        self._given: dict[str, str] = {}

    def of(self, tag: str) -> str:
        """Cards are the same in capital and small letters (CiString)."""
        known = self._given.get(tag)
        if known is None:
            digest = hmac.digest(self._key, tag.lower().encode("utf-8", "surrogatepass"), sha256)
            known = self._given[tag] = f"tag-{digest.hex()[:DIGITS]}"
        return known

    def frame(self, text: str) -> str:
        """A frame with other names for its cards, JSON or not."""
        if any(mark in text for mark in SUSPECT):
            try:
                text = orjson.dumps(self._walked(orjson.loads(text))).decode()
            except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
                text = FIELD.sub(lambda found: found[1] + self.of(found[2]), text)
        if any(mark in text for mark in FREE):
            for tag, name in self._given.items():
                text = text.replace(tag, name) if len(tag) >= LEAST_KNOWN else text
        return text

    def _walked(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._walked(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walked(item, name) for item in value]
        return self.of(value) if name in TAGS and isinstance(value, str) and value else value


def _key(path: Path) -> bytes:
    try:
        if path.exists():
            return path.read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        key = os.urandom(KEY_BYTES)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key)
        return key
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from None
