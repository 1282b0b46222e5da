"""A file of lines that grows while a run goes on, and holds no descriptor between two writes.

Hundreds of charge points are served by one process, which may open a thousand files at most.
"""

from pathlib import Path

BUFFER_BYTES = 1 << 18  # of each journal; a kill -9 loses no more


class Journal:
    """Lines wait in memory until `flush`, at most a quarter of a megabyte of them."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(b"")
        self._path = path
        self._lines: list[bytes] = []
        self._waiting_bytes = 0

    def write(self, line: bytes) -> None:
        """Add a line, which ends with its line break."""
        self._lines.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand what waits to the operating system; what it does not take (a full disk) waits on."""
        if not self._lines:
            return
        text = b"".join(self._lines)
        written = 0
        try:
            with open(self._path, "ab", buffering=0) as file:
                while written < len(text):
                    written += file.write(text[written:]) or 0
        finally:
            self._lines = [text[written:]] if written < len(text) else []
            self._waiting_bytes = len(text) - written
