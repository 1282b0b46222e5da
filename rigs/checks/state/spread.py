"""What a limit in watts is on each phase of the station judged: its total over those that conduct (7.12).

Relays know one phase and all that are wired; whoever asks for fewer than they can do gets all of them.
"""

from collections.abc import Iterable

import numpy as np

from evc5.rigs.checks.reading.through_time import Array, in_force
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.profiles import MINIMUM_A, NO_LIMIT, VOLTS, Cap

LEAST = "chg_MinChargingCurrent"


class Spread:
    """Knows how many phases conduct, as far as header, keys and policies tell."""

    def __init__(self, context: Context) -> None:
        self._evidence, self._keys = context.evidence, context.history.keys
        self.in_use = context.policies.get("watts_to_amps") == "phases-in-use"
        self._pauses = context.policies.get("phases_impossible") == "pause"
        self._fewest = context.policies.get("merge_phases", "minimum") == "minimum"

        self.assumed = 3  # phases wired, where no header says

    @property
    def wirings(self) -> tuple[int, ...]:
        """How many phases may be wired: what the header says, else any."""
        return (self._evidence.phases,) if self._evidence.phases else (3, 1, 2)

    @property
    def wired(self) -> int:
        return self._evidence.phases or self.assumed

    @property
    def switches(self) -> bool:
        return bool(self._keys.flag("ConnectorSwitch3to1PhaseSupported"))

    @property
    def follows_more(self) -> bool:
        """Do amperes follow from more than the limit itself: the car, or the other profile's phases?"""
        return self.in_use or (not self._fewest and (self.switches or self._pauses))

    def conducting(self, asked: int | None) -> int:
        return 1 if asked == 1 and self.switches else self.wired

    def stops(self, asked: int | None) -> bool:
        """Does the policy have nothing flow, as fewer phases are asked for than can be?"""
        return self._pauses and asked is not None and asked < self.conducting(asked)

    def hangs_on_other(self, cap: Cap | None) -> bool:
        """Does it stop what another profile lets go on, by asking for the one phase that relays can do?"""
        return (
            self._fewest and self.switches and cap is not None and cap.phases != 1 and self.stops(cap.phases)
        )

    def may_be_outdone(self, caps: Iterable[Cap | None], others: Iterable[Cap | None]) -> bool:
        """Where the lower limit's phases count, may those of others count, and not these?"""
        lowest = min((other.amps for other in others if other is not None), default=NO_LIMIT)
        return not self._fewest and any(cap is not None and cap.amps >= lowest for cap in caps)

    def least_a(self, epoch_s: float) -> float:
        """Below it a channel pauses: the standard's minimum, or a higher one of the station's own."""
        own = self._keys.text(LEAST, epoch_s)
        try:
            return max(MINIMUM_A, float(own)) if own else MINIMUM_A
        except ValueError:
            return MINIMUM_A

    def least_each(self, epoch_s: Array) -> Array:
        """The same at each of these instants, which are in order."""
        if not len(epoch_s):
            return np.zeros(0)
        since = [float(epoch_s[0]), *self._keys.changes(float(epoch_s[0]), LEAST)]
        return in_force(epoch_s, since, [self.least_a(one) for one in since])

    def amps(self, cap: Cap, conducting: int = 0) -> float:
        """On each phase; watts over those in use may all go over one (ER 3.34).

        Another profile may let go on what asks for too few by itself.
        """
        if self._fewest and self.stops(cap.phases) and not self.hangs_on_other(cap):
            return 0.0
        if cap.watts is None:
            return cap.amps
        return cap.watts / (VOLTS * (1 if self.in_use else max(self.conducting(cap.phases), conducting)))
