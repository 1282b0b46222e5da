"""Standard output for tables: what comes from outside is shown as it is written, and drives no terminal."""

import os
import sys
from collections.abc import Iterable
from shutil import get_terminal_size

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from evc5.rigs.printable import printable_lines

PLAIN_COLUMNS = 100  # where nobody says how wide it is, wide enough for the tables


class PlainConsole(Console):
    """Takes no text for markup or an emoji's name, and lets no control character through."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():  # nearly all
                yield segment
            else:
                yield segment._replace(text=printable_lines(segment.text))


def console() -> Console:
    return PlainConsole(width=width() or PLAIN_COLUMNS, markup=False, emoji=False, highlight=False)


def width() -> int | None:
    """Columns of what shows standard output; None where nobody says (a pipe)."""
    return get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else None
