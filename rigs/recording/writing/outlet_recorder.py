"""Watches one outlet of the world and the channel that drives it, and tells telemetry of every change."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from evc5.models.timeline import SAMPLE, Timeline
from evc5.models.units import made
from evc5.rigs.recording.writing.spans import Phases, Segment, Span

if TYPE_CHECKING:
    from evc5.rigs.recording.writing.telemetry_writer import TelemetryWriter


class Outlet(Protocol):
    """What is watched of the world's end of one connector."""

    on_segment: list[Callable[[Any], None]]

    @property
    def connector(self) -> int: ...
    @property
    def offered_a(self) -> float: ...
    @property
    def segment(self) -> Segment: ...


class Channel(Protocol):
    """What is watched of the controller's end of one connector."""

    on_change: list[Callable[[Any], None]]

    @property
    def status(self) -> str: ...
    @property
    def limited_by(self) -> str: ...
    @property
    def allocated_a(self) -> Phases: ...
    @property
    def offered_a(self) -> Phases: ...


class Watch:
    """Begins a new span whenever the segment or the channel changed, once per instant, after it has settled.

    Without a channel (the electrical world alone) status and limit stay null. Without a writer nothing is
    told of it, and it is there to be asked.
    """

    def __init__(
        self,
        outlet: Outlet,
        channel: Channel | None,
        timeline: Timeline,
        writer: "TelemetryWriter | None",
    ) -> None:
        self.connector = outlet.connector
        self._outlet = outlet
        self._channel = channel
        self._timeline = timeline
        self._writer = writer
        self._marked = self._forced = False
        self._last: Span | None = None
        if writer is None:
            return
        outlet.on_segment.append(self._changed)
        if channel is not None:
            channel.on_change.append(self._changed)
        self.mark()

    def mark(self, forced: bool = False) -> None:
        """Look at this connector when the instant has settled; `forced`: a row even if nothing changed."""
        self._forced |= forced
        if self._writer is not None and not self._marked:
            self._marked = True
            self._timeline.soon(self.settle, SAMPLE)

    def settle(self) -> None:
        """Take over the state as it is now, where there was reason to look."""
        if self._writer is None or not self._marked:
            return
        span = self.span(self._timeline.now)
        if self._forced or not span.goes_on(self._last):
            self._writer.begin(self.connector, span)
            self._last = span
        self._marked = self._forced = False

    def span(self, t_s: float) -> Span:
        """The state as it is now."""
        channel = self._channel
        segment = self._outlet.segment
        if channel is None:
            amps = self._outlet.offered_a
            return Span(t_s, segment, None, None, (amps, amps, amps), (amps, amps, amps))
        values = (t_s, segment, channel.status, channel.limited_by, channel.allocated_a, channel.offered_a)
        return made(Span, values)

    def _changed(self, _: Any) -> None:
        if not self._marked:  # of whatever changes within an instant the first is enough
            self.mark()
