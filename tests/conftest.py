"""What holds for all tests."""

import gc
import signal

from hypothesis import HealthCheck, settings

# A busy machine is no fault, and what passed on one machine passes on the next; to search for new examples:
# pytest --hypothesis-profile explore
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("evc5", settings.get_profile("explore"), derandomize=True)
settings.load_profile("evc5")


def pytest_configure() -> None:
    """A build server may start us with Ctrl-C ignored; the processes that tests start would inherit it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays: to look through it again and again is a seventh of the fast set's time."""
    gc.freeze()
    gc.enable()
