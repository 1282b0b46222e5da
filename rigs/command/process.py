"""The command as a process: signals that end it, and a terminal of whatever encoding."""

import codecs
import gc
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from evc5.rigs.errors import DataWarning

OBJECTS_MORE = 200_000  # until cycles are looked for: a week keeps 115,000, and Python would look each 700
ENDING = ("SIGTERM", "SIGHUP", "SIGBREAK")  # SIGHUP: the terminal is gone; SIGBREAK: Windows' own


def take_no_plugins() -> None:
    """Of pydantic's: to ask each installed package for one takes 8 ms, and none is of use to a command."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def collect_seldom() -> None:
    """What a command makes it mostly keeps to its end: to look it through for cycles is in vain."""
    gc.set_threshold(OBJECTS_MORE, *gc.get_threshold()[1:])


def load_numpy() -> None:
    """From here and not from deep within ours: its own imports are ten deep.

    CPython keeps the frames of its stack in pieces of 16 kB. What is loaded across the end of one takes a new
    piece for each call and gives it back: 800 times, or 8 ms.
    """
    import numpy  # noqa: F401


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Whatever asks the process to end does it as Ctrl-C does: what is recorded is completed first.

    A signal that the caller has ignored (nohup) stays ignored; in a thread nothing changes.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in ENDING if hasattr(signal, name)):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_in_a_line(say: Callable[[str], None]) -> Iterator[None]:
    """Warnings of data are told once, in a line of ours; others as Python does."""
    told: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **options: Any) -> None:
            if not issubclass(category, DataWarning):
                usual(message, category, *where, **options)
            elif str(message) not in told:
                told.add(str(message))
                say(str(message))

        warnings.showwarning = show
        yield


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


PLAIN = str.maketrans(  # a character each, so that columns stay
    "✓✗·–−…≈►→⇒➡←⬆⬇●◐─│×°±≠²ΣΔ∫τλµμ“”„«»", '+x.--~~>>>><^voo-|x*~!2SdStluu"""""'
)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, in characters that each has; written out where none is like it."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end].translate(PLAIN)
    return lacking.encode("ascii", "backslashreplace").decode(), error.end


def take_any_encoding() -> None:
    """Let what standard output and error cannot encode be written otherwise instead of ending the command."""
    codecs.register_error("evc5-plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(ValueError, io.UnsupportedOperation):  # closed, or read from already
                stream.reconfigure(errors="evc5-plainly")
