"""How much strangers may ask of a back office: stations at once, frames and bytes a second."""

import time
from collections.abc import Callable
from typing import NamedTuple

from evc5.rigs.errors import BadInput

SPARE_DESCRIPTORS = 64  # for what else a process opens: its log, libraries, the files of a moment
try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]


class Limits(NamedTuple):
    """What is served at most. All assumed: far above what a charge point of OCPP 1.6 has to say."""

    stations: int = 500  # on the line at once
    identities: int = 10_000  # ever, in one run: each has a recording
    frames_per_s: float = 2_000.0  # of one charge point
    bytes_per_s: float = float(8 << 20)  # of one charge point

    def make_room(self, sockets: int = 1) -> None:
        """Let this process open so many sockets a station; BadInput where the system does not."""
        if resource is None:
            return
        needed = sockets * self.stations + SPARE_DESCRIPTORS
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and needed > hard:
            most = (hard - SPARE_DESCRIPTORS) // sockets
            raise BadInput(f"--max-stations must be <= {most} (ulimit -n is {hard}), got {self.stations}")
        if soft not in (resource.RLIM_INFINITY,) and needed > soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


DEFAULTS = Limits()


class Allowance:
    """What one charge point may still send now: a second's worth at once, then at its rate."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._left = {"frames": limits.frames_per_s, "bytes": limits.bytes_per_s}
        self._rates = dict(self._left)

    def take(self, size: int) -> tuple[float, str]:
        """Count a frame of so many bytes: for how many seconds to read no further, and what is too much."""
        now = self._clock()
        passed_s = now - self._since
        self._since = now
        for what, spent in (("frames", 1), ("bytes", size)):
            rate = self._rates[what]
            self._left[what] = min(rate, self._left[what] + passed_s * rate) - spent
        worst = min(self._left, key=lambda what: self._left[what] / self._rates[what])
        wait_s = max(0.0, -self._left[worst] / self._rates[worst])
        return wait_s, f"more than {self._rates[worst]:,.0f} {worst} a second" if wait_s else ""
