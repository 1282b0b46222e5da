"""GetCompositeSchedule: a schedule that is one, no higher than any profile, and what all comes to (5.7)."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import ceil, floor, inf
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import key
from evc5.rigs.checks.state.profiles import PHASES_UNTOLD, VOLTS, Cap, next_mark, prevailing
from evc5.rigs.checks.state.profiles_in_force import DEFAULT
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spread import Spread
from evc5.rigs.checks.status.status import RUNNING

COMPOSITE, FORM, ABOVE = "charging.composite", "charging.composite-form", "charging.composite-limit"
REQUIREMENTS = (
    R(
        COMPOSITE,
        "A composite schedule is what the profiles and ratings come to",
        "3.13.4, 5.7, TC_066_CS",
        needs=(key("chg_RatedCurrent"), key("chg_StationMaxCurrent")),
        arises=("GetCompositeSchedule",),
    ),
    R(
        FORM,
        "A composite schedule begins now, in periods from 0 within its time",
        "5.7, 7.13, ER 3.45, ER 3.57",
    ),
    R(ABOVE, "A composite schedule is nowhere above a profile that was accepted", "3.13.3, 5.7"),
)
SECOND_END_S = 0.999  # assumed: each whole second has the limit that holds at its end
TENTH = 0.1 + 1e-6  # limits are written with one decimal (7.14)
BESIDE_S = 2.0  # assumed: a station may round a boundary to either second, and so may its clock
START_S = 300.0  # assumed: a schedule that starts further from its question is of another time
LONGEST_ASKED_S = 86_400  # assumed: a day is what any station can tell
MOST_CHANGES = 2000  # changes of limit that are looked at; a day of minutes has fewer
Piece = tuple[float, int]  # limit in the unit asked for, numberPhases
Wrong = tuple[str, str] | None  # expected, actual
At = Callable[[float], tuple[Piece, float]]  # what holds so many seconds into a schedule, and until when


class Composite:
    """Holds each composite schedule against itself, its question, and the profiles as they stood then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._in_force = context.profiles
        self._ledger = context.ledger
        self._history, self._keys = context.history, context.history.keys
        self._connectors, self._link = context.history.connectors, context.history.link
        self._spread = Spread(context)
        context.bus.replies["GetCompositeSchedule"].append(self._answered)

    def _answered(self, call: Call) -> None:
        reply = call.reply
        if reply is None or reply["status"] != "Accepted":
            self._refused(call)
            return
        if self._history.lacks(call.payload["connectorId"]):
            told = f"connectors {self._history.outlets()}"
            message = "a composite schedule of a connector that does not exist"
            self._ledger.broken(FORM, call.epoch_s, call.connector, f"Rejected: {told}", "Accepted", message)
            return
        if "chargingSchedule" not in reply:
            message = f"the composite schedule of connector {call.payload['connectorId']} is missing"
            self._ledger.broken(
                FORM, call.epoch_s, call.connector, "a chargingSchedule with Accepted", "none", message
            )
            return
        form = self._wrong_form(call, reply)
        what = f"the composite schedule of connector {call.payload['connectorId']}"
        self._ledger.judge(
            FORM, form is None, call.epoch_s, call.connector, *(form or ("", "")), f"{what} is none"
        )
        if form is None:
            self._cut_short(call, reply, f"{what} ends before it was asked to")
        if self._is_known(call):
            self._never_above(call, reply, f"{what} is above a profile accepted")
            if form is None and transactions_are_told(self._context, call.epoch_s):
                self._exactly(call, reply, what)

    def _is_known(self, call: Call) -> bool:
        """Is it known which profiles rule there: none of a transaction that is over, or was just begun?"""
        connector, at = call.payload["connectorId"], call.answered_s
        brings = self._in_force.may_bring({"connectorId": connector} if connector else {}, at)
        is_over = self._connectors.may_be_over(connector, call.epoch_s)
        is_over |= self._context.evidence.from_power_on and self._in_force.may_hang_on_untold(connector, at)
        return self._in_force.applies(at) and not is_over and not brings

    # -- is it one? ------------------------------------------------------------------------------

    def _wrong_form(self, call: Call, reply: dict[str, Any]) -> Wrong:
        asked = call.payload
        told = reply["chargingSchedule"]
        starts = [row["startPeriod"] for row in told["chargingSchedulePeriod"]]
        wanted = {
            "connectorId": asked["connectorId"],
            "chargingRateUnit": asked.get("chargingRateUnit", told["chargingRateUnit"]),
        }
        said = {name: (reply if name == "connectorId" else told).get(name, wanted[name]) for name in wanted}
        wrong = [(f"{name} {wanted[name]}", f"{said[name]}") for name in wanted if said[name] != wanted[name]]
        if told.get("duration", 0) > asked["duration"]:
            wrong.append((f"duration {asked['duration']}", f"{told['duration']}"))
        wrong += self._wrong_begin(reply, call.answered_s)
        wrong += _wrong_starts(starts, asked["duration"])
        return ("; ".join(one for one, _ in wrong), "; ".join(other for _, other in wrong)) if wrong else None

    def _cut_short(self, call: Call, reply: dict[str, Any], message: str) -> None:
        """Where no profile is left there may be nothing to tell, as open-ocpp has it; 5.7 asks for all."""
        wanted = call.payload["duration"]
        told = reply["chargingSchedule"].get("duration", wanted)
        expected, actual = f"duration {wanted}", f"duration {told}"
        if told < wanted:
            self._ledger.broken(
                FORM, call.epoch_s, call.connector, expected, actual, message, severity="warning"
            )

    @staticmethod
    def _wrong_begin(reply: dict[str, Any], asked_at: float) -> list[tuple[str, str]]:
        """ER 3.57: scheduleStart tells when it begins; a startSchedule that is told as well must agree."""
        begins = [reply.get("scheduleStart"), reply["chargingSchedule"].get("startSchedule")]
        off = [text for text in begins if text is not None and abs(epoch(text) - asked_at) > START_S]
        return [(f"from {iso(asked_at)}, when it was asked", f"from {text}") for text in dict.fromkeys(off)]

    # -- is it above a profile? ------------------------------------------------------------------

    def _never_above(self, call: Call, reply: dict[str, Any], message: str) -> None:
        told, connector = reply["chargingSchedule"], call.payload["connectorId"]
        now = call.answered_s
        begin = epoch(reply["scheduleStart"]) if "scheduleStart" in reply else now
        end = min(call.payload["duration"], told.get("duration", inf))
        compared = False
        for second, row in _seconds(
            told["chargingSchedulePeriod"], end, self._changes(connector, now, begin, end)
        ):
            for scope in {connector, 0}:
                caps = self._caps(scope, now, begin + second)
                most = max(
                    (self._highest(cap, row, told["chargingRateUnit"], now) for cap in caps), default=inf
                )
                compared |= most < inf
                if row["limit"] > most:
                    expected = f"<= {most:.1f} {told['chargingRateUnit']} at {second:g} s"
                    actual = f"{row['limit']:g} {told['chargingRateUnit']}"
                    self._ledger.broken(ABOVE, call.epoch_s, call.connector, expected, actual, message)
                    return
        self._ledger.held(ABOVE, int(compared), call.connector, call.epoch_s)

    def _highest(self, cap: Cap | None, row: dict[str, Any], unit: str, now: float) -> float:
        """What a period may tell; over the phases in use a car may try with what one of them may have."""
        most = _most(cap, row, unit)
        if unit == "W" or cap is None or cap.watts is None or not self._spread.in_use:
            return most
        tries_a = cap.watts / VOLTS
        return max(most, tries_a + TENTH) if tries_a >= self._spread.least_a(now) else most

    def _changes(self, connector: int, now: float, begin: float, end: float) -> Iterator[float]:
        """How many seconds into the schedule a profile changes its limit."""
        held, began = self._in_force.profiles(now), self._in_force.began(connector, now)
        for scope in {connector, 0}:
            second = 0.0
            for _ in range(MOST_CHANGES):
                second = next_mark(held, scope, begin + second, began) - begin
                if second >= end:
                    break
                yield second

    def _caps(self, scope: int, now: float, epoch_s: float) -> list[Cap | None]:
        """What rules at an instant, as far as is known now, in each way that is left open."""
        held, began = self._in_force.profiles(now), self._in_force.began(scope, now)
        if self._context.evidence.from_power_on:
            return [self._prevails(scope, epoch_s, now, self._guess(now))[0]]
        beginnings = {
            began,
            floor(now) if began is None else began,
        }  # 7.9: what is relative counts, or does not
        return [
            prevailing(held, scope, epoch_s, each, order) for each in beginnings for order in (True, False)
        ]

    def _guess(self, now: float) -> float | None:
        """Since when charging runs as far as a composite schedule is concerned, where none does."""
        from_query = self._context.policies.get("relative_without_transaction") == "from-query"
        return floor(now) if from_query else None

    @property
    def _own_first(self) -> bool:
        return self._context.policies.get("txdefault_precedence") != "stack-level"

    # -- is it what all comes to? ----------------------------------------------------------------

    def _exactly(self, call: Call, reply: dict[str, Any], message: str) -> None:
        told = reply["chargingSchedule"]
        now = call.answered_s
        start = epoch(reply["scheduleStart"]) if "scheduleStart" in reply else floor(now)
        wrongs: list[Wrong] = []
        for wired in self._spread.wirings:
            self._spread.assumed = wired
            expected = self._expected(call.payload, start, now, told["chargingRateUnit"])
            wrongs += [] if expected is None else [self._wrong_sum(call, told, expected)]
        self._spread.assumed = self._spread.wirings[0]
        if not wrongs:
            return
        wrong = None if None in wrongs else wrongs[0]
        untold = self._context.evidence.so_far(call.epoch_s)
        self._ledger.judge(
            COMPOSITE,
            wrong is None,
            call.epoch_s,
            call.connector,
            *(wrong or ("", "")),
            message,
            untold=untold,
            lost=call.epoch_s,
        )

    def _wrong_sum(self, call: Call, told: dict[str, Any], expected: At) -> Wrong:
        asked_s = call.payload["duration"]
        if told.get("minChargingRate") == 0 or ("minChargingRate" in told and not self._has_hint(call)):
            return "no minChargingRate", f"{told['minChargingRate']}"
        if told.get("duration", asked_s) != asked_s:
            return f"duration {asked_s}", f"duration {told['duration']}"
        return self._first_difference(told, expected, asked_s)

    def _has_hint(self, call: Call) -> bool:
        profiles = self._in_force.profiles(call.answered_s)
        return any(cap.min_rate is not None for profile in profiles for cap in profile.caps)

    def _refused(self, call: Call) -> None:
        connector, duration = call.payload["connectorId"], call.payload["duration"]
        outlets = self._history.outlets()
        if (
            call.reply is not None
            and outlets
            and connector in (0, *outlets)
            and 0 < duration <= LONGEST_ASKED_S
        ):
            message = f"the composite schedule of connector {connector} was refused"
            severity = "warning" if self._ratings() is None else "error"  # 5.7: it may not be able to tell
            told = call.epoch_s, connector, "Accepted", call.reply["status"], message
            self._ledger.broken(COMPOSITE, *told, severity=severity)

    def _expected(self, asked: dict[str, Any], start: float, now: float, unit: str) -> At | None:
        """What holds so many seconds into the schedule, and until when; None where it cannot be said."""
        ratings = self._ratings()
        connector = asked["connectorId"]
        if ratings is None or (connector == 0 and unit == "W") or not self._in_force.applies(now):
            return None
        if self._spread.follows_more and self._has_watts(now):
            return None
        guess = self._guess(now)

        def at(offset: float) -> tuple[Piece, float]:
            epoch_s = start + offset + SECOND_END_S
            which = sorted(ratings[0]) if connector == 0 else [connector]
            whole, until = self._prevails(0, epoch_s, now, guess)
            pieces = []
            for one in which:
                cap, end = self._prevails(one, epoch_s, now, guess)
                until = min(until, end)
                pieces.append(self._piece(cap, whole, min(ratings[0][one], ratings[1]), unit))
            amps, phases = sum(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
            if connector == 0:
                rated_a = ratings[1] if amps < inf else inf  # a gap may be unlimited here too
                amps = min(amps, rated_a, inf if whole is None else self._spread.amps(whole, phases))
            value = amps if unit == "A" else amps * VOLTS * phases
            return (value, phases), (until - start if until < inf else inf)

        return at

    def _prevails(
        self, connector: int, epoch_s: float, now: float, guess: float | None
    ) -> tuple[Cap | None, float]:
        began, held = self._in_force.began(connector, now), self._in_force.profiles(now)
        if began is None and guess is not None:
            began = guess
            if connector:  # without a transaction there is no TxProfile to count
                held = tuple(p for p in held if p.purpose == DEFAULT)
        cap = prevailing(held, connector, epoch_s, began, self._own_first)
        return cap, next_mark(held, connector, epoch_s, began)

    def _has_watts(self, now: float) -> bool:
        return any(cap.watts is not None for profile in self._in_force.profiles(now) for cap in profile.caps)

    def _piece(self, own: Cap | None, whole: Cap | None, rated_a: float, unit: str) -> Piece:
        """Amperes, and the phases told beside the unit: as asked beside amperes, else those that conduct."""
        said = [cap for cap in (own, whole) if cap is not None]
        if not said:
            return (inf if self._context.policies.get("gap") == "unlimited" else rated_a), self._spread.wired
        low = min(said, key=lambda cap: cap.amps)
        fewest = min(cap.phases or PHASES_UNTOLD for cap in said)
        given = any(cap.phases is not None for cap in said)
        by_fewest = self._context.policies.get("merge_phases") == "minimum"
        asked = min(fewest if by_fewest else low.phases or PHASES_UNTOLD, self._spread.wired)
        conducting = self._spread.conducting(asked)
        if given and self._spread.stops(asked):
            return 0.0, conducting if unit == "W" else asked
        amps, in_watts = min((self._spread.amps(cap, conducting), cap.watts is not None) for cap in said)
        return min(amps, rated_a), conducting if unit == "W" or in_watts else asked

    def _ratings(self) -> tuple[dict[int, float], float] | None:
        """By connector and of the station, A per phase; None where the keys are not told."""
        rated, station = (
            self._keys.text("chg_RatedCurrent"),
            self._keys.text("chg_StationMaxCurrent"),
        )
        try:
            if rated is None or station is None:
                return None
            own = [float(text) for text in rated.split(",")]
            lower = [float(text) or inf for text in (self._keys.text("chg_Mode3Current") or "0").split(",")]
            each = zip(own, lower * len(own) if len(lower) == 1 else lower, strict=True)
            return {n: min(pair) for n, pair in enumerate(each, 1)}, float(station)
        except ValueError:
            return None

    def _first_difference(self, told: dict[str, Any], expected: At, duration: float) -> Wrong:
        """The first second at which the two are not the same: what was expected, what was told."""
        rows = told["chargingSchedulePeriod"]
        starts = [row["startPeriod"] for row in rows]
        offsets = {float(start) for start in starts}
        offset = 0.0
        for _ in range(MOST_CHANGES):
            offsets.add(offset)
            _, until = expected(offset)
            offset = max(float(ceil(until - SECOND_END_S - 1e-6)), offset + 1) if until < inf else inf
            if offset >= duration:
                break
        for second in sorted(offsets):
            (limit, phases), _ = expected(second)
            row = rows[max(bisect_right(starts, second) - 1, 0)]
            if not self._same(limit, row["limit"]) or row.get("numberPhases", PHASES_UNTOLD) != phases:
                place = f"at {second:g} s"
                said = f"{row['limit']:g} on {row.get('numberPhases', PHASES_UNTOLD)} phases"
                return f"{limit:.1f} on {phases} phases {place}", f"{said} {place}"
        return None

    def _same(self, expected: float, told: float) -> bool:
        """To the tenth that is written; what has more digits may be rounded either way (7.14)."""
        if expected == inf:
            return told == -1.0
        exact = abs(expected * 10 - round(expected * 10)) < 1e-6
        return (-TENTH / 2 if exact else -TENTH) < told - expected < TENTH / 2


def transactions_are_told(context: Context, epoch_s: float) -> bool:
    """Is every transaction that runs known by now?"""
    history = context.history
    untold = any(
        status in RUNNING and one not in history.transactions.open
        for one, status in history.connectors.statuses.items()
    )
    behind = history.link.may_be_queueing(epoch_s) or history.link.waiting() is not None
    return history.is_settled(epoch_s) and not untold and not behind


def _wrong_starts(starts: list[int], duration: float) -> list[tuple[str, str]]:
    if not starts:
        return [("a period", "none")]
    wrong = []
    if starts[0] != 0:
        wrong.append(("the first period at 0 s", f"at {starts[0]} s"))
    if any(later <= earlier for earlier, later in pairwise(starts)):
        wrong.append(("periods one after another", f"at {starts} s"))
    if max(starts) >= max(duration, 1):
        wrong.append((f"periods within {duration} s", f"one at {max(starts)} s"))
    return wrong


def _seconds(
    rows: list[dict[str, Any]], end: float, changes: Iterator[float]
) -> Iterator[tuple[float, dict[str, Any]]]:
    """The seconds at which a schedule is looked at, past each change of its own or of a profile."""
    starts = [row["startPeriod"] for row in rows]
    if starts != sorted(starts):
        return
    for second in sorted({0.0, *starts, *changes}):
        place = min(second + BESIDE_S, end - 1)
        index = bisect_right(starts, place) - 1
        is_past = second == 0 or place >= second + BESIDE_S  # else the schedule ends too near to a change
        if 0 <= place < end and index >= 0 and is_past:
            yield place, rows[index]


def _most(cap: Cap | None, row: dict[str, Any], unit: str) -> float:
    """The highest limit that a period may tell under a cap, in its own unit, to the tenth that is written."""
    if cap is None:
        return inf
    if unit == "W" and cap.watts is None:
        phases = max(cap.phases or PHASES_UNTOLD, int(row.get("numberPhases", PHASES_UNTOLD)))
        return cap.amps * VOLTS * phases + TENTH
    if unit == "W":
        return cap.most_w + TENTH
    if cap.watts is None:
        return cap.amps + TENTH
    return cap.watts / (VOLTS * int(row.get("numberPhases", 1))) + TENTH  # ER 3.34: over those in use
