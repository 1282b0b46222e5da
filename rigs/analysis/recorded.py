"""A recorded run as tables and figures read it: its summary, its frames, its time."""

import math
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evc5.rigs import user_files
from evc5.rigs.analysis.shown import Findings
from evc5.rigs.errors import BadInput, NotAvailable
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.frames import LAST, Frame, frame_of, heads, last_t

NOT_RECORDED = {"messages": run_directory.NO_FRAMES, "telemetry": run_directory.NO_TELEMETRY}

Instant = datetime | str | float  # aware, ISO 8601, or seconds of the run
AN_INSTANT = "seconds of the run or an ISO 8601 date-time"


class Recorded:
    """A run directory, complete or as a kill left it; BadInput where it is none."""

    def __init__(self, directory: str | Path, scratch: object = None) -> None:
        self.directory = directory = user_files.path_of(directory, "a run directory")
        self._scratch = (
            scratch  # what holds a temporary directory: it goes when the last one who reads it goes
        )
        self.summary: dict[str, Any] = run_directory.read_summary(directory)

    def __getstate__(self) -> dict[str, Any]:
        """A pickle holds where the recording lies and what was found, not the tables that were asked for."""
        return {name: self.__dict__[name] for name in ("directory", "summary", "_scratch")}

    @property
    def passed(self) -> bool:
        """Has it been judged, without an error?"""
        return self.summary.get("passed") is True

    @property
    def findings(self) -> Findings:
        """What the checks found, a dict each (the page on recordings has its keys); printed, a line each."""
        return Findings(self.summary.get("findings", ()))

    @property
    def start(self) -> datetime:
        """The moment of UTC at which `t` is 0."""
        said = self.summary.get("start")
        try:
            return datetime.fromisoformat(said)  # type: ignore[arg-type]  # TypeError tells
        except (TypeError, ValueError):
            where = self.directory / "summary.json"
            raise BadInput(f"{where}: start must be an ISO 8601 date-time, got {said!r}") from None

    @property
    def tz(self) -> ZoneInfo:
        """The rig's zone, for `table["at"].dt.tz_convert(run.tz)`; UTC where the recording names none."""
        try:
            return ZoneInfo(str(self.summary.get("timezone") or "UTC"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def in_zone(self, tz: tzinfo | str | None) -> Self:
        """The same run with its times in another zone; BadInput for a zone that nobody knows."""
        if tz is None:
            return self
        try:
            name = str(tz) if isinstance(tz, str | ZoneInfo) else tz.tzname(None)
            ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError, AttributeError, TypeError, OSError):
            raise BadInput(f"tz must be a zone such as Europe/Berlin, got {tz!r}") from None
        seen = copy(self)
        seen.summary = self.summary | {"timezone": name}
        return seen

    @property
    def end_s(self) -> float:
        """The last instant recorded, in seconds of the run."""
        rows_s = telemetry.last_s(self.directory / run_directory.TELEMETRY)
        frames_s = last_t(run_directory.messages(self.directory))
        return max(rows_s, frames_s, float(self.summary.get("simulated_s", 0.0)))

    def frames(
        self,
        action: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        replies: bool = False,
    ) -> Iterator[Frame]:
        """Stream the frames of [since, until). With an `action`, its CALLs; `replies` adds their answers.

        NotAvailable where the run was not to record its frames.
        """
        self.refuse_without("messages")
        return self._frames(action, since, until, replies)

    def _frames(
        self, action: str | None, since: Instant | None, until: Instant | None, replies: bool
    ) -> Iterator[Frame]:
        first = "" if since is None else self.wire(since)
        last = LAST if until is None else self.wire(until)
        if action is not None and not (isinstance(action, str) and action.isprintable()):
            raise BadInput(f"action must be the name of one, got {action!r}")
        actions = None if action is None else (action,)
        for head, line in heads(run_directory.messages(self.directory), first, last, actions):
            if action is None or replies or head.kind == "CALL":
                yield frame_of(head, line)

    def keeps(self, part: str) -> bool:
        """Were its `messages`, or its `telemetry`, to be recorded?"""
        return run_directory.keeps(self.summary, part)

    def refuse_without(self, *parts: str) -> None:
        """NotAvailable where one of these was not to be recorded."""
        for part in parts:
            if not self.keeps(part):
                raise NotAvailable(f"{self.directory} {NOT_RECORDED[part]}")

    def seconds(self, instant: Instant) -> float:
        """Seconds of the run at an instant."""
        if isinstance(instant, int | float):
            return float(instant)
        return (_utc(instant) - self.start).total_seconds()

    def wire(self, instant: Instant) -> str:
        """The instant as messages.jsonl writes it, rounded up, so that texts compare as instants do."""
        try:
            epoch_ms = math.ceil((self.start.timestamp() + self.seconds(instant)) * 1000 - 1e-3)
            at = datetime.fromtimestamp(epoch_ms // 1000, UTC)
        except (OverflowError, OSError, ValueError):
            raise BadInput(f"an instant must be {AN_INSTANT}, got {instant!r}") from None
        return f"{at:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03}Z"


def _utc(instant: datetime | str) -> datetime:
    try:
        at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:
        at = None
    if not isinstance(at, datetime):
        raise BadInput(f"an instant must be {AN_INSTANT}, got {instant!r}")
    return at if at.tzinfo else at.replace(tzinfo=UTC)
