"""SetChargingProfile, ClearChargingProfile and GetCompositeSchedule: the answers to them (5.5, 5.7, 5.16)."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from math import ceil, floor, inf
from typing import Any

from evc5.rigs.checks.charging.profile_limits import Charging
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.connectors import STOP_TOLD_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.profiles import VOLTS, Cap, cleared, next_mark, prevailing
from evc5.rigs.checks.state.profiles_in_force import DEFAULT, MAX, TX
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.status.status import RUNNING

NO_TRANSACTION = "TxProfile without a transaction"
COMPOSITE, TAKEN, CLEARED = "charging.composite", "charging.accepted", "charging.cleared"
REQUIREMENTS = (
    R(COMPOSITE, "A composite schedule is what the profiles and ratings come to", "3.13.4, 5.7, TC_066_CS"),
    R(TAKEN, "A profile is accepted where it can hold, and only there", "3.13.1, 5.16, TC_060_CS"),
    R(CLEARED, "Clearing is Accepted where a profile matches, else Unknown", "5.5, TC_067_CS"),
)
LAST_S = 0.999  # each whole second has the limit that holds at its end; assumed, OCPP counts whole seconds
TENTH = 0.1 + 1e-6  # limits are written with one decimal (7.14)
Piece = tuple[float, int]  # limit in the unit asked for, numberPhases


class Decrees:
    """Holds each answer against the law as it stood then."""

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
        context.bus.calls["StopTransaction"].append(self._stops)
        context.bus.calls["StartTransaction"].append(self._starts)
        context.bus.end.append(self._end)
        replies = context.bus.replies
        replies["GetCompositeSchedule"].append(self._composite)
        replies["SetChargingProfile"].append(self._set)
        replies["ClearChargingProfile"].append(self._clear)

    def _stops(self, call: Call) -> None:
        stopped = self._history.transactions.by_id.get(call.payload["transactionId"])
        if stopped is not None:
            self._stopped[stopped.connector] = call.t

    def _starts(self, call: Call) -> None:
        """What began at once was running already when its profile came."""
        start = epoch(call.payload["timestamp"])
        self._early = [
            early
            for early in self._early
            if early.connector != call.connector or start - early.t > STOP_TOLD_S
        ]

    def _end(self, t: float) -> None:
        until = self._link.delivered_until(t, self._context.tolerances.grace_s) - STOP_TOLD_S
        for call in (early for early in self._early if early.t < until):
            message = f"a profile was accepted: {NO_TRANSACTION}"
            self._ledger.broken(TAKEN, call.t, call.connector, "Rejected", "Accepted", message)

    # -- accepted or not -------------------------------------------------------------------------

    def _set(self, call: Call) -> None:
        if call.reply is None:
            return
        why = self._why_not(call)
        if why == NO_TRANSACTION and call.reply["status"] == "Accepted":
            self._early.append(call)
        elif why is not None:
            message, status = f"a profile was accepted: {why}", call.reply["status"]
            good = status != "Accepted"
            self._ledger.judge(TAKEN, good, call.t, call.connector, "Rejected", status, message)
        elif call.reply["status"] == "Accepted":
            self._ledger.held(TAKEN, 1, call.connector, call.t)
        elif self._is_sound(call):
            message, status = (
                "a sound TxDefaultProfile or ChargePointMaxProfile was refused",
                call.reply["status"],
            )
            self._ledger.broken(TAKEN, call.t, call.connector, "Accepted", status, message)

    def _why_not(self, call: Call) -> str | None:
        connector, wire = call.payload["connectorId"], call.payload["csChargingProfiles"]
        purpose, outlets = wire["chargingProfilePurpose"], self._history.outlets()
        if outlets and connector not in (0, *outlets):
            return f"there is no connector {connector}"
        if purpose == MAX and connector != 0:
            return "ChargePointMaxProfile is for connector 0 only"
        if purpose == TX and connector == 0:
            return "TxProfile is for one connector"
        told = self._is_told(call.t) and call.t - self._stopped.get(connector, -inf) > STOP_TOLD_S
        if purpose == TX and self._history.transactions.open.get(connector) is None and told:
            return NO_TRANSACTION
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
            bool(self._history.outlets())
            and self._context.evidence.from_power_on
            and (wire["chargingProfilePurpose"] != TX or self._names_its_own(call))
            and 0 <= wire["stackLevel"] <= 5
            and len(self._in_force.before(call)) < 10
            and 0 < len(rows) <= 10
            and all(earlier < later for earlier, later in pairwise(starts))
            and all(row["limit"] >= 0 and row.get("numberPhases", 3) in (1, 3) for row in rows)
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
        settled = running is not None and running.start < call.t - STOP_TOLD_S and self._is_told(call.t)
        return settled and running is not None and named is not None and named == running.id

    def _is_told(self, t: float) -> bool:
        """Is every transaction that runs known by now?"""
        history = self._history
        untold = any(
            status in RUNNING and one not in history.transactions.open
            for one, status in history.connectors.statuses.items()
        )
        return self._context.evidence.from_power_on and not untold and not history.link.may_be_queueing(t)

    def _clear(self, call: Call) -> None:
        if call.reply is None or not self._is_told(call.t):
            return
        t, status = call.reply_t or call.t, call.reply["status"]
        now = self._in_force.before(call)
        by_id = self._context.policies.get("clear_id_with_filters") != "all"
        matches = len(cleared(now, call.payload, by_id)) < len(now)
        expected = "Accepted" if matches else "Unknown"
        message = "the answer to ClearChargingProfile"
        self._ledger.judge(CLEARED, status == expected, t, call.connector, expected, status, message)

    # -- composite schedules ---------------------------------------------------------------------

    def _composite(self, call: Call) -> None:
        reply = call.reply
        if reply is None or reply["status"] != "Accepted" or "chargingSchedule" not in reply:
            self._refused(call)
            return
        told = reply["chargingSchedule"]
        start = epoch(reply["scheduleStart"]) if "scheduleStart" in reply else floor(call.reply_t or call.t)
        expected = self._expected(call.payload, start, call.reply_t or call.t, told["chargingRateUnit"])
        over = self._connectors.may_be_over(call.payload["connectorId"], call.t)
        if expected is None or over or not self._is_told(call.t):
            return
        wrong = self._first_difference(told, expected, call.payload["duration"])
        message = f"the composite schedule of connector {call.payload['connectorId']}"
        if told.get("minChargingRate") == 0 or ("minChargingRate" in told and not self._has_hint(call)):
            wrong = "no minChargingRate", f"{told['minChargingRate']}"
        for name, said, wanted in (
            ("duration", told.get("duration"), call.payload["duration"]),
            ("connectorId", reply.get("connectorId"), call.payload["connectorId"]),
        ):
            if said is not None and said != wanted:
                wrong = f"{name} {wanted}", f"{name} {said}"
        asked = call.payload.get("chargingRateUnit", told["chargingRateUnit"])
        if asked != told["chargingRateUnit"]:
            wrong = f"in {asked}", f"in {told['chargingRateUnit']}"
        self._ledger.judge(COMPOSITE, wrong is None, call.t, call.connector, *(wrong or ("", "")), message)

    def _has_hint(self, call: Call) -> bool:
        profiles = self._in_force.profiles(call.reply_t or call.t)
        return any(cap.min_rate is not None for profile in profiles for cap in profile.caps)

    def _refused(self, call: Call) -> None:
        connector, duration = call.payload["connectorId"], call.payload["duration"]
        outlets = self._history.outlets()
        if call.reply is not None and outlets and connector in (0, *outlets) and 0 < duration <= 86_400:
            message = f"the composite schedule of connector {connector} was refused"
            self._ledger.broken(COMPOSITE, call.t, connector, "Accepted", call.reply["status"], message)

    def _expected(
        self, asked: dict[str, Any], start: float, now: float, unit: str
    ) -> Callable[[float], tuple[Piece | None, float]] | None:
        """What holds so many seconds into the schedule, and until when; None where it cannot be said."""
        ratings = self._ratings()
        connector = asked["connectorId"]
        if ratings is None or (connector == 0 and unit == "W") or not self._in_force.applies:
            return None
        guess = (
            floor(now) if self._context.policies.get("relative_without_transaction") == "from-query" else None
        )

        def at(offset: float) -> tuple[Piece | None, float]:
            t = start + offset + LAST_S
            which = sorted(ratings[0]) if connector == 0 else [connector]
            whole, until = self._prevails(0, t, now, guess)
            pieces = []
            for one in which:
                cap, end = self._prevails(one, t, now, guess)
                until = min(until, end)
                pieces.append(self._piece(cap, whole, min(ratings[0][one], ratings[1])))
            amps, phases = sum(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
            if connector == 0:
                rated_a = ratings[1] if amps < inf else inf  # a gap may be unlimited here too
                amps = min(amps, rated_a, inf if whole is None else whole.amps)
                phases = min(phases, 3 if whole is None else whole.phases or 3)
            value = amps if unit == "A" else amps * VOLTS * phases
            return (value, phases), (until - start if until < inf else inf)

        return at

    def _prevails(
        self, connector: int, t: float, now: float, guess: float | None
    ) -> tuple[Cap | None, float]:
        began, held = self._in_force.began(connector, now), self._in_force.profiles(now)
        if began is None and guess is not None:
            began = guess
            if connector:  # without a transaction there is no TxProfile to count
                held = tuple(p for p in held if p.purpose == DEFAULT)
        own_first = self._context.policies.get("txdefault_precedence") != "stack-level"
        cap = prevailing(held, connector, t, began, own_first)
        return cap, next_mark(held, connector, t, began)

    def _piece(self, own: Cap | None, whole: Cap | None, rated_a: float) -> Piece:
        said = [cap for cap in (own, whole) if cap is not None]
        if not said:
            return (inf if self._context.policies.get("gap") == "unlimited" else rated_a), 3
        low = min(said, key=lambda cap: cap.amps)
        fewest = min(cap.phases or 3 for cap in said)
        phases = fewest if self._context.policies.get("merge_phases") == "minimum" else low.phases or 3
        if self._context.policies.get("watts_to_amps") == "phases-in-use":
            amps = min(c.amps if c.watts is None else c.watts / (VOLTS * fewest) for c in said)
        else:
            amps = low.amps
        return min(amps, rated_a), phases

    def _ratings(self) -> tuple[dict[int, float], float] | None:
        """By connector and of the station, A per phase; None where the keys are not told."""
        rated, station = (
            self._keys.text("chg_RatedCurrent"),
            self._keys.text("chg_StationMaxCurrent"),
        )
        try:
            if rated is None or station is None:
                return None
            return {n: float(text) for n, text in enumerate(rated.split(","), 1)}, float(station)
        except ValueError:
            return None

    def _first_difference(
        self, told: dict[str, Any], expected: Callable[[float], Any], duration: float
    ) -> tuple[str, str] | None:
        """The first second at which the two are not the same: what was expected, what was told."""
        rows = told["chargingSchedulePeriod"]
        starts = [row["startPeriod"] for row in rows]
        offsets, offset = {float(start) for start in starts}, 0.0
        for _ in range(2000):
            offsets.add(offset)
            _, until = expected(offset)
            offset = max(float(ceil(until - LAST_S - 1e-6)), offset + 1.0) if until < inf else inf
            if offset >= duration:
                break
        for second in sorted(offsets):
            (limit, phases), _ = expected(second)
            row = rows[max(bisect_right(starts, second) - 1, 0)]
            if not self._same(limit, row["limit"]) or row.get("numberPhases", 3) != phases:
                place = f"at {second:g} s"
                said = f"{row['limit']:g} on {row.get('numberPhases', 3)} phases"
                return f"{limit:.1f} on {phases} phases {place}", f"{said} {place}"
        return None

    def _same(self, expected: float, told: float) -> bool:
        """To the tenth that is written; what has more digits may be rounded either way (7.14)."""
        if expected == inf:
            return told == -1.0
        exact = abs(expected * 10 - round(expected * 10)) < 1e-4
        return (-0.05 if exact else -TENTH) < told - expected < 0.05 + 1e-6
