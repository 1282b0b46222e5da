"""A file of lines that grows while a run goes on, and holds no descriptor between two writes.

Hundreds of charge points are served by one process, which may open a thousand files at most.
"""

from collections.abc import Callable
from pathlib import Path

BUFFER_BYTES = 1 << 18  # of each journal; a kill -9 loses no more


def _as_it_is(text: bytes) -> bytes:
    return text


class Journal:
    """Lines wait in memory until `flush`, at most `buffer_bytes` of them.

    `explained_by` is written first, so that wherever a kill comes it is never behind.
    `pack` makes of the lines of one flush what stands in the file.
    """

    def __init__(
        self,
        path: Path,
        explained_by: "Journal | None" = None,
        *,
        pack: Callable[[bytes], bytes] = _as_it_is,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> None:
        path.write_bytes(b"")
        self._path = path
        self._explained_by = explained_by
        self._pack = pack
        self._buffer_bytes = buffer_bytes
        self._lines: list[bytes] = []
        self._waiting_bytes = 0
        self._content = b""  # packed, and not all taken yet
        self._kept_bytes = 0  # of the file: all that stood in content that waits no more

    def write(self, line: bytes) -> None:
        """Add a line, which ends with its line break, or several."""
        self._lines.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= self._buffer_bytes:
            self.flush()

    def flush(self) -> None:
        """Hand what waits to the operating system; what it does not take (a full disk) waits on.

        The file itself tells how much of it was taken: whoever is interrupted in the middle may flush again,
        and no line stands twice.
        """
        if self._explained_by is not None:
            self._explained_by.flush()
        if self._lines:
            self._close_block()
        if not self._content:
            return
        content = self._content
        with open(self._path, "ab", buffering=0) as file:
            kept = min(self._kept_bytes, file.tell())
            while (taken := file.tell() - kept) < len(content):
                file.write(content[taken:])
        end = kept + len(content)
        # No call stands between these, so that no interrupt comes between them either.
        self._content = b""
        self._kept_bytes = end

    def _close_block(self) -> None:
        content = self._content + self._pack(b"".join(self._lines))
        rest: list[bytes] = []
        # Nor between these.
        self._content = content
        self._lines = rest
        self._waiting_bytes = 0
