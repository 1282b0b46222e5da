"""The socket as the charge point keeps it: opened, and opened again with back-off."""

from evc5.models.timeline import CONTROL, Action, Alarm, Timeline
from evc5.twin.line.link import Link

RECONNECT_S = (10.0, 20.0, 40.0, 80.0, 160.0, 180.0)  # the last repeats; assumed (3 min seen on EVC4)


class Connection:
    """Opens the link and tells when it is open and when it is gone."""

    def __init__(self, timeline: Timeline, link: Link, on_open: Action, on_gone: Action) -> None:
        self._timeline = timeline
        self._link = link
        self._on_open = on_open
        self._on_gone = on_gone
        self._failures = 0
        self._hang_ups = 0
        self._reconnect = Alarm(timeline, self.open, CONTROL)

    def open(self) -> None:
        """Open the socket, or try again after the back-off."""
        self._reconnect.clear()
        if not self._link.connect():
            self._wait(self._failures)
            self._failures += 1
            return
        self._failures = 0
        self._on_open()

    def lost(self) -> None:
        """The socket closed under us."""
        self._on_gone()
        self.open()

    def hang_up(self) -> None:
        """End this connection, and dial again; each time this happens it takes longer."""
        self._link.close()
        self._on_gone()
        self._wait(self._hang_ups)
        self._hang_ups += 1

    def die(self) -> None:
        """The firmware stops: the socket is closed, nothing is waited for."""
        self._reconnect.clear()
        self._failures = 0
        self._link.close()

    def _wait(self, attempts: int) -> None:
        self._reconnect.set(self._timeline.now + RECONNECT_S[min(attempts, len(RECONNECT_S) - 1)])
