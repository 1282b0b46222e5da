"""Puts an outside vector to the charge point: the one place that knows how it is reached."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from twin.profiles import ActiveTransaction, Limits, ProfileStore, Refused

VECTORS = Path(__file__).parent.parent / "vectors"
BEYOND_ANY_VECTOR_A = 64.0  # rated current where the source has none: its profiles go up to 32 A
TRANSACTION_ID = 1


def vectors(pattern: str) -> dict[str, dict[str, Any]]:
    """Vectors by file name without ending."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(VECTORS.glob(pattern))}


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class Station:
    """A charge point at `now`, transactions running since `started` (by connector)."""

    def __init__(
        self,
        now: str,
        connectors: int = 2,
        rated_a: float = BEYOND_ANY_VECTOR_A,
        started: Mapping[int, str] | None = None,
        policies: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        transaction_id: int = TRANSACTION_ID,
    ) -> None:
        self.now, self.rated_a = epoch(now), rated_a
        self.started = {connector: epoch(since) for connector, since in (started or {}).items()}
        self.transaction_id = transaction_id
        self.connectors = range(1, connectors + 1)
        self.store = ProfileStore(policies, connectors, limits)

    def install(self, connector: int, profile: Mapping[str, Any]) -> str:
        """SetChargingProfile: its status, or CALLERROR."""
        running = ActiveTransaction(self.transaction_id) if connector in self.started else None
        try:
            return self.store.install(connector, profile, transaction=running, now=self.now)
        except Refused:
            return "CALLERROR"

    def composite(self, connector: int, duration_s: int, unit: str) -> dict[str, Any]:
        """GetCompositeSchedule's answer."""
        local_a = dict.fromkeys(self.connectors, self.rated_a)
        return self.store.composite(
            connector, self.now, duration_s, unit, started=self.started, local_a=local_a
        )


def station_of(vector: Mapping[str, Any], policies: Mapping[str, str]) -> Station:
    """The station a composite or setpoint vector speaks of, its profiles installed."""
    filler = (vector.get("environment") or {}).get("gap_fill")
    profiles = vector["profiles"]
    ids = {entry["csChargingProfiles"].get("transactionId", TRANSACTION_ID) for entry in profiles}
    station = Station(
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
