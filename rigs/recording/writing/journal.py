"""A file of lines that grows while a run goes on, and holds no descriptor between two writes.

Hundreds of charge points are served by one process, which may open a thousand files at most.
"""

from pathlib import Path

BUFFER_BYTES = 1 << 18  # of each journal; a kill -9 loses no more


class Journal:
    """Lines wait in memory until `flush`, at most a quarter of a megabyte of them.

    `explained_by` is written first, so that wherever a kill comes it is never behind.
    """

    def __init__(self, path: Path, explained_by: "Journal | None" = None) -> None:
        path.write_bytes(b"")
        self._path = path
        self._explained_by = explained_by
        self._lines: list[bytes] = []
        self._waiting_bytes = 0
        self._kept_bytes = 0  # of the file: all that stood in lines that wait no more

    def write(self, line: bytes) -> None:
        """Add a line, which ends with its line break."""
        self._lines.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand what waits to the operating system; what it does not take (a full disk) waits on.

        The file itself tells how much of it was taken: whoever is interrupted in the middle may flush again,
        and no line stands twice.
        """
        if self._explained_by is not None:
            self._explained_by.flush()
        if not self._lines:
            return
        text = b"".join(self._lines)
        with open(self._path, "ab", buffering=0) as file:
            kept = min(self._kept_bytes, file.tell())
            while (taken := file.tell() - kept) < len(text):
                file.write(text[taken:])
        end = kept + len(text)
        rest: list[bytes] = []
        # No call stands between these, so that no interrupt comes between them either.
        self._lines = rest
        self._waiting_bytes = 0
        self._kept_bytes = end
