"""The seam to the network: one OCPP text frame. The memory link joins both ends inside one process."""

from collections.abc import Callable
from typing import Protocol

from evc5.models.timeline import INPUT, Timeline

Text = Callable[[str], None]
Record = Callable[[float, bool, str, bool], None]  # t_s, up, text, lost


class LinkListener(Protocol):
    """What a link tells the charge point's end."""

    def on_text(self, text: str) -> None: ...
    def on_link_down(self) -> None: ...
    def on_link_ready(self) -> None:
        """A socket that `connect` could not open at once can be had now."""
        ...


class Link(Protocol):
    """What the charge point's agent sees of the network."""

    connected: bool
    station: LinkListener

    def connect(self) -> bool:
        """Try to open the socket; False where nobody answers."""
        ...

    def send(self, text: str) -> None: ...

    def close(self) -> None:
        """The charge point closes the socket itself, as before a reset."""
        ...

    def drop(self) -> None:
        """The charge point is gone without a word, as in a power loss."""
        ...


class FaultyLink(Link, Protocol):
    """What the bench can do to the network beneath a link."""

    def down(self) -> None:
        """The socket is gone and cannot be opened until `up`."""
        ...

    def silent(self) -> None:
        """The socket stays open, but no frame passes in either direction until `up`."""
        ...

    def up(self) -> None: ...


class MemoryLink:
    """A socket between the agent and an embedded CSMS, with a modelled latency and two faults.

    A frame up reaches the CSMS at once; a frame down reaches the station `latency_s` later, so a reply takes
    `latency_s`. `down` closes the socket; `silent` keeps it open and lets nothing pass.
    """

    def __init__(self, timeline: Timeline, latency_s: float, record: Record) -> None:
        if latency_s < 0:
            raise ValueError(f"latency_s must be >= 0, got {latency_s}")
        self._timeline = timeline
        self.latency_s = latency_s
        self._record = record
        self.station: LinkListener
        self.to_csms: Text
        self.on_csms_open: Callable[[], None]
        self.on_csms_close: Callable[[], None]
        self.connected = False
        self.available = True  # is there a network to connect over?
        self.is_silent = False
        self._socket = 0  # counts connections: a frame belongs to the socket it was sent on

    # --- the charge point's end ---

    def connect(self) -> bool:
        if not self.available or self.is_silent:
            return False
        self.connected = True
        self._socket += 1
        self.on_csms_open()
        return True

    def send(self, text: str) -> None:
        lost = self.is_silent or not self.connected
        self._record(self._timeline._now, True, text, lost)
        if not lost:
            self.to_csms(text)

    def close(self) -> None:
        if self.connected:
            self.connected = False
            self.on_csms_close()

    drop = close

    # --- the CSMS's end ---

    def send_down(self, text: str) -> None:
        timeline = self._timeline
        socket = self._socket
        timeline.at(timeline._now + self.latency_s, lambda: self._deliver(text, socket), INPUT)

    def _deliver(self, text: str, socket: int) -> None:
        lost = self.is_silent or not self.connected or socket != self._socket
        self._record(self._timeline._now, False, text, lost)
        if not lost:
            self.station.on_text(text)

    # --- the network's faults ---

    def down(self) -> None:
        """The socket is gone and cannot be opened until `up`."""
        self.available = False
        if self.connected:
            self.connected = False
            self.on_csms_close()
            self.station.on_link_down()

    def silent(self) -> None:
        """The socket stays open, but no frame passes in either direction until `up`."""
        self.is_silent = True

    def up(self) -> None:
        self.available = True
        self.is_silent = False
