"""On how many phases a connector charges, and what that makes of a limit in watts.

A limit in watts is the total over all phases (OCPP 1.6 7.12), whatever the relays can do and whatever the car
uses: it is spread over the phases that conduct, never over fewer. Amperes hold on each phase.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from evc5.models.units import NOMINAL_V
from evc5.twin.charging.schedule import Cap
from evc5.twin.connector.phase_switch import phases_for_watts


class Wiring(NamedTuple):
    """The phases an outlet is wired for, and whether relays can leave it on one of them."""

    wired: int = 3
    relays: bool = True

    def conducting(self, asked: int | None) -> int:
        """How many conduct where a profile asks for so many: the next number that the relays can do."""
        return 1 if asked == 1 and self.relays else self.wired


class Outlook(NamedTuple):
    """One connector as its limits meet it: its wiring, the phases it is on, those its car uses, if known.

    `minimum_a` is the least that it can be offered, `more_a` what its car is offered above it to begin.
    """

    wiring: Wiring = Wiring()
    phases: int = 3
    car: int | None = None
    minimum_a: float = 6.0  # IEC 61851-1
    more_a: float = 0.0


class PhaseRules(NamedTuple):
    """The policies `merge_phases`, `watts_to_amps` and `phases_impossible`."""

    fewest: bool = True  # of several profiles the fewest numberPhases count; else those of the lower limit
    in_use: bool = False  # watts over the phases in use; else over numberPhases at least
    pauses: bool = False  # nothing flows where fewer phases are asked for than the relays can do

    @classmethod
    def of(cls, policies: Mapping[str, str]) -> "PhaseRules":
        return cls(
            policies["merge_phases"] == "minimum",
            policies["watts_to_amps"] == "phases-in-use",
            policies["phases_impossible"] == "pause",
        )

    def asked(self, caps: Sequence[Cap]) -> int | None:
        """The numberPhases of several caps together; None where none gives any."""
        if not [cap for cap in caps if cap.phases is not None]:
            return None
        if self.fewest:
            return min(cap.width for cap in caps)
        return min(caps, key=lambda cap: cap.amps).width  # the first wins a tie

    def conducting(self, caps: Sequence[Cap], outlook: Outlook) -> int:
        """On how many phases to charge under these caps."""
        asked = self.asked(caps)
        wiring = outlook.wiring
        if self.in_use and wiring.relays and asked != 1:
            watts = [cap.watts for cap in caps if cap.watts is not None]
            if watts:
                return min(phases_for_watts(min(watts), outlook.phases), wiring.wired)
        return wiring.conducting(asked)

    def is_impossible(self, caps: Sequence[Cap], wiring: Wiring) -> bool:
        """Does the policy have it pause, since more phases conduct than are asked for?"""
        asked = self.asked(caps) if self.pauses else None
        return asked is not None and asked < wiring.conducting(asked)

    def used(self, phases: int, car: int | None) -> int:
        """Of so many phases that conduct, those that a limit in watts is reckoned over."""
        return min(phases, car) if self.in_use and car else phases

    def offer_a(self, cap: Cap, outlook: Outlook) -> float:
        """What a cap leaves on each phase of a connector."""
        amps = self.amps(cap, outlook.wiring, self.used(outlook.phases, outlook.car))
        return max(amps, self.trial_a(cap, [outlook])) if self.in_use else amps

    def trial_a(self, cap: Cap, outlooks: Iterable[Outlook]) -> float:
        """What cars of unknown phases may begin with: the least or more, as far as one phase may have it.

        Else none could begin under watts that are too few for all phases, and show that it uses fewer. One
        that uses all exceeds them for as long as it takes to be told so.
        """
        tried_a = [one.minimum_a + one.more_a for one in outlooks if self._may_try(cap, one)]
        return min(max(tried_a), self._one_phase_a(cap)) if tried_a else 0.0

    def is_trial(self, cap: Cap, outlook: Outlook) -> bool:
        """Is a car to show by its current that it may have more than the watts are over all that conduct?"""
        return outlook.phases > 1 and self._may_try(cap, outlook)

    def _may_try(self, cap: Cap, outlook: Outlook) -> bool:
        return self.in_use and outlook.car is None and self._one_phase_a(cap) >= outlook.minimum_a

    @staticmethod
    def _one_phase_a(cap: Cap) -> float:
        """Watts over a single phase; amperes leave it nothing beyond what they leave each."""
        return 0.0 if cap.watts is None else cap.watts / NOMINAL_V

    def amps(self, cap: Cap, wiring: Wiring, used: int) -> float:
        """What a cap leaves on each phase where so many are used."""
        return cap.amps if cap.watts is None else cap.watts / self._per_amp_w(cap, wiring, used)

    def hint_a(self, cap: Cap, wiring: Wiring, used: int) -> float:
        """Its minChargingRate likewise; 0 without one."""
        least = cap.min_rate or 0.0
        return least if cap.watts is None else least / self._per_amp_w(cap, wiring, used)

    def _per_amp_w(self, cap: Cap, wiring: Wiring, used: int) -> float:
        phases = used if self.in_use else max(wiring.conducting(cap.phases), used)
        return NOMINAL_V * phases
