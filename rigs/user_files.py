"""Files that a user names: files they must be, that can be read to their end, of a size that somebody writes.

A device or a pipe is an OSError, as is a file that is too long; TOML that no table holds a TOMLDecodeError.
"""

import errno
import os
import re
import tomllib
from pathlib import Path
from reprlib import repr as short
from stat import S_ISDIR, S_ISFIFO, S_ISREG
from typing import Any, BinaryIO

from evc5.rigs.errors import BadInput

MOST_BYTES = 256 << 20  # of any file that is read whole: firmware, a year of sessions
MOST_TOML_BYTES = 4 << 20
LONGEST_NAME = 255  # bytes: of ext4, APFS and NTFS (there in UTF-16)
DEEPEST_KEY = 100  # names in one key: the time that tomllib takes grows with the square of them
NO_FILE = "must be a file, and no device or pipe"
HANDED_OVER = (Path("/dev/fd"), Path("/proc/self/fd"), Path("/dev/stdin"))  # by the shell: <(command), a | b

_DEEP_KEY = re.compile(rf"(?<![\w-])(?:[\w\"'-]++\.){{{DEEPEST_KEY}}}", re.ASCII)


def path_of(given: object, what: str) -> Path:
    """What somebody gave as a path; BadInput for what is none, under the name it was asked for."""
    if isinstance(given, bytes) or not isinstance(given, str | os.PathLike):
        raise BadInput(f"{what} must be a path, as text or pathlib.Path, got {given!r}")
    try:
        has_nul = b"\0" in os.fsencode(given)
    except UnicodeEncodeError:
        has_nul = True
    path = Path(given)
    if has_nul or any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts):
        raise BadInput(f"{what} must be a path that the file system can hold, got {short(str(given))}")
    return path


def check(path: Path) -> None:
    """OSError where there is nothing at `path` that can be read to its end."""
    status = path.stat()
    if S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not S_ISREG(status.st_mode) or (status.st_size == 0 and _is_made_up(path)):
        raise OSError(errno.EINVAL, NO_FILE, str(path))


def _is_made_up(path: Path) -> bool:
    """Is what seems to be empty written by the system as it is read? Of /proc/kmsg one waits for more."""
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        return file.read(1) != b"" and path.stat().st_size == 0  # None: nothing yet


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_pipe(path: Path) -> bool:
    """Is it a pipe that the shell has handed over, which somebody fills? A named one may have nobody."""
    is_ours = any(path == one or path.parent == one for one in HANDED_OVER)
    return is_ours and path.exists() and S_ISFIFO(path.stat().st_mode)


def opened(path: Path, buffering: int = -1) -> BinaryIO:
    """The file, to be read as bytes from its beginning."""
    check(path)
    return path.open("rb", buffering)


def content(path: Path, most: int = MOST_BYTES, *, pipes: bool = False) -> bytes:
    """All of a file, and where `pipes` is set also of what comes through one."""
    with path.open("rb") if pipes and is_pipe(path) else opened(path) as file:
        read = file.read(most + 1)
    if len(read) > most:
        raise OSError(errno.EFBIG, f"must have at most {most:,} bytes", str(path))
    return read


def text(path: Path, encoding: str = "utf-8", most: int = MOST_BYTES) -> str:
    """UnicodeDecodeError where it is none in this encoding."""
    return content(path, most).decode(encoding)


def toml(path: Path) -> dict[str, Any]:
    told = text(path, most=MOST_TOML_BYTES).replace("\r\n", "\n")
    if _DEEP_KEY.search(told):
        raise tomllib.TOMLDecodeError(f"a key has more than {DEEPEST_KEY} names")
    try:
        return tomllib.loads(told)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deep") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # a number of more digits than Python converts
        raise tomllib.TOMLDecodeError(str(error).partition(";")[0]) from None
