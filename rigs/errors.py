"""What the bench says when it is asked for something it cannot do."""

import warnings
from pathlib import Path
from traceback import extract_tb

from evc5.rigs.printable import printable


class BadInput(ValueError):
    """Input that is refused before anything is written; the message is one line, the exit code 2."""

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(message))


class BenchFault(Exception):
    """What stands around the charge point failed: no finding against it; the exit code is 3."""


class ControllerError(Exception):
    """A user's controller failed; the message has the rig's time and the traceback of the user's code."""


class DataWarning(UserWarning):
    """Data that can be read and may not be what their user takes them for."""


def warn(text: str) -> None:
    """Say it once to whoever runs this; `warnings` decides how."""
    warnings.warn(text, DataWarning, stacklevel=3)


class NotAvailable(Exception):
    """Something that this bench cannot do: the back office is not ours, or the bench is closed."""


def described(error: Exception) -> str:
    """What the system says of a file; of an exception nobody foresaw also where it came from."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    steps = extract_tb(error.__traceback__)
    where = f" ({Path(steps[-1].filename).name}:{steps[-1].lineno})" if steps else ""
    return f"{type(error).__name__}: {error}{where}"
