"""SetChargingProfile and ClearChargingProfile: the answers to them (5.5, 5.16)."""

from collections.abc import Mapping
from itertools import pairwise
from math import inf
from typing import Any

from evc5.rigs.checks.charging.composite import transactions_are_told
from evc5.rigs.checks.charging.profile_limits import Charging
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.connectors import STOP_TOLD_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.profiles import PHASES_UNTOLD, read
from evc5.rigs.checks.state.profiles_in_force import MAX, TX
from evc5.rigs.checks.state.requirement import CSMS, STATION
from evc5.rigs.checks.state.requirement import Requirement as R

NO_TRANSACTION = "TxProfile without a transaction"
UNITS = {"A": {"a", "current"}, "W": {"w", "power"}}  # 9.4.2, and the wire's own names
SOUND_LEVEL = 5  # assumed: any station has so high a stack level,
SOUND_PROFILES = 10  # assumed: and room for so many profiles,
SOUND_PERIODS = 10  # assumed: of so many periods
MOST_CLEARS = 64  # remembered
TAKEN, CLEARED = "charging.accepted", "charging.cleared"
REQUIREMENTS = (
    R(TAKEN, "A profile is accepted where it can hold, and only there", "3.13.1, 5.16, TC_060_CS"),
    R(CLEARED, "Clearing is Accepted where a profile matches, else Unknown", "5.5, TC_067_CS"),
)


class Decrees:
    """Holds each answer against the profiles as they stood then."""

    def __init__(self, context: Context) -> None:
        self._in_force = context.profiles
        self._charging = Charging(context, self._in_force)
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._stopped: dict[int, float] = {}  # by connector: when a stop was last heard of
        self._early: list[Call] = []  # a TxProfile taken though no transaction was told of, so far
        self._refused: list[Call] = []  # a TxProfile refused to a transaction whose end was not told, so far
        self._gone: list[Mapping[str, Any]] = []  # what clears named, and nothing has come of since
        context.bus.calls["StopTransaction"].append(self._stops)
        context.bus.calls["StartTransaction"].append(self._starts)
        context.bus.end.append(self._end)
        replies = context.bus.replies
        replies["SetChargingProfile"].append(self._set)
        replies["ClearChargingProfile"].append(self._clear)
        replies["ClearChargingProfile"].append(self._cleared)
        replies["RemoteStartTransaction"].append(self._remotely)
        context.bus.calls["BootNotification"].append(lambda _: self._gone.clear())

    def _stops(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is not None:
            self._stopped[stopped.connector] = call.epoch_s
            self._refused = [early for early in self._refused if not _was_over(early, call)]

    def _starts(self, call: Call) -> None:
        """What began at once was running already when its profile came."""
        start = epoch(call.payload["timestamp"])
        self._early = [
            early
            for early in self._early
            if early.connector != call.connector or start - early.epoch_s > STOP_TOLD_S
        ]

    def _end(self, epoch_s: float) -> None:
        until = self._link.delivered_until(epoch_s, self._context.tolerances.grace_s) - STOP_TOLD_S
        for call in (early for early in self._early if early.epoch_s < until):
            message = f"a profile was accepted: {NO_TRANSACTION}"
            self._ledger.broken(TAKEN, call.epoch_s, call.connector, "Rejected", "Accepted", message)
        for call in (early for early in self._refused if early.epoch_s < until):
            self._refusal(call, "a sound TxProfile was refused")

    # -- accepted or not -------------------------------------------------------------------------

    def _set(self, call: Call) -> None:
        self._may_be_back(call)
        if call.reply is None:
            return
        why = self._why_not(call)
        if why == NO_TRANSACTION and call.reply["status"] == "Accepted":
            self._early.append(call)
        elif why is not None:
            message = f"a profile was accepted: {why}"
            status = call.reply["status"]
            good = status != "Accepted"
            self._ledger.judge(TAKEN, good, call.epoch_s, call.connector, "Rejected", status, message)
            if good and "transaction" not in why:  # which may just have ended
                self._senseless(call, why)
        elif call.reply["status"] == "Accepted":
            self._ledger.held(TAKEN, 1, call.connector, call.epoch_s)
            self._beyond_its_keys(call)
        elif self._is_sound(call):
            if call.payload["csChargingProfiles"]["chargingProfilePurpose"] == TX:
                self._refused.append(call)
            else:
                self._refusal(call, "a sound TxDefaultProfile or ChargePointMaxProfile was refused")

    def _senseless(self, call: Call, why: str, expected: str = "a profile that can hold") -> None:
        """What no station may take is nothing to ask for; a rig does so to see it refused."""
        if not self._context.evidence.from_power_on:
            message = "a profile that no station may take"
            more: dict[str, Any] = {"severity": "warning", "blames": CSMS, "count": 0}
            self._ledger.broken(TAKEN, call.epoch_s, call.connector, expected, why, message, **more)

    def _beyond_its_keys(self, call: Call) -> None:
        """9.4: the station says what it takes; the CSMS is to keep to that, and it need not take more."""
        wire, at = call.payload["csChargingProfiles"], call.epoch_s
        schedule = wire["chargingSchedule"]
        told = {"stackLevel": wire["stackLevel"], "periods": len(schedule["chargingSchedulePeriod"])}
        keys = {"stackLevel": "ChargeProfileMaxStackLevel", "periods": "ChargingScheduleMaxPeriods"}
        beyond = [
            (f"{name} <= {most}, as {keys[name]} says", f"{count}")
            for name, count in told.items()
            if (most := self._keys.integer(keys[name], at)) is not None and 0 < most < count
        ]
        key, unit = "ChargingScheduleAllowedChargingRateUnit", schedule["chargingRateUnit"]
        listed = {word.strip().lower() for word in (self._keys.text(key, at) or "").split(",")} - {""}
        if listed & (UNITS["A"] | UNITS["W"]) and not listed & UNITS[unit]:
            beyond.append((f"a unit of {key}", unit))
        for expected, actual in beyond:
            message = "a profile was accepted that is beyond what the station says it takes"
            more: dict[str, Any] = {"severity": "warning", "blames": [CSMS, STATION], "count": 0}
            self._ledger.broken(TAKEN, at, call.connector, expected, actual, message, **more)

    def _refusal(self, call: Call, message: str) -> None:
        status = (call.reply or {})["status"]
        self._ledger.broken(TAKEN, call.epoch_s, call.connector, "Accepted", status, message)

    def _why_not(self, call: Call) -> str | None:
        connector, wire = call.payload["connectorId"], call.payload["csChargingProfiles"]
        purpose = wire["chargingProfilePurpose"]
        outlets = self._history.outlets()
        if self._history.is_counted and outlets and connector not in (0, *outlets):
            return f"there is no connector {connector}"
        if purpose == MAX and connector != 0:
            return "ChargePointMaxProfile is for connector 0 only"
        if purpose == TX and connector == 0:
            return "TxProfile is for one connector"
        told = transactions_are_told(self._context, call.epoch_s) and not self._just_stopped(
            connector, call.epoch_s
        )
        running = self._history.transactions.open.get(connector)
        if purpose == TX and running is None and (told or self._is_available(connector)):
            return NO_TRANSACTION
        named = wire.get("transactionId")
        if (
            purpose == TX
            and running is not None
            and running.id is not None
            and named not in (None, running.id)
        ):
            return f"it names transaction {named}, and {running.name} runs"
        rows = wire["chargingSchedule"]["chargingSchedulePeriod"]
        if rows and rows[0]["startPeriod"] != 0:
            return "its first period does not start at 0"
        return None

    def _is_sound(self, call: Call) -> bool:
        """Is it well within what any station takes: few periods, a low level, room left?"""
        wire = call.payload["csChargingProfiles"]
        told, kind = wire["chargingSchedule"], wire["chargingProfileKind"]
        rows = told["chargingSchedulePeriod"]
        starts = [row["startPeriod"] for row in rows]
        return (
            call.payload["connectorId"] in {0, *self._history.outlets()}
            and bool(self._history.outlets())
            and self._context.evidence.from_power_on
            and (wire["chargingProfilePurpose"] != TX or self._names_its_own(call))
            and 0 <= wire["stackLevel"] <= SOUND_LEVEL
            and len(self._in_force.before(call)) < SOUND_PROFILES
            and 0 < len(rows) <= SOUND_PERIODS
            and all(earlier < later for earlier, later in pairwise(starts))
            and all(row["limit"] >= 0 and row.get("numberPhases", PHASES_UNTOLD) in (1, 3) for row in rows)
            and told.get("duration", 1) > 0
            and (kind == "Relative" or "startSchedule" in told)
            and (kind != "Recurring" or "recurrencyKind" in wire)
            and "validFrom" not in wire
            and "validTo" not in wire
        )

    def _names_its_own(self, call: Call) -> bool:
        """Is it a TxProfile for the transaction that has been running for a while?"""
        running = self._history.transactions.open.get(call.payload["connectorId"])
        named = call.payload["csChargingProfiles"].get("transactionId")
        settled = (
            running is not None
            and running.start < call.epoch_s - STOP_TOLD_S
            and transactions_are_told(self._context, call.epoch_s)
        )
        return settled and running is not None and named is not None and named == running.id

    def _clear(self, call: Call) -> None:
        if call.reply is None:
            return
        epoch_s = call.answered_s
        status = call.reply["status"]
        now = self._in_force.before(call)
        matches = len(self._in_force.left(now, call.payload)) < len(now)
        lasting = tuple(p for p in now if p.purpose != TX)  # a TxProfile may have gone with its transaction
        contradicts = status == "Unknown" and len(self._in_force.left(lasting, call.payload)) < len(lasting)
        is_elder = status == "Accepted" and not matches and not self._context.evidence.from_power_on
        is_open = is_elder or (not contradicts and not transactions_are_told(self._context, call.epoch_s))
        if is_open and (matches or not self._names_no_transaction(call)):
            self._cleared_again(call)  # it may have been set before the recording (ER 3.37)
            return
        if status == "Accepted" and not matches and self._in_force.may_bring(call.payload, epoch_s):
            return  # its transaction may have begun, and be told later
        expected = "Accepted" if matches else "Unknown"
        message = "the answer to ClearChargingProfile"
        good = status == expected
        untold = None if matches else self._context.evidence.so_far(epoch_s)  # it may have been set unseen
        self._ledger.judge(
            CLEARED,
            good,
            epoch_s,
            call.connector,
            expected,
            status,
            message,
            untold=untold,
            lost=epoch_s,
        )

    def _names_no_transaction(self, call: Call) -> bool:
        """Does it name profiles of transactions alone, where by its status nothing has run for a while?"""
        filters, at, history = call.payload, call.epoch_s, self._history
        if filters.get("chargingProfilePurpose") != TX or "id" in filters:  # an id may outdo it (ER 3.26)
            return False
        one = filters.get("connectorId")
        outlets = [one] if one else history.outlets()
        stale = history.link.may_be_queueing(at) or history.link.waiting() is not None
        return (
            bool(outlets)
            and not stale
            and all(self._is_available(one) and not self._just_stopped(one, at) for one in outlets)
            and not any(one in history.transactions.open for one in outlets)
        )

    def _is_available(self, connector: int) -> bool:
        """As it says itself."""
        return self._history.connectors.statuses.get(connector) == "Available"

    def _just_stopped(self, connector: int, epoch_s: float) -> bool:
        return epoch_s - self._stopped.get(connector, -inf) <= STOP_TOLD_S

    # -- cleared twice ---------------------------------------------------------------------------

    def _cleared(self, call: Call) -> None:
        """After either answer nothing is left of what it names."""
        if call.reply is not None:
            self._gone = [*self._gone[1 - MOST_CLEARS :], call.payload]

    def _cleared_again(self, call: Call) -> None:
        """Whatever stood before the recording: what was cleared is not there to be cleared once more."""
        if any(_names_no_more(call.payload, named) for named in self._gone):
            status = (call.reply or {})["status"]
            message = "what was cleared already, and not set since, is cleared again"
            good = status == "Unknown"
            self._ledger.judge(CLEARED, good, call.epoch_s, call.connector, "Unknown", status, message)

    def _may_be_back(self, call: Call) -> None:
        """A profile that may have been taken: clears that name it tell no more of what is left."""
        if call.reply is not None and call.reply["status"] != "Accepted":
            return
        try:
            told = call.payload["csChargingProfiles"]
            new = read(call.payload["connectorId"], told, call.epoch_s, self._context.policies)
        except (ValueError, KeyError):
            self._gone.clear()
            return
        self._gone = [named for named in self._gone if self._in_force.left((new,), named)]

    def _remotely(self, call: Call) -> None:
        wire = call.payload.get("chargingProfile")
        if wire is None:
            return
        self._gone.clear()  # it comes with its transaction, whenever that begins
        if wire["chargingProfilePurpose"] != TX or "transactionId" in wire:
            named = " with a transactionId" if "transactionId" in wire else ""
            told = f"{wire['chargingProfilePurpose']}{named}"
            self._senseless(
                call, told, expected="TxProfile without a transactionId, for a remote start (5.16.2)"
            )


def _names_no_more(filters: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Are all that these filters name among what others named? An id alone may outdo the rest (ER 3.26)."""
    narrower = all(filters.get(field) == value for field, value in before.items())
    return narrower and ("id" not in filters or "id" in before or not before)


def _was_over(refused: Call, stop: Call) -> bool:
    """Had the profile's transaction ended, as it now turns out, when its profile was answered?"""
    named = refused.payload["csChargingProfiles"].get("transactionId")
    answered = refused.answered_s
    return bool(
        named == stop.payload["transactionId"]
        and epoch(stop.payload["timestamp"]) <= answered + WHOLE_SECOND_S
    )
