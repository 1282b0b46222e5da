"""What the judge reads the frames of a recording from: our own `messages.jsonl`, or a log of anybody's.

Both are told line by line as our own is; what else a log tells of itself is its `Told`.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from glob import glob
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from typing import IO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from evc5.rigs.checks.reading.frames import lines
from evc5.rigs.checks.reading.logs.log import Log, Told
from evc5.rigs.errors import BadInput

STDIN = "-"
ENDS = ("csms", "station")
BOOT_WITHIN = 500  # lines of our own recording in which its boot is looked for

Source = str | Path
Sources = Source | Sequence[Source]


class Transcript:
    """The frames of one station from one file or several; read as often as it is asked for."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        station: str | None = None,
        zone: ZoneInfo | None = None,
        end: str | None = None,
        kept: IO[bytes] | None = None,
    ) -> None:
        self.paths, self._station, self._zone, self._end = tuple(paths), station, zone, end
        self._kept = kept  # standard input, which is gone with this
        self.is_own = len(paths) == 1 and station is None and is_own(paths[0])

    @property
    def path(self) -> Path:
        return self.paths[0]

    @property
    def name(self) -> str:
        """How it is called in a message."""
        if self._kept is not None:
            return "standard input"
        return ", ".join(map(str, self.paths[:3])) + (", …" if len(self.paths) > 3 else "")

    @cached_property
    def log(self) -> Log:
        return Log(self.paths, self.name, station=self._station, zone=self._zone, end=self._end)

    def records(self) -> Iterator[tuple[int, bytes]]:
        """The lines with their numbers, as `messages.jsonl` has them.

        A line that cannot be understood is passed on as it stands, for the judge to complain of.
        """
        return lines(self.path) if self.is_own else self.log.records()

    def told(self) -> Told:
        """What it tells besides its frames."""
        if self.is_own:
            return Told((), "1.6", _vendor(self.path), "told", self._end or "station", ())
        return self.log.told()


def transcript(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a transcript with their numbers, whatever its form, as `messages.jsonl` has them."""
    return Transcript([path]).records()


def opened(
    sources: Sources, *, station: str | None = None, timezone: str | None = None, end: str | None = None
) -> Transcript:
    """A transcript of a path, a pattern, `-` for standard input, or several of them; BadInput for others."""
    if end not in (None, *ENDS):
        raise BadInput(f"end must be {' or '.join(ENDS)}, got {end}")
    zone = None if timezone is None else zone_of(timezone)
    if sources == STDIN:
        kept = _taken_in()
        return Transcript([Path(kept.name)], station=station, zone=zone, end=end, kept=kept)
    return Transcript(paths_of(sources), station=station, zone=zone, end=end)


def paths_of(sources: Sources) -> list[Path]:
    """The files that names and patterns stand for."""
    named = [sources] if isinstance(sources, str | Path) else list(sources)
    found: list[Path] = []
    for name in named:
        path = Path(name)
        matches = [] if path.exists() else sorted(glob(str(name), recursive=True))
        if not path.exists() and not matches:
            raise BadInput(f"{name}: no such file or directory")
        found += map(Path, matches) if matches else [path]
    for path in found:
        if path.is_dir():
            raise BadInput(
                f"{path} is neither a run directory nor a transcript; name the files in it: {path}/*"
            )
    return found


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"timezone must be a name as Europe/Amsterdam or UTC, got {name}") from None


def is_own(path: Path) -> bool:
    """Is it, as its first line tells, a `messages.jsonl` of one of our own runs?"""
    first = next((raw for _, raw in islice(lines(path), 1)), b"")
    try:
        row = orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return isinstance(row, dict) and row.get("dir") in ("up", "down")


def _vendor(path: Path) -> str:
    """Who made the station, as its first boot says."""
    for _, raw in islice(lines(path), BOOT_WITHIN):
        if b'"BootNotification"' not in raw:
            continue
        try:
            return str(orjson.loads(raw)["frame"][3]["chargePointVendor"])
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
            continue
    return ""


def _taken_in() -> IO[bytes]:
    """Standard input on disk: it is read more than once."""
    kept = tempfile.NamedTemporaryFile(prefix="evc5-", suffix=".log")  # noqa: SIM115 - as long as it is read
    copyfileobj(sys.stdin.buffer, kept)
    kept.flush()
    return kept
