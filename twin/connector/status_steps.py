"""A connector's status as its facts change: each step as OCPP 1.6 4.9 allows it, told with its error code."""

from collections.abc import Callable

from evc5.twin.connector.faults import FaultRow
from evc5.twin.connector.status import (
    AVAILABLE,
    FINISHING,
    PREPARING,
    SUSPENDED_EV,
    UNAVAILABLE,
    Facts,
    status_of,
    steps,
)

NO_FAULT = FaultRow("NoError", faulted=False)
EV_SIDE = "EV side disconnected"  # 4.9


class ConnectorStatus:
    """Facts, the status that they call for, and what goes with it; `on_status` hears every step.

    `fault` is the one in force; its error code stays with the status until the status after it is told.
    `quiet`: what would be told as Preparing is not told, until the car has answered an offer or has not.
    """

    def __init__(self) -> None:
        self.facts = Facts()
        self.status = AVAILABLE
        self.fault = NO_FAULT
        self.error_code = NO_FAULT.error_code
        self.note = ""  # goes with SuspendedEV and Finishing
        self.quiet = False
        self.awake = True  # is the firmware running?
        self.on_status: list[Callable[[str], None]] = []
        self._fault_info = ""
        self._told = (self.error_code, "")
        self._told_of: Facts | None = None  # what they call for has been told

    @property
    def info(self) -> str:
        """What StatusNotification has to say besides status and error code."""
        return self._fault_info or self.note

    def begin(self, plugged: bool, operative: bool) -> None:
        """The firmware starts: until it has looked, the connector counts as unused."""
        self.awake = True
        self.note = ""
        self.facts = Facts(plugged=plugged, operative=operative)
        self.status = AVAILABLE if operative else UNAVAILABLE
        self.fault = NO_FAULT
        self.error_code = NO_FAULT.error_code
        self._fault_info = ""

    def die(self) -> None:
        self.awake = self.quiet = False

    def note_facts(self, **changes: bool) -> None:
        """Take facts in without telling yet what they make of the status."""
        self.facts = self.facts._replace(**changes)

    @property
    def is_told(self) -> bool:
        """Has been told what the facts call for, as they are?"""
        return self._told_of is self.facts

    def update(self, **changes: bool) -> None:
        """Take facts in, and tell where they lead."""
        self.note_facts(**changes)
        facts = self.facts
        status = status_of(facts)
        if not self.awake or (self.quiet and status == PREPARING):
            return
        was_quiet = self.quiet
        self.quiet = False
        for step in steps(self.status, status, facts.plugged):
            self._announce(step)
        if was_quiet:
            self.announce_news()
        self._told_of = facts

    def announce_news(self) -> None:
        """The status may be as it was and yet have something new to it; in a quiet that waits."""
        news = (self.fault.error_code, self.fault.info or self.note)
        if self.awake and not self.quiet and self._told != news:
            self._announce(self.status)

    def _announce(self, status: str) -> None:
        self.status = status
        if status not in (SUSPENDED_EV, FINISHING):
            self.note = ""
        self.error_code, self._fault_info = self.fault.error_code, self.fault.info
        self._told = (self.error_code, self.info)
        for tell in self.on_status:
            tell(status)
