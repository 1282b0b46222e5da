"""What a back office asks for that the standard does not have: profiles and connectors of its requests."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from evc5.rigs.checks.charging.profile_answers import TAKEN
from evc5.rigs.checks.device.requests import START, UNLOCK
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.profiles_in_force import TX
from evc5.rigs.checks.state.requirement import CSMS
from evc5.rigs.checks.transactions.remote_stops import KNOWN

Wire = Mapping[str, Any]
PHASES = (1, 2, 3)
NOT_WHILE_PENDING = {"RemoteStartTransaction": START, "RemoteStopTransaction": KNOWN}


def _recurs_never(wire: Wire) -> bool:
    return wire["chargingProfileKind"] == "Recurring" and "recurrencyKind" not in wire


def _recurs_all_the_same(wire: Wire) -> bool:
    return wire["chargingProfileKind"] != "Recurring" and "recurrencyKind" in wire


def _is_never_valid(wire: Wire) -> bool:
    ends = wire.get("validFrom"), wire.get("validTo")
    return None not in ends and epoch(str(ends[0])) >= epoch(str(ends[1]))


def _names_a_transaction(wire: Wire) -> bool:
    return wire["chargingProfilePurpose"] != TX and "transactionId" in wire


def _is_in_disorder(wire: Wire) -> bool:
    starts = [row["startPeriod"] for row in wire["chargingSchedule"]["chargingSchedulePeriod"]]
    return any(earlier >= later for earlier, later in pairwise(starts))


def _lasts_no_time(wire: Wire) -> bool:
    return bool(wire["chargingSchedule"].get("duration", 1) <= 0)


def _has_strange_phases(wire: Wire) -> bool:
    rows = wire["chargingSchedule"]["chargingSchedulePeriod"]
    return any(row.get("numberPhases", 1) not in PHASES for row in rows)


# What is amiss, what would be right, and what is told instead:
AMISS: tuple[tuple[Callable[[Wire], bool], str, str], ...] = (
    (_recurs_never, "a recurrencyKind (7.8, 7.37)", "Recurring without one"),
    (_recurs_all_the_same, "no recurrencyKind but of a Recurring profile (ER 3.56)", "one of another kind"),
    (_is_never_valid, "a validFrom before its validTo (7.8)", "one after it"),
    (_names_a_transaction, "no transactionId but of a TxProfile (7.8)", "one of another purpose"),
    (_is_in_disorder, "periods one after the other (7.14)", "a startPeriod not after the one before"),
    (_lasts_no_time, "a duration above 0, or none (7.13)", "no time"),
    (_has_strange_phases, "numberPhases from 1 to 3 (7.14)", "another number"),
)


class Asked:
    """Warns of what is asked for, whatever is answered; a rig does so to see it refused."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        if context.evidence.from_power_on:
            return
        replies = context.bus.replies
        replies["SetChargingProfile"].append(lambda call: self._profile(call, "csChargingProfiles"))
        replies["RemoteStartTransaction"].append(lambda call: self._profile(call, "chargingProfile"))
        replies["RemoteStartTransaction"].append(lambda call: self._connector(call, START, "6.33"))
        self._boots = context.history.boots
        for action, requirement in NOT_WHILE_PENDING.items():
            replies[action].append(partial(self._pending, requirement))
        replies["UnlockConnector"].append(lambda call: self._connector(call, UNLOCK, "6.53"))

    def _profile(self, call: Call, field: str) -> None:
        wire = call.payload.get(field)
        amiss = [row for row in AMISS if row[0](wire)] if wire is not None else []
        if field == "chargingProfile":
            amiss = [row for row in amiss if row[0] is not _names_a_transaction]  # its purpose is told of
        for _, expected, actual in amiss[:1]:
            self._warn(TAKEN, call, expected, actual, "a profile that contradicts itself")

    def _pending(self, requirement: str, call: Call) -> None:
        if self._boots.registration == "Pending":
            message = f"{call.action} of a station that is not accepted yet"
            self._warn(requirement, call, "none while Pending (4.2)", call.action, message)

    def _connector(self, call: Call, requirement: str, clause: str) -> None:
        if call.connector == 0:
            expected, message = f"a connectorId above 0 ({clause})", f"{call.action} of connector 0"
            self._warn(requirement, call, expected, "0", message)

    def _warn(self, requirement: str, call: Call, expected: str, actual: str, message: str) -> None:
        more: dict[str, Any] = {"severity": "warning", "blames": CSMS, "count": 0}
        self._ledger.broken(requirement, call.epoch_s, call.connector, expected, actual, message, **more)
