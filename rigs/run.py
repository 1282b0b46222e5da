"""A run as people work with it: its verdict, its tables, its frames, its plots."""

import math
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rigs import recording, telemetry
from rigs.frames import LAST, Frame, frame_of, heads, last_t

if TYPE_CHECKING:
    import pandas as pd

    from rigs.plots import Plots

Instant = datetime | str | float  # aware, ISO 8601, or seconds of the run


class Run:
    """A recorded run. Tables are pandas DataFrames in UTC, read when first asked for and then kept."""

    def __init__(self, directory: Path, scratch: object = None) -> None:
        self.directory = directory
        self._scratch = (
            scratch  # what holds a temporary directory: it goes when the last one who reads it goes
        )
        self.summary: dict[str, Any] = recording.read_summary(directory)

    @classmethod
    def open(cls, directory: str | Path) -> Self:
        """A run directory, complete or as a kill left it; BadInput where it is none."""
        return cls(Path(directory))

    def save(self, directory: str | Path) -> "Run":
        """Copy the run to another directory; a run there is replaced, anything else refused (BadInput)."""
        target = Path(directory)
        if target.exists() and target.samefile(self.directory):
            return self
        recording.claim(target, self.summary | {"state": "running"})
        shutil.copytree(self.directory, target, dirs_exist_ok=True, ignore=_summary)
        recording.write_summary(target, self.summary)
        return Run.open(target)

    @property
    def passed(self) -> bool:
        """Has it been judged, without an error?"""
        return self.summary.get("passed") is True

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What the checks found: check, requirement, severity, t, connector, expected, actual, message."""
        return list(self.summary.get("findings", ()))

    @property
    def start(self) -> datetime:
        """The moment of UTC at which `t` is 0."""
        return datetime.fromisoformat(self.summary["start"])

    @property
    def end_s(self) -> float:
        """The last instant recorded, in seconds of the run."""
        rows_s = telemetry.last_s(self.directory / recording.TELEMETRY)
        frames_s = last_t(self.directory / recording.MESSAGES)
        return max(rows_s, frames_s, float(self.summary.get("simulated_s", 0.0)))

    @cached_property
    def telemetry(self) -> "pd.DataFrame":
        from rigs.tables import telemetry_table

        return telemetry_table(self.directory)

    @cached_property
    def meter_values(self) -> "pd.DataFrame":
        from rigs.meter_values import meter_values_table

        return meter_values_table(self.directory)

    @cached_property
    def transactions(self) -> "pd.DataFrame":
        from rigs.tables import transactions_table

        return transactions_table(self.directory)

    @cached_property
    def events(self) -> "pd.DataFrame":
        from rigs.tables import events_table

        return events_table(self.directory)

    @cached_property
    def messages(self) -> "pd.DataFrame":
        from rigs.tables import messages_table

        return messages_table(self.directory)

    def frames(
        self,
        action: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        replies: bool = False,
    ) -> Iterator[Frame]:
        """Stream the frames of [since, until). With an `action`, its CALLs; `replies` adds their answers."""
        first = "" if since is None else self.wire(since)
        last = LAST if until is None else self.wire(until)
        actions = None if action is None else (action,)
        for head, line in heads(self.directory / recording.MESSAGES, first, last, actions):
            if action is None or replies or head.kind == "CALL":
                yield frame_of(head, line)

    @property
    def plot(self) -> "Plots":
        from rigs.plots import Plots

        return Plots(self)

    def seconds(self, instant: Instant) -> float:
        """Seconds of the run at an instant."""
        if isinstance(instant, int | float):
            return float(instant)
        return (_utc(instant) - self.start).total_seconds()

    def wire(self, instant: Instant) -> str:
        """The instant as messages.jsonl writes it, rounded up, so that texts compare as instants do."""
        epoch_ms = math.ceil((self.start.timestamp() + self.seconds(instant)) * 1000 - 1e-3)
        at = datetime.fromtimestamp(epoch_ms // 1000, UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03}Z"

    def __repr__(self) -> str:
        verdict = {True: "passed", False: "failed", None: "not judged"}[self.summary.get("passed")]
        return f"<Run {self.directory}: {self.summary.get('state')}, {verdict}>"


def _summary(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name == recording.SUMMARY or name.endswith(".partial")]


def _utc(instant: datetime | str) -> datetime:
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at if at.tzinfo else at.replace(tzinfo=UTC)
