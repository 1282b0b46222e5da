"""What the pilot offers against what rating, cable, heat, station and permission allow."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter

import numpy as np

from evc5.rigs.checks.electrical.stand_ins import capability
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.reading.telemetry import Rows, Telemetry
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY, key
from evc5.rigs.checks.state.follow_times import CARS_FOLLOW_S, PILOT_S
from evc5.rigs.checks.state.ledger import Told
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import at_rows, highest_of_late, is_new, spans

CAPABILITY, ALLOCATION = "electrical.capability", "electrical.allocation"
STATION, PERMISSION = "electrical.station-limit", "electrical.permission"
REQUIREMENTS = (
    R(
        CAPABILITY,
        "The offer keeps to rating, cable and heat",
        "IEC 61851-1 Annex A and B; chg_TempCtrl",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        ALLOCATION,
        "The offer keeps to what was allocated",
        "IEC 61851-1 Annex A: 5 s",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        STATION,
        "All connectors together keep to the station's current",
        "sheet table 23: chg_StationMaxCurrent",
        needs=(
            TELEMETRY,
            key("chg_StationMaxCurrent"),
        ),
        arises=("StartTransaction",),
    ),
    R(
        PERMISSION,
        "Energy is offered in transactions only",
        "OCPP 1.6 4.8, TC_003_CS",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
)
CURRENTS = ("i1_a", "i2_a", "i3_a")
PERMISSION_MARGIN_S = (
    6.5  # assumed: a stop withdraws the offer at once; the station's clock may be a little off
)
ALLOWED = {CAPABILITY: "capability_a", ALLOCATION: "allocated_a"}
MESSAGES = {
    CAPABILITY: "more is offered than rating, cable or heat allow",
    ALLOCATION: "more is offered than was allocated",
}


class Offered:
    """offered_a against capability_a and allocated_a, the pilot's 5 s after a change let pass."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            for requirement, name in ALLOWED.items():
                self._judge(requirement, connector, rows, name)

    def _judge(self, requirement: str, connector: int, rows: Rows, name: str) -> None:
        ledger, slack_a = self._context.ledger, self._context.tolerances.current_a
        offer = rows.low.highest("offered_a")
        most = rows.high.highest("offered_a")
        least_allowed, allowed = self._allowed(connector, rows, name)
        offers = most > 0
        offers &= np.isfinite(allowed)
        offers[: rows.carried] = False
        wrong = np.zeros(len(rows), bool)
        above = offers & (offer > allowed + slack_a)
        unsure = offers & ~above & (most > least_allowed + slack_a)
        for k in np.flatnonzero(above).tolist():
            over = offer[k] > self._highest(rows, allowed, k) + slack_a
            wrong[k] = over and not is_new(rows, offer, k, PILOT_S, slack_a)

        def tell(k: int) -> Told:
            return f"<= {self._highest(rows, allowed, k):.2f} A", f"{offer[k]:.2f} A", MESSAGES[requirement]

        ledger.judge_rows(requirement, connector, rows["epoch_s"], offers, wrong, tell, unsure)

    def _allowed(self, connector: int, rows: Rows, name: str) -> tuple[Array, Array]:
        """At least and at most."""
        if name == ALLOWED[CAPABILITY]:
            connectors = self._context.history.connectors
            low, high = (capability(rows, connector, connectors, side) for side in (rows.low, rows.high))
            return low, high
        return rows.low.highest(name), rows.high.highest(name)

    def _highest(self, rows: Rows, allowed: Array, k: int) -> float:
        return highest_of_late(rows, allowed, k, PILOT_S)


class StationLimit:
    """The currents of all connectors, phase by phase, against chg_StationMaxCurrent."""

    KEY = "chg_StationMaxCurrent"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._until = float("-inf")
        context.bus.telemetry.append(self._part)

    def _limit(self, epoch_s: float) -> float | None:
        """The highest limit in force of late: after a cut it takes the cars a while to follow.

        None where it is not known, or was not of late.
        """
        before = epoch_s - CARS_FOLLOW_S - self._context.telemetry.instrument.window_s
        texts = {self._context.history.keys.text(self.KEY, at) for at in (epoch_s, before)}
        try:
            return max(float(text) for text in texts if text) if None not in texts else None
        except ValueError:
            return None

    def _part(self) -> None:
        telemetry = self._context.telemetry
        instants = telemetry.instants()
        new = int(np.searchsorted(instants, self._until, side="right"))
        if new == len(instants):
            return
        self._until = float(instants[-1])
        highest = _busiest(telemetry, new, high=False)
        most = highest if telemetry.instrument.is_exact else _busiest(telemetry, new, high=True)
        self._judge(instants[new:], highest, most)

    def _judge(self, instants: Array, highest: Array, most: Array) -> None:
        """On the busiest phase flows `highest` at least, `most` at most."""
        tolerances, ledger = self._context.tolerances, self._context.ledger
        flows = most > tolerances.current_a
        for connector in self._context.telemetry.parts:
            overdraws = self._context.history.connectors.overdraws
            flows &= ~overdraws(connector, instants, tolerances.reaction_s)
        lowest = self._lowest()
        if lowest is None:
            return
        slack = 1.0 + tolerances.current_part
        wrong = np.zeros(len(instants), bool)
        above = highest > lowest * slack + tolerances.current_a
        unsure = ~above & (most > lowest * slack + tolerances.current_a)
        for k in np.flatnonzero(above).tolist():
            limit = self._limit(float(instants[k]))
            wrong[k] = limit is not None and highest[k] > limit * slack + tolerances.current_a

        def tell(k: int) -> Told:
            message = "the connectors together take more than the station may"
            return f"<= {self._limit(float(instants[k])):g} A", f"{highest[k]:.2f} A", message

        ledger.judge_rows(STATION, None, instants, flows, wrong, tell, unsure)

    def _lowest(self) -> float | None:
        setting = self._context.history.keys.get(self.KEY.lower())
        try:
            return min(float(text) for _, text in setting.history) if setting else None
        except ValueError:
            return None


def _busiest(telemetry: Telemetry, new: int, high: bool) -> Array:
    """What all connectors together take from the busiest phase at each new instant, at least or at most."""
    total = np.zeros((len(CURRENTS), len(telemetry.instants()) - new))
    for connector, rows in telemetry.parts.items():
        side, at = rows.high if high else rows.low, telemetry.at_instants(connector)[new:]
        for phase, name in enumerate(CURRENTS):
            total[phase] += at_rows(at, side[name])
    busiest: Array = total.max(axis=0)
    return busiest


class Permission:
    """Each stretch of offered current lies within a transaction; judged at the end, when all are told."""

    MOST = 100_000

    def __init__(self, context: Context) -> None:
        self._context = context
        self._offers: list[tuple[int, float, float]] = []
        self._transactions: dict[int, list[tuple[float, float]]] = {}
        context.bus.telemetry.append(self._part)
        context.bus.calls["StartTransaction"].append(self._started)
        context.bus.calls["StopTransaction"].append(self._stopped)
        context.bus.end.append(self._end)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            found = [(connector, *span) for span in spans(rows, rows.low.highest("offered_a") > 0)]
            self._offers = [*self._offers, *found][-self.MOST :]

    def _started(self, call: Call) -> None:
        told = self._transactions.setdefault(call.payload["connectorId"], [])
        told.append((epoch(call.payload["timestamp"]), float("inf")))

    def _stopped(self, call: Call) -> None:
        stopped = self._context.history.transactions.stopped_by(call)
        if stopped is None:
            return
        told = self._transactions.get(stopped.connector, [])
        for k, (start, stop) in enumerate(told):
            if start == stopped.start and stop == float("inf"):
                told[k] = (start, epoch(call.payload["timestamp"]))

    def _end(self, epoch_s: float) -> None:
        until = self._context.history.link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        shift = 2.0 * self._context.tolerances.sample_s + self._context.telemetry.instrument.window_s
        ran = {connector: _joined(told, shift) for connector, told in self._transactions.items()}
        for connector, begin, end in self._offers:
            if end > until:
                continue
            early, late = (shift + self._context.ledger.time.doubt_s(at) for at in (begin, end))
            before = bisect_right(ran.get(connector, ()), begin + early, key=itemgetter(0))
            covered = before > 0 and end <= ran[connector][before - 1][1] + late + PERMISSION_MARGIN_S
            actual = f"offered until {iso(end)}"
            message = "energy is offered without a transaction"
            self._context.ledger.judge(
                PERMISSION, covered, begin, connector, "a transaction", actual, message
            )


def _joined(transactions: Iterable[tuple[float, float]], gap_s: float) -> list[tuple[float, float]]:
    """Transactions that follow each other at once, as one: nobody sees the offer end between them."""
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(transactions):
        if joined and start <= joined[-1][1] + gap_s:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined
