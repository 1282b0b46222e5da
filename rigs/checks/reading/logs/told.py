"""What a log tells of itself, whoever reads it."""

from collections.abc import Callable
from typing import NamedTuple

Progress = Callable[[float, float], None]  # letters so far, of about how many


class Told(NamedTuple):
    """What a log tells of itself besides its frames.

    `clock`: told (its times have a zone), learned (from the CSMS's currentTime, or from the user), station
    (no clock but the stations' own stamps), csms (no times but what the frames tell, the CSMS's among them).
    """

    stations: tuple[str, ...]
    version: str
    vendor: str
    clock: str
    end: str
    notes: tuple[str, ...]
    records: tuple[bool, ...] = (True, False)  # whose frames it holds: up, down or both
    files: tuple[tuple[int, str], ...] = ()  # of several: the number of its first line, its name

    def place(self, number: int) -> tuple[str | None, int]:
        """The file and its own line that a line of the whole stands for; one file needs no name."""
        before = [(first, name) for first, name in self.files if first <= number]
        if not before:
            return None, number
        first, name = before[-1]
        return name, number - first + 1

    @property
    def knows_clock(self) -> bool:
        """Are its times of a known offset to UTC, and not the stations' own stamps?"""
        return self.clock in ("told", "learned")

    @property
    def behaviour(self) -> str:
        return "evc5-v32r30" if "ecotap" in self.vendor.lower() else "ocpp16"
