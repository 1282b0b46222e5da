"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """A build server may start us with Ctrl-C ignored; the processes that tests start would inherit it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
