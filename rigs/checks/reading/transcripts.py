"""What the judge reads the frames of a recording from: our own `messages.jsonl`, or a log of anybody's.

Both are told line by line as our own is; what else a log tells of itself is its `Told`.
"""

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

import orjson

from evc5.rigs.checks.reading.frames import lines
from evc5.rigs.checks.reading.logs.told import Progress, Told
from evc5.rigs.checks.reading.pieces import are_of_bytes
from evc5.rigs.checks.reading.sources import STDIN, Sources, joined, logs, named, taken_in, zone_of
from evc5.rigs.errors import BadInput
from evc5.rigs.user_files import is_pipe

if TYPE_CHECKING:
    from evc5.rigs.checks.reading.logs.log import Log

ENDS = ("csms", "station")
BOOT_WITHIN = 500  # lines of our own recording in which its boot is looked for


class Transcript:
    """The frames of one station from one file or several; read as often as it is asked for."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        station: str | None = None,
        zone: ZoneInfo | None = None,
        end: str | None = None,
        name: str | None = None,
        kept: IO[bytes] | None = None,
    ) -> None:
        self.paths = tuple(paths)
        self._station = station
        self._zone = zone
        self._end = end
        self._name = name
        self._kept = kept  # what came through a pipe, which is gone with this

    @cached_property
    def is_own(self) -> bool:
        """Is it a `messages.jsonl` of ours?"""
        return len(self.paths) == 1 and self._station is None and is_own(self.path)

    @property
    def path(self) -> Path:
        return self.paths[0]

    @property
    def name(self) -> str:
        """How it is called in a message."""
        if self._name is not None:
            return self._name
        return ", ".join(map(str, self.paths[:3])) + (", …" if len(self.paths) > 3 else "")

    @cached_property
    def log(self) -> "Log":
        from evc5.rigs.checks.reading.logs.log import Log  # a tenth of a second, which our own need not

        return Log(self.paths, self.name, station=self._station, zone=self._zone, end=self._end)

    def tell_progress(self, progress: Progress | None) -> None:
        """Somebody wants to hear how far the reading of a log is."""
        self.log.progress = progress

    def records(self) -> Iterator[tuple[int, bytes]]:
        """The lines with their numbers, as `messages.jsonl` has them.

        A line that cannot be understood is passed on as it stands, for the judge to complain of.
        """
        return lines(self.path) if self.is_own else self.log.records()

    def told(self) -> Told:
        """What it tells besides its frames."""
        if self.is_own:
            vendor = str(self.boot.get("chargePointVendor", ""))
            return Told((), "1.6", vendor, "told", self._end or "station", ())
        return self.log.told()

    @cached_property
    def boot(self) -> dict[str, Any]:
        """The station's first BootNotification, where it stands near the beginning."""
        return _boot(self.path) if self.is_own else self.log.survey.boot


def transcript(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a transcript with their numbers, whatever its form, as `messages.jsonl` has them."""
    return Transcript([path]).records()


def opened(
    sources: Sources, *, station: str | None = None, timezone: str | None = None, end: str | None = None
) -> list[Transcript]:
    """The logs that paths, patterns and `-` (standard input) stand for; BadInput for others."""
    if end not in (None, *ENDS):
        raise BadInput(f"--end must be {' or '.join(ENDS)}, got {end}")
    choices: dict[str, Any] = {"station": station, "zone": zone_of(timezone), "end": end}
    if sources == STDIN:
        return [_of_pipe(sys.stdin.buffer, "standard input", choices)]
    paths = named(sources)
    files = [path for path in paths if not is_pipe(path)]
    found = [_of_parts(parts, choices) for parts in logs(files).values()]
    for path in filter(is_pipe, paths):
        with path.open("rb") as pipe:
            found.append(_of_pipe(pipe, str(path), choices))
    return found


def _of_parts(parts: list[Path], choices: dict[str, Any]) -> Transcript:
    """Cut anywhere, they are one file again; else each is read for itself."""
    if not are_of_bytes(parts):
        return Transcript(parts, **choices)
    kept, name = joined(parts), f"{parts[0]} to {parts[-1].name}"
    return Transcript([Path(kept.name)], name=name, kept=kept, **choices)


def _of_pipe(pipe: BinaryIO, name: str, choices: dict[str, Any]) -> Transcript:
    kept = taken_in(pipe)
    return Transcript([Path(kept.name)], name=name, kept=kept, **choices)


def is_own(path: Path) -> bool:
    """Is it, as its first line tells, a `messages.jsonl` of one of our own runs?"""
    first = next((raw for _, raw in islice(lines(path), 1)), b"")
    try:
        row = orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return isinstance(row, dict) and row.get("dir") in ("up", "down")


def _boot(path: Path) -> dict[str, Any]:
    for _, raw in islice(lines(path), BOOT_WITHIN):
        if b'"BootNotification"' in raw:
            try:
                payload = orjson.loads(raw)["frame"][3]
            except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
                continue
            return payload if isinstance(payload, dict) else {}
    return {}


def is_event(raw: bytes) -> bool:
    """Is a record of a log what its reader concluded, and no frame?"""
    return raw.startswith(b'{"t"') and b'"connector":null,"event":"' in raw[:120]
