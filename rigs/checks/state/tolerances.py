"""How far the measured may be from the expected, and which reading of an open question applies."""

from collections.abc import Mapping
from typing import NamedTuple

from evc5.rigs.errors import BadInput


class Tolerances(NamedTuple):
    """Defaults suit the twin and a good charger; a rig's `[checks.tolerances]` changes them."""

    meter_class: float = 0.01  # EN 50470-3 class B, IEC 62053-21 class 1
    resolution_wh: float = 10.0  # Eastron SDM72D: display 10 Wh
    standby_w: float = 20.0  # assumed: station electronics and a parked car, between transactions
    start_a: float = 0.04  # EN 50470-3 class B: a meter for 10 A starts to count at 0.4 % of it
    power_part: float = 0.01  # class 1: power is measured to its class, volts and amps each to their own
    steady_part: float = 0.02  # samples nearer than this tell of a power that did not change in between
    run_out_wh: float = 40.0  # a car at 22 kW that takes 6 s to let go after the transaction's end
    sample_s: float = 1.0  # assumed: a sample may be a second off its instant
    clock_s: float = 0.0005  # exactly on the boundary, to the millisecond that is written
    current_a: float = 0.5  # issue of the rig: the larger of 0.5 A and 3 %
    current_part: float = 0.03  # with current_a
    reaction_s: float = 5.0  # IEC 61851-1 Annex A: a car follows the pilot within 5 s
    station_clock_s: float = 2.0  # assumed: how far the station's clock may be ahead of the CSMS's
    heartbeat_s: float = 30.0  # assumed: a heartbeat may be so late, for instance behind other calls
    call_timeout_s: float = 10.0  # implementation-chosen (J 4.1.1): silence after which another CALL may go
    answer_s: float = 35.0  # J leaves it open; 30 s is the usual time-out
    grace_s: float = 35.0  # data due so shortly before the end may still be on its way

    @classmethod
    def names(cls) -> list[str]:
        return list(cls._fields)

    @classmethod
    def described(cls) -> list[tuple[str, str]]:
        """Name and default of each."""
        return [(name, f"{default:g}") for name, default in cls._field_defaults.items()]

    def with_(self, changes: Mapping[str, float]) -> "Tolerances":
        for name, value in changes.items():
            if name not in self._fields:
                raise BadInput(
                    f"checks.tolerances.{name} is unknown; allowed: {', '.join(sorted(self._fields))}"
                )
            if value < 0:
                raise BadInput(f"checks.tolerances.{name} must be >= 0, got {value}")
        return self._replace(**{name: float(value) for name, value in changes.items()})


# design.md section 6. (default of evc5-v32r30, default of ocpp16)
POLICIES: dict[str, tuple[str, str]] = {
    "clock_stamp": ("boundary", "boundary"),
    "clock_values": ("instant", "instant"),
    "clock_midnight": ("utc", "utc"),
    "clock_outside_transaction": ("sent", "sent"),
    "clock_connector_zero": ("not-sent", "not-sent"),
    "bare_measurand": ("all", "all"),
    "soc_known": ("car", "car"),
    "sample_interval_changed": ("at-once", "at-once"),
    "txdefault_precedence": ("connector", "connector"),
    "merge_phases": ("minimum", "minimum"),
    "watts_to_amps": ("schedule-phases", "schedule-phases"),
    "phases_impossible": ("spread", "spread"),
    "recurring_before_start": ("inactive", "inactive"),
    "relative_without_transaction": ("from-query", "from-query"),
    "clear_id_with_filters": ("id", "id"),
    "gap": ("local-limit", "local-limit"),
    "remote_start_profile": ("ignored", "applied"),
    "remote_start_id_tag": ("never-checked", "per-key"),
    "station_share": ("equal", "equal"),
    "transaction_message_retry": ("fixed-delay", "attempts"),
}


def policies_of(behaviour: str | None, changes: Mapping[str, str]) -> dict[str, str]:
    """Every policy the judge reads, for a behaviour, with the changes made to it."""
    column = 1 if behaviour == "ocpp16" else 0
    return {name: choice[column] for name, choice in POLICIES.items()} | dict(changes)
