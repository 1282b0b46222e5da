"""The status of a connector against what stands there: cable, transaction, offer and current (4.9, 7.7)."""

from bisect import bisect_right
from operator import itemgetter

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, distinct
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.reading.through_time import run_by_run
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, UNREADABLE, UNSEEN_S, WHOLE_SECOND_S, Stretches
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS, TELEMETRY
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.mains import Mains
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import hold, lasting
from evc5.rigs.checks.status.awaited import Awaited
from evc5.rigs.checks.status.faults import senses

TRUE, TOLD = "status.true", "status.told"
REQUIREMENTS = (
    R(
        TRUE,
        "The status is the one that cable, transaction and current call for",
        "4.9, 7.7",
        needs=(
            TELEMETRY,
            EVENTS,
        ),
        arises=("StatusNotification",),
    ),
    R(
        TOLD,
        "Every status is told within seconds",
        "4.9, TC_003_CS",
        needs=(TELEMETRY,),
        arises=("StatusNotification",),
    ),
)
MOST_TOLD = 4096  # statuses kept of a connector
STATUS_SETTLED_S = 15.0  # assumed: a car answers its first offer within 10 s
STATUS_TOLD_S = 10.0  # assumed: behind other calls on a slow line
EVSE_FAULTS = {  # they fault a connector (7.6); of reader and meter EVC4 logs show it
    *("ground-failure", "over-voltage", "under-voltage", "reader-failure", "emergency-stop"),
    *UNREADABLE,
}
OPPOSITES = {"over-voltage", "under-voltage"}  # of a bench that injects both, each makes up for the other
UNSURE_S = 10.0  # how exactly a time-out is kept
ANEW_S = 5.0  # assumed: after an outage or a boot the station has looked by then
RELATED_S = 60.0  # after an outage or a boot all is told anew; a status that got no reply a minute later


class Standing:
    """Derives for each row of telemetry which statuses may stand there, and follows what was told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._told: dict[int, list[tuple[float, str]]] = {}
        self._out: dict[int, Stretches] = {}  # by connector: out of service, as the CSMS asked
        self._maybe_out = False  # keys or an update may take connectors out of service as well
        self._faulting: dict[int, Stretches] = {}
        self._mains = Mains()
        bus = context.bus
        self._awaited = Awaited(context, TRUE)
        bus.calls["StatusNotification"].append(self._status)
        bus.replies["ChangeAvailability"].append(self._availability)
        bus.replies["UpdateFirmware"].append(self._uncertain)
        bus.replies["ChangeConfiguration"].append(self._configured)
        for name in ("fault", "clear"):
            bus.events[name].append(self._fault)
        bus.telemetry.append(self._part)

    # -- what the frames and events tell ---------------------------------------------------------

    def _status(self, call: Call) -> None:
        told = self._told.setdefault(call.payload["connectorId"], [])
        told.append((call.epoch_s, call.payload["status"]))
        if len(told) > MOST_TOLD:
            del told[: MOST_TOLD // 2]

    def _availability(self, call: Call) -> None:
        status = (call.reply or {}).get("status")
        if status not in ("Accepted", "Scheduled"):
            return
        asked = call.payload["connectorId"]
        epoch_s = call.answered_s
        for connector in [asked] if asked else self._history.outlets():
            out = self._out.setdefault(connector, Stretches())
            if call.payload["type"] == "Operative":
                out.close(epoch_s)
            else:
                out.open(epoch_s)

    def _uncertain(self, call: Call) -> None:
        self._maybe_out = True

    def _configured(self, call: Call) -> None:
        if call.payload["key"].lower() == "chg_channelsenabled":
            self._maybe_out = True

    def _fault(self, event: Event) -> None:
        if event.connector is None:
            return
        stretches = self._faulting.setdefault(event.connector, Stretches())
        known = self._connectors.faults(event.connector) & EVSE_FAULTS
        known -= OPPOSITES if known >= OPPOSITES else set()
        if any(senses(self._context, fault, event.connector, event.epoch_s) for fault in known):
            stretches.open(event.epoch_s)
        else:
            stretches.close(event.epoch_s)

    # -- telemetry -------------------------------------------------------------------------------

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            sure = ~self._connectors.unsure(rows["epoch_s"], ANEW_S)
            self._true(connector, rows, sure)
            self._said(connector, rows)

    def _true(self, connector: int, rows: Rows, sure: Array) -> None:
        good = self._allowed(connector, rows)
        steady = rows.steady("pilot", "status", "phases", rows.highest("offered_a") > 0)
        hold(self._ledger, TRUE, rows, sure & good & steady, connector, sure & ~steady)
        begun = self._connectors.running[connector].begins_of(rows["epoch_s"])
        wrong = sure & steady & ~good
        wrong[1:] &= begun[1:] == begun[:-1]  # else another transaction has its own time to settle
        for begin, end, k in lasting(rows, wrong, STATUS_SETTLED_S):
            status = str(rows.text("status", k))
            message = f"the status does not go with what stands there, for {end - begin:.0f} s"
            expected = " or ".join(self._words(connector, rows, k)) or "another"
            self._ledger.broken(TRUE, begin, connector, expected, status, message)

    def _allowed(self, connector: int, rows: Rows) -> Array:
        good = np.zeros(len(rows), bool)
        for status, may in self._may(connector, rows).items():
            good |= may & rows.among("status", status)
        return good

    def _words(self, connector: int, rows: Rows, k: int) -> list[str]:
        return [status for status, may in self._may(connector, rows).items() if may[k]]

    def _may(self, connector: int, rows: Rows) -> dict[str, Array]:
        """By status: the rows in which it may stand."""
        here, gone = rows.among("pilot", "B", "C", "D"), rows.among("pilot", "A")
        runs = self._connectors.running[connector].cover(rows["epoch_s"])
        faulting = self._faulting.get(connector, Stretches()).cover(rows["epoch_s"])
        any_of = ~here & ~gone | (self._unclear(connector, rows, here) & ~faulting)
        sound = ~any_of & ~faulting
        charging, idle = self._in_transaction(rows, here, gone), self._at_rest(connector, rows, here, gone)
        return {
            "Faulted": any_of | faulting,
            **{status: any_of | (sound & runs & may) for status, may in charging.items()},
            **{status: any_of | (sound & ~runs & may) for status, may in idle.items()},
        }

    def _unclear(self, connector: int, rows: Rows, here: Array) -> Array:
        """Rows that leave any status open, unless a fault stands there for sure."""
        epoch_s, connectors = rows["epoch_s"], self._connectors
        unclear = connectors.faulty[connector].cover(epoch_s) | self._mains.is_off(connector, rows)
        unclear |= self._while_set(connector, epoch_s)
        unclear |= rows.highest("capability_a") == 0  # heat alone: a fault or a pause
        unclear |= connectors.plugged[connector].cover(epoch_s) != here  # the eye sees what it cannot
        its = self._history.transactions.open.get(connector)
        if its is not None and its.id is None:  # until its start is taken, its stop cannot be told
            unclear |= epoch_s >= its.start - STAMP_HAIR_S
        return unclear

    @staticmethod
    def _in_transaction(rows: Rows, here: Array, gone: Array) -> dict[str, Array]:
        offered, flows = rows.highest("offered_a") > 0, rows.among("pilot", "C", "D") & (rows["phases"] > 0)
        return {
            "Charging": offered & rows.among("pilot", "C", "D"),
            "SuspendedEV": gone | (here & offered & ~flows),
            "SuspendedEVSE": here & ~offered,
        }

    def _at_rest(self, connector: int, rows: Rows, here: Array, gone: Array) -> dict[str, Array]:
        epoch_s = rows["epoch_s"]
        out = self._out.get(connector, Stretches()).cover(epoch_s)
        maybe_out = self._maybe_out or not self._keys.is_enabled(connector, float(epoch_s[-1]))
        since = self._connectors.running[connector].last_end(epoch_s)
        seen = self._seen_since(connector, epoch_s)
        used, just_used = self._used(connector, epoch_s, since, seen)
        in_service = ~out | maybe_out
        kept = self._kept(connector, epoch_s, since)
        finishing = here & (just_used | kept | self._has_waited(epoch_s, seen))
        return {
            "Finishing": finishing | (gone & (in_service | kept) & (since > -np.inf)),
            "Preparing": in_service & ~(here & used) & (here | self._awaited.at(connector, epoch_s)),
            "Available": gone & in_service,
            "Unavailable": out | maybe_out,
        }

    def _seen_since(self, connector: int, epoch_s: Array) -> Array:
        """Since when the station sees the cable: one swapped in a wink, the dark, behind a short is one."""
        plugged, hidden = self._connectors.plugged[connector], self._connectors.hidden[connector]
        dark = sorted([*self._history.boots.dark, *zip(hidden.begins, hidden.ends, strict=True)])

        def seen_since(since: float) -> float:
            for begin, end in reversed(dark):
                was_in = plugged.begin_of(begin - 2 * STAMP_HAIR_S) if begin <= since <= end else None
                since = since if was_in is None else was_in
            return since

        begins = plugged.begins_of(epoch_s, UNSEEN_S)
        return run_by_run(begins, lambda few: np.array([seen_since(since) for since in few.tolist()]))

    def _used(self, connector: int, epoch_s: Array, since: Array, seen: Array) -> tuple[Array, Array]:
        """Did the cable that is in serve a transaction, one that ended at `since`: for sure, and maybe?"""
        served = self._out.get(connector, Stretches()).last_end(epoch_s)
        plugged, dark = self._connectors.plugged[connector], self._history.boots.last_dark(epoch_s)
        anew = np.maximum(dark, served)  # after both it is Preparing (H2)
        # stamped at the boot, or by a clock just set
        later_s = WHOLE_SECOND_S + run_by_run(since, self._ledger.time.doubts_s)
        used = since > np.maximum(plugged.begins_of(epoch_s), anew) + later_s
        # A boot may keep Finishing, or not; stamps go by seconds.
        maybe = since > np.maximum(seen, served) - WHOLE_SECOND_S
        return used, maybe

    def _kept(self, connector: int, epoch_s: Array, since: Array) -> Array:
        """May the socket hold the cable of the last transaction still, for its card? (ER 3.5, 9.1.28)"""
        locks = self._keys.text("UnlockConnectorOnEVSideDisconnect", float(epoch_s[-1])) == "false"
        ended = since > -np.inf
        return ended if locks else ended & _is_one_of(since, self._refused(connector))

    def _has_waited(self, epoch_s: Array, seen: Array) -> Array:
        """Has the cable been in for ConnectionTimeOut?"""
        limit_s = self._keys.integer("ConnectionTimeOut", float(epoch_s[-1])) or 0
        is_new = self._keys.changes(float(epoch_s[0]) - STATUS_SETTLED_S, "connectiontimeout")
        waited: Array = (epoch_s - seen > limit_s - UNSURE_S) | bool(is_new)
        return waited

    def _while_set(self, connector: int, epoch_s: Array) -> Array:
        """Instants at which a transaction may run or not, by stamps of a clock that is just set."""
        doubt_s = self._ledger.time.doubts_s(epoch_s)
        if not doubt_s.any():
            return np.zeros(len(epoch_s), bool)
        running = self._connectors.running[connector]
        return (doubt_s > 0.0) & running.edges_within(epoch_s - doubt_s, epoch_s + doubt_s)

    def _refused(self, connector: int) -> list[float]:
        """When transactions ended because the CSMS refused them: their cables are kept for their cards."""
        finished = self._history.transactions.finished.get(connector, ())
        return [its.stop for its in finished if its.reason == "DeAuthorized" and its.stop is not None]

    def _said(self, connector: int, rows: Rows) -> None:
        """The status last told against the one that stands, but where nothing can be told."""
        told = self._told.get(connector)
        if not told:
            return
        before = bisect_right(told, rows["epoch_s"][0], key=itemgetter(0)) - 1
        told = self._told[connector] = told[max(before, 0) :]  # of what was over before this part, the last
        at = np.array([epoch_s for epoch_s, _ in told])
        words = np.array([rows.texts.code(word) for _, word in told])
        epoch_s = distinct(rows["epoch_s"], at[(at >= rows["epoch_s"][0]) & (at <= rows["epoch_s"][-1])])
        row = np.searchsorted(rows["epoch_s"], epoch_s, side="right") - 1
        stood = rows["status"][row]
        said = words[np.maximum(np.searchsorted(at, epoch_s, side="right") - 1, 0)]
        sure = ~self._connectors.unsure(epoch_s, RELATED_S + STATUS_TOLD_S) & (epoch_s >= at[0])
        sure &= rows.steady("status")[row]
        both = Rows(
            {"epoch_s": epoch_s},
            int(np.searchsorted(epoch_s, rows["epoch_s"][min(rows.carried, len(rows) - 1)])),
            rows.instrument,
            rows.texts,
        )
        hold(self._ledger, TOLD, both, sure & (said == stood), connector)
        for begin, end, k in lasting(both, sure & (said != stood), STATUS_TOLD_S):
            if self._link.was_unheard(begin - RELATED_S, end):
                continue
            message = f"the status that was told is another than the one that stands, for {end - begin:.0f} s"
            expected, actual = (str(rows.texts.text(code)) for code in (stood[k], said[k]))
            self._ledger.broken(TOLD, begin, connector, expected, actual, message)


def _is_one_of(since: Array, few: list[float]) -> Array:
    """Instants that are one of these, of which there is mostly none."""
    return np.isin(since, few) if few else np.zeros(len(since), bool)
