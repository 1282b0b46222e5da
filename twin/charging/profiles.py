"""The charging profiles a charge point holds: installed, replaced, cleared, and what they say at an instant.

All instants are UTC epoch seconds. Profiles outlive a reboot (ER 3.37), a TxProfile only its transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any, NamedTuple

from evc5.twin.charging import composite
from evc5.twin.charging.acceptance import ActiveTransaction, Capacity, Gate
from evc5.twin.charging.phases import Outlook, PhaseRules
from evc5.twin.charging.profile import (
    CHARGE_POINT_MAX,
    TX,
    TX_DEFAULT,
    ChargingProfile,
    Policies,
    Rejected,
    Wire,
)
from evc5.twin.charging.schedule import Cap, Schedule, prevailing, to_ms, to_s
from evc5.twin.ocpp.frames import Refusal
from evc5.twin.sheet.policies import POLICIES

__all__ = ["ActiveTransaction", "Capacity", "Limit", "ProfileStore", "Refusal"]

FIELDS: Mapping[str, Callable[[ChargingProfile], Any]] = {  # of ClearChargingProfile.req, 6.13
    "id": lambda profile: profile.id,
    "connectorId": lambda profile: profile.connector,
    "chargingProfilePurpose": lambda profile: profile.purpose,
    "stackLevel": lambda profile: profile.stack_level,
}


class Limit(NamedTuple):
    """What profiles say now, and until when; amps None: no profile speaks."""

    amps: float | None = None  # per phase, over the profile's own numberPhases
    phases: int | None = None  # numberPhases as given; None: not said
    until_epoch_s: float | None = None  # None: until profiles or transactions change
    watts: float | None = None  # the limit as given, where it was in watts

    @property
    def cap(self) -> Cap | None:
        return None if self.amps is None else Cap(self.amps, self.phases, self.watts)


UNSAID = Limit()  # where no profile is installed


class ProfileStore:
    """Holds the profiles of `connectors` connectors under the policies of a behaviour."""

    def __init__(
        self, policies: Policies | None = None, connectors: int = 2, capacity: Capacity | None = None
    ) -> None:
        defaults = {name: policy.choices[0] for name, policy in POLICIES.items()}
        self._policies = {**defaults, **(policies or {})}
        self._connectors = connectors
        self.capacity = capacity or Capacity()
        self.rules = PhaseRules.of(self._policies)
        self.on_change: list[Callable[[], None]] = []  # called when other profiles are installed than before
        self._hold([])

    @property
    def installed(self) -> tuple[ChargingProfile, ...]:
        return self._installed

    def empty(self) -> "ProfileStore":
        """One like this without any profile."""
        return ProfileStore(self._policies, self._connectors, self.capacity)

    # What the CSMS asks

    def install(
        self, connector: int, wire: Wire, *, transaction: ActiveTransaction | None, epoch_s: float
    ) -> str:
        """SetChargingProfile's status; raises `Refusal` for a CALLERROR. Unless Accepted, nothing changes.

        `wire` fits its JSON schema; `transaction` is the one running on `connector`.
        """
        return self._install(connector, wire, epoch_s, transaction)

    def takes_with_start(self, connector: int, wire: Wire, *, epoch_s: float) -> bool:
        """Would `install_with_start` accept it? Raises `Refusal` for a CALLERROR."""
        try:
            self._read(connector, wire, epoch_s, None, with_start=True)
        except Rejected:
            return False
        return True

    def install_with_start(self, connector: int, wire: Wire, *, epoch_s: float) -> str:
        """The same for a chargingProfile in RemoteStartTransaction, whose transaction is about to begin."""
        return self._install(connector, wire, epoch_s, None, with_start=True)

    def clear(self, filters: Wire) -> bool:
        """ClearChargingProfile by its payload: was there anything that matched all its fields?"""
        wanted = {name: filters[name] for name in FIELDS if name in filters}
        if "id" in wanted and self._policies["clear_id_with_filters"] == "id":  # ER 3.26; ER 3.25 differs
            wanted = {"id": wanted["id"]}
        return self._drop(lambda p: all(FIELDS[name](p) == value for name, value in wanted.items()))

    def composite(
        self,
        connector: int,
        epoch_s: float,
        duration_s: int,
        unit: str | None = None,
        *,
        began_epoch_s: Mapping[int, float],
        local_a: Mapping[int, float],
        station_a: float = inf,
        outlooks: Mapping[int, Outlook] | None = None,
    ) -> dict[str, Any]:
        """GetCompositeSchedule's answer; raises `Refusal` for a CALLERROR.

        `began_epoch_s`: when the running transactions began, by connector. `local_a`: what every connector
        is rated at, `station_a`: what the station is, both in A per phase. `outlooks`: the phases of each;
        None: three, with relays.
        """
        unit = unit or self.capacity.units[0]
        composite.check(unit, duration_s)
        if not 0 <= connector <= self._connectors or unit not in self.capacity.units:
            return {"status": "Rejected"}
        unlimited = self._policies["gap"] == "unlimited"
        seen = {each: Outlook() for each in local_a} if outlooks is None else outlooks
        layers = composite.Layers(self._stacks, self.rules, seen, local_a, station_a, unlimited)
        guesses = self._policies["relative_without_transaction"] == "from-query"
        begun = composite.Begun.of(began_epoch_s, epoch_s if guesses else None)
        try:
            return composite.answer(composite.Query(connector, epoch_s, duration_s, unit), layers, begun)
        except Rejected:
            return {"status": "Rejected"}

    # What the controller asks

    def limit(self, connector: int, epoch_s: float, began_epoch_s: float | None = None) -> Limit:
        """What TxProfile, or else TxDefaultProfile, allows `connector`, whose transaction began then."""
        return self._limit(self._stacks[connector], epoch_s, began_epoch_s)

    def station_limit(self, epoch_s: float, began_epoch_s: float | None = None) -> Limit:
        """What ChargePointMaxProfile allows all connectors together.

        `began_epoch_s`: of the oldest running transaction; a Relative profile counts from there (assumed).
        """
        return self._limit(self._stacks[0], epoch_s, began_epoch_s)

    def transaction_ended(self, connector: int) -> None:
        """Forget the TxProfiles of `connector` (3.13.1)."""
        self._drop(lambda profile: profile.purpose == TX and profile.connector == connector)

    # What survives a reboot

    def dump(self) -> list[dict[str, Any]]:
        return [
            {"connectorId": p.connector, "csChargingProfiles": dict(p.wire), "received": p.received_epoch_s}
            for p in self._installed
        ]

    def load(self, dumped: Iterable[Wire]) -> None:
        """Hold exactly what `dump` told."""
        rows = [(row["connectorId"], row["csChargingProfiles"], row["received"]) for row in dumped]
        self._hold([ChargingProfile.parse(*row, self._policies) for row in rows])

    # Within

    def _install(
        self,
        connector: int,
        wire: Wire,
        epoch_s: float,
        transaction: ActiveTransaction | None,
        with_start: bool = False,
    ) -> str:
        try:
            profile = self._read(connector, wire, epoch_s, transaction, with_start)
        except Rejected:
            return "Rejected"
        self._hold([*(other for other in self._installed if not profile.replaces(other)), profile])
        return "Accepted"

    def _read(
        self,
        connector: int,
        wire: Wire,
        epoch_s: float,
        transaction: ActiveTransaction | None,
        with_start: bool,
    ) -> ChargingProfile:
        """A profile that may be installed; `Rejected` or `Refusal` for any other."""
        profile = ChargingProfile.parse(connector, wire, epoch_s, self._policies)
        gate = Gate(self._connectors, self.capacity, self._policies)
        gate.check(profile, self._installed, transaction, with_start)
        return profile

    def _drop(self, unwanted: Callable[[ChargingProfile], bool]) -> bool:
        kept = [profile for profile in self._installed if not unwanted(profile)]
        found = len(kept) < len(self._installed)
        if found:
            self._hold(kept)
        return found

    def _hold(self, profiles: Iterable[ChargingProfile]) -> None:
        """Have `profiles` installed, ordered by precedence, so that an instant only asks down a stack."""
        self._installed = tuple(profiles)
        self._stacks = {0: self._stack(0, CHARGE_POINT_MAX)}
        for connector in range(1, self._connectors + 1):
            self._stacks[connector] = self._stack(connector, TX) + self._stack(connector, TX_DEFAULT)
        for tell in self.on_change:
            tell()

    def _stack(self, connector: int, purpose: str) -> tuple[Schedule, ...]:
        """The schedules of one purpose that apply to a connector, the prevailing first (3.13.1, 3.13.2)."""
        mine = [p for p in self._installed if p.purpose == purpose and p.connector in (0, connector)]
        if len(mine) > 1:
            mine.sort(key=self._precedence, reverse=True)
        return tuple([profile.schedule for profile in mine])

    def _precedence(self, profile: ChargingProfile) -> tuple[bool, int, bool]:
        own = profile.connector > 0
        own_first = self._policies["txdefault_precedence"] == "connector"
        return own and own_first, profile.stack_level, own

    def _limit(self, stack: tuple[Schedule, ...], epoch_s: float, began_epoch_s: float | None) -> Limit:
        if not stack:
            return UNSAID
        began_ms = None if began_epoch_s is None else to_ms(began_epoch_s)
        cap, until_ms = prevailing(stack, to_ms(epoch_s), began_ms)
        if cap is None:
            return Limit(until_epoch_s=to_s(until_ms))
        return Limit(cap.amps, cap.phases, to_s(until_ms), cap.watts)
