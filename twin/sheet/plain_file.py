"""Files that the device's owner names: such as can be read to their end, at once."""

import os
from pathlib import Path
from stat import S_ISREG


def is_plain(path: Path) -> bool:
    """Is it a file, and no device or pipe, nor one that the system makes up as it is read (/proc/kmsg)?"""
    if not path.exists():
        return False
    status = path.stat()
    return S_ISREG(status.st_mode) and (status.st_size > 0 or not _is_made_up(path))


def _is_made_up(path: Path) -> bool:
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        return file.read(1) != b"" and path.stat().st_size == 0  # None: nothing yet


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
