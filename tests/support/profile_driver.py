"""Puts outside vectors to the charge point: over the wire of a bench, or to its store where they are many."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from places import VECTORS

from evc5 import Bench, CallError
from evc5.twin.charging.profiles import ActiveTransaction, Capacity, ProfileStore
from evc5.twin.ocpp.frames import Refusal

BEYOND_ANY_VECTOR_A = 63.0  # rated current where the source has none: its profiles go up to 32 A
TRANSACTION_ID = 1


def vectors(pattern: str) -> dict[str, Any]:
    """Vectors by file name without ending."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(VECTORS.glob(pattern))}


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Station(Protocol):
    """A charge point at an instant; both answers as the CSMS gets them, CALLERROR for one."""

    def install(self, connector: int, profile: Mapping[str, Any]) -> str:
        """SetChargingProfile's status."""

    def composite(self, connector: int, duration_s: int, unit: str) -> dict[str, Any]:
        """GetCompositeSchedule's payload."""


class OnTheWire:
    """A bench at `now`, with cars charging since `started` (by connector)."""

    def __init__(
        self,
        now: str,
        connectors: int = 2,
        rated_a: float = BEYOND_ANY_VECTOR_A,
        started: Mapping[int, str] | None = None,
        policies: Mapping[str, str] | None = None,
        capacity: Capacity | None = None,
        transaction_id: int = TRANSACTION_ID,
    ) -> None:
        since = sorted((started or {}).items(), key=lambda item: epoch(item[1]))
        self.bench = Bench(
            connectors=connectors,
            behaviour="ocpp16",
            start=since[0][1] if since else now,
            keys={} if capacity is None else keys_of(capacity),
            policies=policies,
            rated_a=rated_a,
            station_max_a=250,
            phase_switching=True,  # as those that the vectors are from can
            allow_overrides=True,
        )
        accepted = {"transactionId": transaction_id, "idTagInfo": {"status": "Accepted"}}
        self.bench.csms.reply("StartTransaction", accepted)
        for connector, when in since:
            self.bench.advance(until=when).plug_in(connector)
            self.bench.present_tag(connector, "TAG1")
        self.bench.advance(until=now)

    def install(self, connector: int, profile: Mapping[str, Any]) -> str:
        payload = {"connectorId": connector, "csChargingProfiles": profile}
        try:
            status: str = self.bench.call("SetChargingProfile", payload)["status"]
        except CallError:
            return "CALLERROR"
        return status

    def composite(self, connector: int, duration_s: int, unit: str) -> dict[str, Any]:
        query = {"connectorId": connector, "duration": duration_s, "chargingRateUnit": unit}
        return self.bench.call("GetCompositeSchedule", query)


def keys_of(capacity: Capacity) -> dict[str, int | str]:
    units = [{"A": "Current", "W": "Power"}[unit] for unit in capacity.units]
    return {
        "MaxChargingProfilesInstalled": capacity.max_profiles,
        "ChargingScheduleMaxPeriods": capacity.max_periods,
        "ChargingScheduleAllowedChargingRateUnit": ",".join(units),
    }


class InTheStore:
    """The same without bench and link: a hundred times as fast."""

    def __init__(
        self,
        now: str,
        connectors: int = 2,
        rated_a: float = BEYOND_ANY_VECTOR_A,
        started: Mapping[int, str] | None = None,
        policies: Mapping[str, str] | None = None,
        capacity: Capacity | None = None,
        transaction_id: int = TRANSACTION_ID,
    ) -> None:
        self.now, self.transaction_id = epoch(now), transaction_id
        self.started = {connector: epoch(since) for connector, since in (started or {}).items()}
        self.local_a = dict.fromkeys(range(1, connectors + 1), rated_a)
        self.store = ProfileStore(policies, connectors, capacity)

    def install(self, connector: int, profile: Mapping[str, Any]) -> str:
        running = ActiveTransaction(self.transaction_id) if connector in self.started else None
        try:
            return self.store.install(connector, profile, transaction=running, epoch_s=self.now)
        except Refusal:
            return "CALLERROR"

    def composite(self, connector: int, duration_s: int, unit: str) -> dict[str, Any]:
        return self.store.composite(
            connector, self.now, duration_s, unit, began_epoch_s=self.started, local_a=self.local_a
        )


Reached = type[OnTheWire] | type[InTheStore]


def station_of(vector: Mapping[str, Any], policies: Mapping[str, str], reached: Reached) -> Station:
    """The station a composite or setpoint vector speaks of, its profiles installed."""
    filler = (vector.get("environment") or {}).get("gap_fill")
    profiles = vector["profiles"]
    ids = {entry["csChargingProfiles"].get("transactionId", TRANSACTION_ID) for entry in profiles}
    station = reached(
        vector["now"],
        vector["connectors_installed"],
        filler["A"] if isinstance(filler, dict) else BEYOND_ANY_VECTOR_A,
        {int(connector): since for connector, since in (vector["transaction_start"] or {}).items()},
        policies,
        transaction_id=max(ids, default=TRANSACTION_ID),
    )
    for entry in profiles:
        assert station.install(entry["connectorId"], entry["csChargingProfiles"]) == "Accepted"
    return station
