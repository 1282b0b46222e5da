"""Whether the station serves: what is allocated is offered, who may charge gets something, and says so."""

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.profiles import MINIMUM_A
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import hold, spans

OFFERED, SERVED, TOLD = "service.offered", "service.served", "service.told"
PHASES_SWITCHED = "service.phases"
REQUIREMENTS = (
    R(
        OFFERED,
        "What is allocated to a car is offered to it",
        "IEC 61851-1 Annex A",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        SERVED,
        "In a transaction a car gets current, or there is a reason",
        "OCPP 1.6 4.9",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        PHASES_SWITCHED,
        "An offer stands on the phases that conduct, and on no other",
        "7.14; design: offered_a",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        TOLD,
        "While current flows the status is Charging",
        "OCPP 1.6 4.9, 7.7",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
)
RELAYS_SWITCHED_S = 60.0  # assumed: phases are switched in less
SAME_A = 0.01  # currents are recorded to more digits
FLOWS_A = 1.0  # assumed: more than a car that only keeps itself awake


class Service:
    """Judges stretches of telemetry that last longer than anything transient."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            allocated = rows.highest("allocated_a")
            least, most = rows.low.highest("offered_a"), rows.high.highest("offered_a")
            here = rows.among("pilot", "B", "C", "D")
            sound = ~self._context.history.connectors.faulty[connector].cover(rows["epoch_s"])
            flows = rows.low.current() > FLOWS_A
            slack = self._context.tolerances.current_a
            sure, may = (
                (most > 0) & (np.abs(offer - allocated) <= slack + more)
                for offer, more in ((rows.highest("offered_a"), 0.0), (most, most - least))
            )
            self._long(OFFERED, connector, rows, here & sound & (allocated >= MINIMUM_A), sure, may)
            conducts = (rows["phases"] > 0) & rows.steady("phases") & (least > 0)
            on_them = self._on_them(rows, conducts)
            self._long(PHASES_SWITCHED, connector, rows, conducts, on_them, on_them)
            charging = rows.among("status", "Charging")
            self._long(TOLD, connector, rows, flows & rows.steady("status"), charging, charging)
            self._served(connector, rows, here, (allocated > 0) | ~rows.among("limited_by", "none"))

    def _on_them(self, rows: Rows, conducts: Array) -> Array:
        """Is offered and allocated on as many phases as conduct, and on each the same as on the first?"""
        at = np.flatnonzero(conducts)
        phases, good = rows["phases"][at], np.ones(len(at), bool)
        for name in ("offered_a", "allocated_a"):
            slack = rows.instrument.slack
            first, *others = (np.nan_to_num(amps[at]) for amps in rows[name].T)
            for before, amps in enumerate(others, 1):
                expected = np.where(before < phases, first, 0.0)
                good &= np.abs(amps - expected) < SAME_A + slack(name, amps) + slack(name, first)
        found = np.zeros(len(rows), bool)
        found[at] = good
        return found

    def _long(
        self, requirement: str, connector: int, rows: Rows, when: Array, good: Array, may_be: Array
    ) -> None:
        """Where `when` holds, it has to be good, but for moments; `good` is sure, `may_be` possible."""
        hold(self._ledger, requirement, rows, when & good, connector, when & may_be & ~good)
        for begin, end in spans(rows, when & ~good & ~may_be):
            if end - begin > RELAYS_SWITCHED_S + rows.instrument.window_s:
                self._complain(requirement, connector, begin, end)

    def _served(self, connector: int, rows: Rows, here: Array, reason: Array) -> None:
        history = self._context.history
        for begin, end in spans(rows, here & ~reason):
            if (
                end - begin <= RELAYS_SWITCHED_S
                or history.boots.is_dark(begin, RELAYS_SWITCHED_S)
                or history.boots.is_dark(end, RELAYS_SWITCHED_S)
            ):
                continue
            running = history.transactions.at(connector, begin + RELAYS_SWITCHED_S / 2)
            if running is None or running.status != "Accepted":
                continue
            told_until = history.link.delivered_until(self._context.telemetry.until, 0.0)
            until = min(end, told_until if running.stop is None else running.stop)
            since = max(begin, running.start)
            if until - since > RELAYS_SWITCHED_S:
                self._complain(SERVED, connector, since, until)
        hold(self._ledger, SERVED, rows, here & reason, connector)

    def _complain(self, requirement: str, connector: int, begin: float, end: float) -> None:
        self._ledger.broken(
            requirement,
            begin,
            connector,
            EXPECTED[requirement],
            f"not for {end - begin:.0f} s",
            MESSAGES[requirement],
        )


EXPECTED = {
    PHASES_SWITCHED: "the phases that conduct",
    OFFERED: "an offer of it",
    SERVED: "an allocation, or what limits it",
    TOLD: "Charging",
}
MESSAGES = {
    PHASES_SWITCHED: "what is offered or allocated stands on other phases than those that conduct",
    OFFERED: "current is allocated and not offered",
    SERVED: "a car in a transaction gets nothing, for no reason",
    TOLD: "current flows under another status",
}
