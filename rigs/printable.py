"""What comes from outside, as a terminal, a page or a file name may show it."""

from collections.abc import Mapping
from typing import Any


def printable(text: str) -> str:
    """Text with whatever is not to be looked at (controls, line breaks, what turns text) written out."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _written_out(c) for c in text)


def printable_tree(value: Any) -> Any:
    """The same for every text in a value as JSON has them."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): printable_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable_tree(item) for item in value]
    return value


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode()
