"""Meter values as the mean over an interval: the reading of 9.1.5 that averages (policy `clock_values`)."""

from evc5.models.outlet import Outlet
from evc5.models.supply import Three
from evc5.twin.connector.channel import Channel
from evc5.twin.sessions.metering import REGISTERS, SOC, Row, flat

# Gauss-Legendre with three points is exact for polynomials up to degree 5; Abramowitz & Stegun 25.4.29.
_NODES = ((0.1127016653792583, 5 / 18), (0.5, 8 / 18), (0.8872983346207417, 5 / 18))
PIECE_S = 60.0  # the longest stretch one such sum stands for; assumed short beside anything that bends


class Average:
    """The mean of one channel's row since `begin`; registers are told as they stand at its end."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._outlet = channel.outlet
        self._segment = self._outlet.segment
        self._offered_a = channel.offered_a
        self._since_s = self._segment.t0_s
        self._sums: list[float] = []
        self._soc_s = self._seconds = 0.0
        self._outlet.on_segment.append(self._segment_began)

    def begin(self, now_s: float) -> None:
        """An interval begins here."""
        self._since_s = now_s
        self._sums = []
        self._soc_s = 0.0
        self._seconds = 0.0

    def mean(self, now_s: float) -> Row:
        """The row of the interval up to now."""
        self._add(now_s)
        last = self._row(now_s)
        return last if self._seconds <= 0.0 else tuple(map(self._of, range(len(last)), self._sums, last))

    def _of(self, index: int, total: float, last: float | None) -> float | None:
        if index in REGISTERS or last is None:
            return last
        return total / (self._soc_s if index == SOC else self._seconds)

    def _segment_began(self, outlet: Outlet) -> None:
        self._add(outlet.segment.t0_s)
        self._segment = outlet.segment
        self._offered_a = self._channel.offered_a

    def _add(self, to_s: float) -> None:
        """Integrate the present segment up to here."""
        while self._since_s < to_s:
            piece_s = min(PIECE_S, to_s - self._since_s)
            for node, weight in _NODES:
                self._weigh(self._row(self._since_s + node * piece_s), weight * piece_s)
            self._since_s += piece_s

    def _weigh(self, row: Row, seconds: float) -> None:
        self._sums = [
            total + (value or 0.0) * seconds
            for total, value in zip(self._sums or [0.0] * len(row), row, strict=True)
        ]
        self._seconds += seconds
        self._soc_s += seconds if row[SOC] is not None else 0.0

    def _row(self, t_s: float) -> Row:
        offered_a: Three = self._offered_a
        return flat(self._outlet.spec.meter.tells(self._segment, t_s), offered_a)
