"""What the bench says when it is asked for something it cannot do."""


class BadInput(ValueError):
    """Input that is refused before anything is written; the message is one line, the exit code 2."""


class BenchFault(Exception):
    """What stands around the charge point failed: no finding against it; the exit code is 3."""


class NotAvailable(Exception):
    """Something that this bench cannot do: the back office is not ours, or the bench is closed."""
