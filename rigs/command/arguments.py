"""The values of command-line flags: what each may be, said where it is not."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

from evc5.rigs.errors import BadInput

MOST_DIGITS = 18  # of a whole number: what 64 bits hold


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise ArgumentTypeError(f"must be a whole number >= 0, got {text}")
    return int(text)


def port(text: str) -> int:
    if (value := whole(text)) > 65_535:
        raise ArgumentTypeError(f"must be a port from 0 to 65535, got {text}")
    return value


def host_and_port(text: str) -> tuple[str, int]:
    host, colon, number = text.rpartition(":")
    if not colon or not host:
        raise ArgumentTypeError(f"must be HOST:PORT, got {text}")
    return host.removeprefix("[").removesuffix("]"), port(number)


def count(text: str) -> int:
    if (value := whole(text)) < 1:
        raise ArgumentTypeError(f"must be a whole number >= 1, got {text}")
    return value


def identity(text: str) -> str:
    if not text.isprintable() or not text or set(text) & set(" /:"):  # OCPP-J 3.1.1 and 6.2.2
        raise ArgumentTypeError(f"must be an identity without spaces, / and :, got {text!r}")
    return text


def days(text: str) -> float:
    return _number(text, "a number of days > 0 and <= 3660", lambda value: 0.0 < value <= 3660.0)


def duration(text: str) -> float:
    return _number(text, "a number of seconds > 0", lambda value: 0.0 < value < float("inf"))


def behaviour_named(name: str) -> str:
    """A file is named from where the user stands, not from the rig's folder."""
    from evc5.twin.sheet.behaviour import Behaviour

    if name in Behaviour.shipped():
        return name
    if not Path(name).is_file():
        raise BadInput(f"--behaviour must be {' or '.join(Behaviour.shipped())} or a TOML file, got {name}")
    return str(Path(name).resolve())


def tolerance(text: str) -> float:
    return _number(text, "a number >= 0", lambda value: 0.0 <= value < float("inf"))


def pace(text: str) -> float | str:
    if text == "max":
        return text
    from evc5.twin.line.pace import SLOWEST  # which loads more than most commands need

    return _number(
        text, f"max or a factor > 0, of {SLOWEST:g} at least", lambda value: SLOWEST <= value < float("inf")
    )


def _number(text: str, wanted: str, fits: Callable[[float], bool]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not fits(value):
        raise ArgumentTypeError(f"must be {wanted}, got {text}")
    return value
