"""Judges a run while it goes on, in a process of its own: `verdict` is that of `judge` afterwards.

The process is this file, run as a module. It ends with whoever started it: its standard input tells that all
is over, or is closed.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Self

from evc5.rigs.checks.verdict.verdict import Verdict

OVER = b"over\n"
POLL_S = 0.05  # how often one looks whether more was written
MODULE = "evc5.rigs.checks.verdict.beside"


class Beside:
    """The judge of a run directory that is just being written."""

    def __init__(self, directory: Path) -> None:
        # What can be imported here can be there, however we came by it; Ctrl-C is ours to take.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE, str(directory.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    def verdict(self) -> Verdict | None:
        """Now that all is written: the verdict; None where the process could not tell."""
        told, _ = self._process.communicate(OVER)
        if self._process.returncode:
            return None
        verdict: Verdict = pickle.loads(told)
        return verdict

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:  # something went wrong before the verdict
            self._process.kill()
            self._process.communicate()


class _Told:
    """The growth of a recording, as standard input tells it."""

    def __init__(self) -> None:
        self._over = Event()
        Thread(target=self._listen, daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def wait(self) -> None:
        self._over.wait(POLL_S)

    def _listen(self) -> None:
        if sys.stdin.buffer.readline() != OVER:
            os._exit(1)  # whoever wanted to know is gone
        self._over.set()


def main(directory: Path) -> None:
    from evc5.rigs.checks.verdict.alongside import EVENTS
    from evc5.rigs.checks.verdict.judging import judged
    from evc5.rigs.checks.verdict.recordings import one
    from evc5.rigs.recording.reading.run_directory import messages

    told = _Told()
    while not (messages(directory).is_file() and messages(directory).stat().st_size) and not told.is_over:
        told.wait()
    verdict = judged(one(directory, None, None, None), growth=told)
    if b'"clock-set"' in (directory / EVENTS).read_bytes():
        sys.exit("the station's clock was set: when all that happened is known only from its end")
    sys.stdout.buffer.write(pickle.dumps(verdict))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
