"""What the names on a command line stand for: run directories, and files that are parts of one log each."""

import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from glob import glob, has_magic
from pathlib import Path
from shutil import copyfileobj
from typing import IO, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evc5.rigs import user_files
from evc5.rigs.checks.reading import pieces
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import is_without_frames, messages

STDIN = "-"
Source = str | Path
Sources = Source | Sequence[Source]

ENDINGS = re.compile(r"\.(?:gz|bz2|xz|zst|log|txt|jsonl?|csv|out|\d+)(?=\.|$)", re.IGNORECASE)
DATE = re.compile(r"[-_.]?20\d\d[-_]?\d\d[-_]?\d\d(?:[-_T.]?\d\d[-_:.]?\d\d(?:[-_:.]?\d\d)?)?")


def named(sources: Sources) -> list[Path]:
    """The paths that names and patterns stand for; BadInput for one that stands for nothing."""
    found: list[Path] = []
    for name in [sources] if isinstance(sources, str | Path) else sources:
        path = Path(name)
        matches = (
            sorted(glob(str(name), recursive=True)) if has_magic(str(name)) and not path.exists() else []
        )
        if not matches and not path.exists():
            raise BadInput(f"{name}: no such file or directory")
        of_name = [Path(match) for match in matches] or [path]
        for one in of_name:
            _check(one)
        found += of_name
    return found


def _check(path: Path) -> None:
    if path.is_dir() or user_files.is_pipe(path):
        return
    try:
        user_files.check(path)
    except OSError as error:
        if error.strerror != user_files.NO_FILE:
            raise BadInput(f"{path}: {error.strerror}") from None
        told = "must be a file or a run directory; what comes through a pipe is read as -"
        raise BadInput(f"{path} {told}") from None


def is_run(path: Path) -> bool:
    return path.is_dir() and (messages(path).is_file() or is_without_frames(path))


def logs(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by the log they are parts of: rotated ones bear one name but for numbers and dates."""
    for path in paths:
        if path.is_dir():
            raise BadInput(f"{path} is neither a run directory nor a transcript; name its files: {path}/*")
    found: dict[str, list[Path]] = {}
    for run in pieces.runs(paths):
        name = run[0].name
        stem = name if len(run) > 1 else DATE.sub("", ENDINGS.sub("", name)) or name
        found.setdefault(str(run[0].parent / stem), []).extend(run)
    return found


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of a log's times that the user names."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"--timezone must be a name as Europe/Amsterdam or UTC, got {name}") from None


def taken_in(*pipes: BinaryIO) -> IO[bytes]:
    """What comes through pipes, on disk, as it is read more than once; it goes when the file is closed."""
    kept = tempfile.NamedTemporaryFile(prefix="evc5-", suffix=".log")  # noqa: SIM115 - as long as it is read
    for pipe in pipes:
        copyfileobj(pipe, kept)
    kept.flush()
    return kept


def joined(paths: Sequence[Path]) -> IO[bytes]:
    """One file of its pieces, in their order."""
    with ExitStack() as stack:
        return taken_in(*(stack.enter_context(user_files.opened(path)) for path in paths))
