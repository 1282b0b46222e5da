"""Whether a charge point takes a charging profile in: `Rejected`, or `Refusal` where a policy says so."""

from collections.abc import Iterable
from typing import NamedTuple

from evc5.twin.charging.profile import CHARGE_POINT_MAX, TX, ChargingProfile, Policies, Rejected
from evc5.twin.ocpp.frames import Refusal
from evc5.twin.sheet.configuration import Configuration

RATE_UNITS = {"current": "A", "power": "W"}  # OCPP 1.6 9.4.2


class Capacity(NamedTuple):
    """What a charge point can hold, as its configuration keys say; defaults as seen on an EVC4."""

    max_profiles: int = 18  # MaxChargingProfilesInstalled
    max_periods: int = 96  # ChargingScheduleMaxPeriods
    max_stack_level: int = 99  # ChargeProfileMaxStackLevel; assumed, the EVC5 does not tell
    units: tuple[str, ...] = ("A", "W")  # ChargingScheduleAllowedChargingRateUnit

    @classmethod
    def of(cls, configuration: Configuration) -> "Capacity":
        """The capacity that the configuration keys name."""
        units = configuration.items("ChargingScheduleAllowedChargingRateUnit")
        return cls(
            configuration.integer("MaxChargingProfilesInstalled"),
            configuration.integer("ChargingScheduleMaxPeriods"),
            configuration.integer("ChargeProfileMaxStackLevel"),
            tuple(RATE_UNITS[unit.lower()] for unit in units),
        )


class ActiveTransaction(NamedTuple):
    """The transaction running on a connector; its id is None until the CSMS has told it."""

    id: int | None


class Gate(NamedTuple):
    """Checks profiles for a charge point with `connectors` connectors."""

    connectors: int
    capacity: Capacity
    policies: Policies

    def check(
        self,
        profile: ChargingProfile,
        installed: Iterable[ChargingProfile],
        transaction: ActiveTransaction | None,
        with_start: bool = False,
    ) -> None:
        """Pass `profile` or raise; `with_start`: it came with RemoteStartTransaction."""
        self._check_connector(profile)
        self._check_room(profile, installed)
        if with_start:
            check_starting(profile)
        elif profile.purpose == TX:
            nameless = self.policies["txprofile_without_transaction_id"] == "running"
            check_transaction(profile, transaction, nameless)

    def _check_connector(self, profile: ChargingProfile) -> None:
        if not 0 <= profile.connector <= self.connectors:
            self._deny(
                "bad_connector", f"connectorId must be 0 to {self.connectors}, got {profile.connector}"
            )
        if profile.purpose == CHARGE_POINT_MAX and profile.connector != 0:
            raise Rejected("a ChargePointMaxProfile is for connector 0 only")  # 3.13.1
        if profile.purpose == TX and profile.connector == 0:
            raise Rejected("a TxProfile is for one connector")  # 3.13.1

    def _check_room(self, profile: ChargingProfile, installed: Iterable[ChargingProfile]) -> None:
        told = profile.wire["chargingSchedule"]
        capacity = self.capacity
        if told["chargingRateUnit"] not in capacity.units:
            raise Rejected(f"chargingRateUnit must be one of {capacity.units}")
        for what, value, most in (
            ("stackLevel", profile.stack_level, capacity.max_stack_level),
            ("periods", len(told["chargingSchedulePeriod"]), capacity.max_periods),
            ("profiles", 1 + sum([not profile.replaces(one) for one in installed]), capacity.max_profiles),
        ):
            if value > most:
                self._deny("over_limit", f"{what} must be <= {most}, got {value}")

    def _deny(self, policy: str, why: str) -> None:
        if self.policies[policy] == "CALLERROR":
            raise Refusal("PropertyConstraintViolation", why)  # ER 3.39
        raise Rejected(why)


def check_transaction(
    profile: ChargingProfile, transaction: ActiveTransaction | None, nameless: bool
) -> None:
    """A TxProfile is for the running transaction (3.13.1); `nameless`: it need not give its id."""
    if transaction is None:
        raise Rejected("a TxProfile without a running transaction")
    if profile.transaction_id is None and not nameless:
        raise Rejected("a TxProfile without transactionId")
    if profile.transaction_id not in (None, transaction.id):
        raise Rejected(f"transactionId must be {transaction.id}, got {profile.transaction_id}")


def check_starting(profile: ChargingProfile) -> None:
    """A profile that starts a transaction cannot know its id (5.16.2, ER 3.41)."""
    if profile.purpose != TX or profile.transaction_id is not None:
        raise Rejected("RemoteStartTransaction takes a TxProfile without transactionId")
