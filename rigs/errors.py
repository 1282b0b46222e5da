"""What the bench says when it is asked for something it cannot do."""

import warnings


class BadInput(ValueError):
    """Input that is refused before anything is written; the message is one line, the exit code 2."""


class BenchFault(Exception):
    """What stands around the charge point failed: no finding against it; the exit code is 3."""


class DataWarning(UserWarning):
    """Data that can be read and may not be what their user takes them for."""


def warn(text: str) -> None:
    """Say it once to whoever runs this; `warnings` decides how."""
    warnings.warn(text, DataWarning, stacklevel=3)


class NotAvailable(Exception):
    """Something that this bench cannot do: the back office is not ours, or the bench is closed."""
