"""A quantity that holds from step to step, in seconds of a run."""

from typing import NamedTuple

import numpy as np

from evc5.rigs.recording.reading.columns import Array


class Steps(NamedTuple):
    """`values[n]` holds from `edges_s[n]` until `edges_s[n + 1]`: one edge more than values."""

    edges_s: Array
    values: Array

    def at(self, at_s: Array) -> Array:
        """What holds just after each instant; before and beyond all steps the nearest."""
        k = np.searchsorted(self.edges_s, at_s, side="right") - 1
        return np.asarray(self.values[np.clip(k, 0, len(self.values) - 1)])

    def integral_at(self, at_s: Array) -> Array:
        """Value times seconds, from the first edge to each instant within the steps."""
        sums = np.concatenate([[0.0], np.cumsum(self.values * np.diff(self.edges_s))])
        return np.asarray(np.interp(at_s, self.edges_s, sums))

    def merged(self) -> "Steps":
        """The same with equal neighbours as one."""
        keep = np.append(True, np.diff(self.values) != 0.0)
        return Steps(np.append(self.edges_s[:-1][keep], self.edges_s[-1:]), self.values[keep])
