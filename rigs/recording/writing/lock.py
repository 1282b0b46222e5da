"""One run at a time in a directory: whoever records there holds its lock, and a dead process holds none."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import LOCK

HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)  # what the system says of somebody else's lock


class Held(BadInput):
    """Somebody else has the lock."""


class Lock:
    """The lock of a run directory, or of the folder of several: then runs in it are refused too.

    Taken when made, with the directory where there is none; BadInput where it cannot be had.
    """

    def __init__(self, directory: Path) -> None:
        if _is_held(directory.absolute().parent / LOCK):
            raise _refusal(directory, directory.absolute().parent)
        self._path = directory / LOCK
        self._is_new = not directory.exists()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = self._taken()
        except OSError as error:
            raise BadInput(f"--out {directory}: {error.strerror}") from None

    def release(self) -> None:
        """Let another run have it; the lock's file goes, and the directory made for it if nothing came to be.

        Releasing twice does nothing.
        """
        if not self._file.closed:
            with suppress(OSError):
                self._path.unlink()
            self._file.close()
            if self._is_new:
                with suppress(OSError):  # there is something in it
                    self._path.parent.rmdir()

    @property
    def fd(self) -> int:
        """Whoever inherits it holds the lock with us, and after us."""
        return self._file.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _taken(self) -> IO[bytes]:
        """The file, open and locked; whoever released it meanwhile has taken the name away: once more."""
        while True:
            file = self._path.open("ab")
            if not _seize(file):
                file.close()
                raise _refusal(self._path.parent, self._path.parent)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    return file
            file.close()


def _refusal(directory: Path, held: Path) -> Held:
    other = "it" if held == directory else str(held)
    return Held(f"{directory} is not free: another run records into {other}; end it, or choose another")


def _is_held(path: Path) -> bool:
    try:
        with path.open("ab" if os.name == "nt" else "rb") as file:
            return not _seize(file)
    except OSError:  # there is none
        return False


def _seize(file: IO[Any]) -> bool:
    """Lock an open file without waiting; a file system that knows no locks is taken at its word."""
    try:
        _lock(file.fileno())
    except OSError as error:
        return error.errno not in HELD
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
