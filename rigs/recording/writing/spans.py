"""What telemetry is made of: the state of a connector from one change to the next."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

Phases = tuple[float, float, float]


class Segment(Protocol):
    """The electrical solution of one outlet, from one change to the next."""

    @property
    def varies(self) -> bool: ...
    @property
    def pilot(self) -> str: ...
    @staticmethod
    def rows(segments: Sequence[Any], t_s: np.ndarray, counts: Sequence[int]) -> Mapping[str, np.ndarray]:
        """Columns of numbers, of segments of one outlet, each at so many of the instants."""
        ...


class Span(NamedTuple):
    """What holds for one connector from `t_s` until the next span."""

    t_s: float
    segment: Segment
    status: str | None
    limited_by: str | None
    allocated_a: Phases
    offered_a: Phases

    def goes_on(self, before: "Span | None") -> bool:
        """Does it only say again what held before?"""
        return before is not None and self.segment is before.segment and self[2:] == before[2:]
