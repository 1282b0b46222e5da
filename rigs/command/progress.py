"""A progress bar for whatever takes longer than two seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHOWN_AFTER_S = 2.0


@contextmanager
def bar(title: str, *, show: bool) -> Iterator[Callable[[float, float], None] | None]:
    """Yields what to tell (done, of how much); the bar appears on a terminal if it takes longer."""
    if not show or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    task = progress.add_task(title, total=None)
    began = time.monotonic()

    def tell(done: float, total: float) -> None:
        if not progress.live.is_started and time.monotonic() - began > SHOWN_AFTER_S:
            progress.start()
        progress.update(task, completed=done, total=total)

    try:
        yield tell
    finally:
        if progress.live.is_started:
            progress.stop()
