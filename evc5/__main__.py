"""python -m evc5 is the command evc5."""

import atexit
import os
import sys
from typing import NoReturn

INTERRUPTED = 130  # as the command's own
JUDGED = (0, 1)  # it went to its end: what it wrote is closed


def main() -> int:
    """The command; Ctrl-C ends it in silence while its modules are still loading, too."""
    try:
        from evc5.rigs.command.process import collect_seldom

        collect_seldom()  # from here on: what is loaded stays to the end as well
        from evc5.rigs.command.cli import main as command

        return command()
    except KeyboardInterrupt:
        return INTERRUPTED


def command_line() -> NoReturn:
    """The command as a process of its own."""
    codes: list[int] = []
    atexit.register(_leave, codes)  # the first to register is the last to be called
    codes.append(main())
    sys.exit(codes[0])


def _leave(codes: list[int]) -> None:
    """Leave memory to the system, which takes it back at once; Python gives it up object by object.

    Threads are joined and what others registered has run by now. Where the output cannot be written, and
    after a command that did not go to its end, Python ends as it always does.
    """
    if not codes or codes[0] not in JUDGED:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except OSError:
        return
    os._exit(codes[0])


if __name__ == "__main__":
    command_line()
