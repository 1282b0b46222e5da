"""Signals that a child process heeds."""

import signal


def heeded(*numbers: signal.Signals) -> list[signal.Signals]:
    """Those that were not taken away from all of us, as nohup takes SIGHUP: a child inherits that."""
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
