"""A process of its own that leaves the bench dead when ours is gone: killed, hung, or crashed.

It reads the bench's description from its standard input, then a line a second. Where that ends without the
word `done`, or no line comes for as long as a lease lasts, it makes the drivers anew and goes the way down.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from evc5.rigs.hardware.apart import apart
from evc5.rigs.hardware.devices import Devices
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.rigfile.hardware import Hardware

LEASE_S = 5.0  # assumed: longer than any hiccup of a bench that is well
DONE = "done"


class Guardian:
    """Our end of it."""

    def __init__(self, hardware: Hardware, folder: Path, locks: Sequence[Lock] = ()) -> None:
        """It keeps `locks` after us, so that no other run begins at a bench that is being taken down."""
        kept: dict[str, Any] = {} if os.name == "nt" else {"pass_fds": [lock.fd for lock in locks]}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "evc5.rigs.hardware.guardian"],
            stdin=subprocess.PIPE,
            text=True,
            **apart(),
            **kept,
        )
        told = hardware.model_dump(mode="json", exclude_unset=True)
        self._say(json.dumps({"hardware": told, "folder": str(folder.absolute())}))

    def renew(self) -> None:
        """We are still here, for another lease."""
        self._say(".")

    def dismiss(self) -> None:
        """The bench has been left dead by ourselves."""
        self._say(DONE)
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(LEASE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _say(self, line: str) -> None:
        with suppress(OSError, ValueError):  # it is gone: our own way down remains
            assert self._process.stdin is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def watch(lines: "Queue[str]") -> bool:
    """Wait until the bench is to be left dead; False where it was already."""
    while True:
        try:
            line = lines.get(timeout=LEASE_S)
        except Empty:
            return True
        if line.strip() == DONE:
            return False
        if not line:
            return True


def main() -> None:
    told = json.loads(sys.stdin.readline() or "{}")
    if not told:
        return
    hardware = Hardware.model_validate(told["hardware"])
    lines: Queue[str] = Queue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put("")

    threading.Thread(target=listen, daemon=True).start()
    if watch(lines):
        failed = Devices(hardware, Path(told["folder"]), only_real=True).way_down()
        for why in failed:
            print(f"evc5: BENCH NOT PROVEN DEAD: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
