"""What a caller of `judge` gives it: refused by name, in one line, where it cannot be meant."""

import os
from collections.abc import Mapping, Sequence
from reprlib import repr as short
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.user_files import path_of


def check_sources(given: object) -> None:
    """A path, or several."""
    several = [given] if isinstance(given, str | bytes | os.PathLike) else given
    if not isinstance(several, Sequence) or not several:
        raise BadInput(f"source must be a recording's path, or a list of them, got {short(given)}")
    for one in several:
        path_of(one, "source")


def table(given: object, name: str) -> Mapping[str, Any]:
    """Nothing, where none is given."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadInput(f"{name} must be a table of names and values, got {short(given)}")
    return given


def check_text(given: object, name: str) -> None:
    """Text, or none at all."""
    if given is not None and not isinstance(given, str):
        raise BadInput(f"{name} must be text, got {short(given)}")
