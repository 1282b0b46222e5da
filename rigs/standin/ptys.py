"""Serial lines without metal: two ports, each the other's far end. Only here are pseudo-terminals known."""

import os
import select
import threading
from contextlib import suppress
from pathlib import Path

from evc5.rigs.errors import BadInput

LOOK_S = 0.05  # how often the end is looked for


class Pair:
    """A port at `near`, a symbolic link, and its other end `far`, until `close`."""

    def __init__(self, near: Path) -> None:
        if os.name == "nt":
            raise BadInput(f"{near}: Windows has no pseudo-terminals; use a pair of com0com, or TCP")
        import tty

        self._near = near
        self._masters: list[int] = []
        self._slaves: list[int] = []
        for _ in range(2):
            master, slave = os.openpty()
            tty.setraw(slave)
            self._masters.append(master)
            self._slaves.append(slave)  # held open: a port that nobody holds loses what is written to it
        self.far = os.ttyname(self._slaves[1])
        self._link(os.ttyname(self._slaves[0]))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._pump, name="evc5-pty", daemon=True)
        self._thread.start()

    def _link(self, name: str) -> None:
        if self._near.is_symlink():  # of a run before
            self._near.unlink()
        if self._near.exists():
            raise BadInput(f"{self._near} is there already")
        self._near.symlink_to(name)

    def _pump(self) -> None:
        one, other = self._masters
        while not self._over.is_set():
            for ready in select.select([one, other], [], [], LOOK_S)[0]:
                with suppress(OSError):
                    os.write(other if ready == one else one, os.read(ready, 4096))

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for descriptor in (*self._masters, *self._slaves):
            os.close(descriptor)
        with suppress(OSError):
            self._near.unlink()
