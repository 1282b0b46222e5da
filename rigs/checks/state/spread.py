"""What a limit in watts is on each phase of the station judged: its total over those that conduct (7.12).

Relays know one phase and all that are wired; whoever asks for fewer than they can do gets all of them.
"""

from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.profiles import VOLTS, Cap


class Spread:
    """Knows how many phases conduct, as far as header, keys and policies tell."""

    def __init__(self, context: Context) -> None:
        self._evidence, self._keys = context.evidence, context.history.keys
        self.in_use = context.policies.get("watts_to_amps") == "phases-in-use"
        self._pauses = context.policies.get("phases_impossible") == "pause"
        self._fewest = context.policies.get("merge_phases", "minimum") == "minimum"

    @property
    def wired(self) -> int:
        return self._evidence.phases or 3

    @property
    def switches(self) -> bool:
        return (self._keys.text("ConnectorSwitch3to1PhaseSupported") or "").lower() == "true"

    @property
    def follows_more(self) -> bool:
        """Do amperes follow from more than the limit itself: the car, or the other profile's phases?"""
        return self.in_use or (self.switches and not self._fewest)

    def conducting(self, asked: int | None) -> int:
        return 1 if asked == 1 and self.switches else self.wired

    def stops(self, asked: int | None) -> bool:
        """Does the policy have nothing flow, as fewer phases are asked for than can be?"""
        return self._pauses and asked is not None and asked < self.conducting(asked)

    def amps(self, cap: Cap, conducting: int = 0) -> float:
        """On each phase; watts over those in use may all go over one (ER 3.34)."""
        if self.stops(cap.phases):
            return 0.0
        if cap.watts is None:
            return cap.amps
        return cap.watts / (VOLTS * (1 if self.in_use else max(self.conducting(cap.phases), conducting)))
