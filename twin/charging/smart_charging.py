"""Charging profiles as the CSMS deals with them: installed, cleared and asked for over the wire.

Source: OCPP 1.6 3.13, 5.5, 5.7, 5.11, 5.16.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from evc5.twin.charging.profiles import ActiveTransaction, ProfileStore
from evc5.twin.charging.site import Site
from evc5.twin.connector.channel import Channel
from evc5.twin.ocpp.frames import Payload, Refusal
from evc5.twin.ocpp.memory import Memory, Transaction
from evc5.twin.sheet import vendor
from evc5.twin.sheet.configuration import Configuration


class SmartCharging:
    """Keeps the profiles in the device's memory; `changed` is called after each change.

    `epoch_s`: the station's clock, epoch seconds.
    """

    def __init__(
        self,
        profiles: ProfileStore,
        memory: Memory,
        epoch_s: Callable[[], float],
        site: Site,
        configuration: Configuration,
        channels: Sequence[Channel],
        changed: Callable[[], None],
    ) -> None:
        self._profiles = profiles
        self._memory = memory
        self._epoch_s = epoch_s
        self._site = site
        self._configuration = configuration
        self._channels = channels
        self._changed = changed
        profiles.load(memory.recall("profiles", []))
        if memory.lasting:
            profiles.on_change.append(lambda: memory.keep("profiles", profiles.dump()))

    def install(self, connector: int, wire: Payload) -> str:
        """SetChargingProfile's status (5.16)."""
        running = self._memory.transactions.get(connector)
        active = None if running is None else ActiveTransaction(running.id)
        status = self._profiles.install(connector, wire, transaction=active, epoch_s=self._epoch_s())
        self._changed()
        return status

    def clear(self, filters: Payload) -> bool:
        """ClearChargingProfile: was there anything to clear (5.5)?"""
        cleared = self._profiles.clear(filters)
        self._changed()
        return cleared

    def composite(self, connector: int, duration_s: int, unit: str | None) -> Payload:
        """GetCompositeSchedule's answer (5.7)."""
        limits = self._site.now()
        return self._applied().composite(
            connector,
            self._epoch_s(),
            duration_s,
            unit,
            began_epoch_s=self.began_epoch_s(),
            local_a=self._site.local_a(),
            station_a=self._configuration.number("chg_StationMaxCurrent"),
            outlooks={one.connector: limits.outlook(one) for one in self._channels},
        )

    def _applied(self) -> ProfileStore:
        """The profiles as far as the station processes them: without ChgProf as if none were installed."""
        if vendor.applies_profiles(self._configuration):
            return self._profiles
        return self._profiles.empty()

    def takes_with_start(self, connector: int, wire: Payload) -> bool:
        """Could a profile in RemoteStartTransaction be taken (5.11, errata 3.41)?"""
        return self._profiles.takes_with_start(connector, wire, epoch_s=self._epoch_s())

    def began(self, transaction: Transaction) -> None:
        """Take the profile that came with a remote start; one that no longer fits lets it run."""
        if transaction.charging_profile is not None:
            with suppress(Refusal):
                profile = transaction.charging_profile
                self._profiles.install_with_start(transaction.connector, profile, epoch_s=self._epoch_s())
            self._changed()

    def ended(self, transaction: Transaction) -> None:
        self._profiles.transaction_ended(transaction.connector)

    def began_epoch_s(self) -> Mapping[int, float]:
        """By connector: when its running transaction began, epoch seconds."""
        return {n: transaction.began_epoch_s for n, transaction in self._memory.transactions.items()}
