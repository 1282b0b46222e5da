"""One row per plug-in … unplug: who charged how much, from where to where, and whether all went well."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.ledger import Instants
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import FAIL, PASS
from evc5.rigs.checks.state.transactions import Transaction

UNPLUGGED_S = 1.0  # what comes so shortly after the unplugging is still of the session
LETTERS = {True: "P", False: "F", None: "-"}  # one requirement in one session: held, broken, not exercised


@dataclass(slots=True, eq=False, repr=False)
class Session:
    """A car at a connector; instants in epoch seconds."""

    connector: int
    vehicle: str | None
    plug_in: float
    needed_wh: float | None
    soc_from: float | None
    unplug: float | None = None
    soc_to: float | None = None
    wh: float | None = None
    wh_at_plug_in: float | None = None
    transactions: list[Transaction] = field(default_factory=list)
    judged: dict[str, bool] = field(default_factory=dict)  # requirements put to the test: did all hold?


class Sessions:
    """Follows plugs and transactions; without events, each transaction is a session."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._here: dict[int, Session] = {}
        self._all: list[Session] = []
        self._by_connector: dict[int, list[Session]] = {}
        self._begins: dict[int, list[float]] = {}  # of each of them
        context.ledger.watch = self._judged
        self._unmeasured: list[Session] = []
        bus = context.bus
        bus.events["plug-in"].append(self._plugged)
        bus.events["unplug"].append(self._unplugged)
        bus.calls["StartTransaction"].append(self._started)
        bus.calls["StopTransaction"].append(self._stopped)
        bus.telemetry.append(self._measure)

    def _plugged(self, event: Event) -> None:
        if event.connector is None:
            return
        detail = event.detail
        session = Session(
            event.connector, detail.get("vehicle"), event.epoch_s, detail.get("needed_wh"), detail.get("soc")
        )
        self._add(session)
        self._unmeasured.append(session)

    def _add(self, session: Session) -> None:
        self._here[session.connector] = session
        self._all.append(session)
        self._by_connector.setdefault(session.connector, []).append(session)
        self._begins.setdefault(session.connector, []).append(session.plug_in)

    def _judged(self, requirement: str, connector: int, epoch_s: Instants, good: bool) -> None:
        """Note in the sessions that stood there at these instants that a requirement was put to the test."""
        begins = self._begins.get(connector)
        if not begins:
            return
        some = epoch_s if isinstance(epoch_s, np.ndarray) else (epoch_s,)
        if len(some) == 0:
            return
        if good and self._is_no_news(requirement, connector, some):
            return
        first, last = sorted((float(some[0]), float(some[-1])))  # in order, or nearly
        index, end = max(bisect_right(begins, first) - 1, 0), bisect_right(begins, last)
        for session in self._by_connector[connector][index:end]:
            if good and requirement in session.judged:
                continue  # no news
            over = FOREVER if session.unplug is None else session.unplug + UNPLUGGED_S
            if first <= over and (end - index == 1 or _any_within(some, session.plug_in, over)):
                session.judged[requirement] = good and session.judged.get(requirement, True)

    def _is_no_news(self, requirement: str, connector: int, some: Sequence[float] | Array) -> bool:
        """Is it all of the newest session, which has it already? So it is of nearly all that is judged."""
        newest = self._by_connector[connector][-1]
        return requirement in newest.judged and some[0] >= newest.plug_in <= some[-1]

    def _unplugged(self, event: Event) -> None:
        session = self._here.pop(event.connector or 0, None)
        if session is not None:
            session.unplug = event.epoch_s

    def _started(self, call: Call) -> None:
        transaction = self._context.history.transactions.open.get(call.payload["connectorId"])
        if transaction is None or transaction.start_told != call.epoch_s:
            return
        session = self._of(transaction)
        if session is None:
            session = Session(transaction.connector, None, transaction.start, None, None)
            self._add(session)
        session.transactions.append(transaction)

    def _of(self, transaction: Transaction) -> Session | None:
        """The session a transaction belongs to; one told late, after an outage, to an earlier one."""
        for session in reversed(self._all):
            if (
                session.connector == transaction.connector
                and session.plug_in <= transaction.start + WHOLE_SECOND_S
            ):
                over = session.unplug is not None and session.unplug < transaction.start
                return None if over or session.vehicle is None else session
        return None

    def _stopped(self, call: Call) -> None:
        for session in self._here.values():
            last = session.transactions[-1] if session.transactions else None
            if session.vehicle is None and last is not None and last.stop_told == call.epoch_s:
                session.unplug = last.stop

    def _measure(self) -> None:
        """Energy and state of charge of the cars that were there, from the newest part of the telemetry."""
        for session in self._unmeasured:
            rows = self._context.telemetry.parts.get(session.connector)
            if rows is None:
                continue
            epoch_s = rows["epoch_s"]
            if session.wh_at_plug_in is None and session.plug_in >= epoch_s[0]:
                session.wh_at_plug_in = float(np.interp(session.plug_in, epoch_s, rows["energy_wh"]))
            end = epoch_s[-1] if session.unplug is None else session.unplug
            present = (epoch_s >= session.plug_in) & (epoch_s <= end) & ~np.isnan(rows["soc"])
            if present.any():
                session.soc_to = float(rows["soc"][present][-1])
            if session.wh_at_plug_in is not None:
                session.wh = float(np.interp(end, epoch_s, rows["energy_wh"])) - session.wh_at_plug_in
        until = self._context.telemetry.until
        self._unmeasured = [s for s in self._unmeasured if s.unplug is None or s.unplug > until]

    def rows(self) -> list[dict[str, Any]]:
        """The sessions as summary.json carries them."""
        table = list(self._context.ledger.table)
        return [_row(session, table) for session in self._all]


def _any_within(instants: Sequence[float] | Array, since: float, until: float) -> bool:
    epoch_s = np.asarray(instants)
    return bool(((epoch_s >= since) & (epoch_s <= until)).any())


def _row(session: Session, table: list[str]) -> dict[str, Any]:
    wh = session.wh if session.wh is not None else _metered(session)
    needed = session.needed_wh
    return {
        "connector": session.connector,
        "vehicle": session.vehicle,
        "plug_in": iso(session.plug_in),
        "unplug": None if session.unplug is None else iso(session.unplug),
        "kwh": None if wh is None else round(wh / 1000, 3),
        "soc_from": session.soc_from,
        "soc_to": None if session.soc_to is None else round(session.soc_to, 4),
        "samples": sum(transaction.samples for transaction in session.transactions),
        "needed_kwh": None if needed is None else round(needed / 1000, 3),
        "shortfall_kwh": None if needed is None or wh is None else round(max(0.0, needed - wh) / 1000, 3),
        "transactions": [transaction.id for transaction in session.transactions],
        "verdict": PASS if all(session.judged.values()) else FAIL,
        "judged": "".join(LETTERS[session.judged.get(id)] for id in table),
    }


def _metered(session: Session) -> float | None:
    done = [
        epoch_s.meter_stop - epoch_s.meter_start
        for epoch_s in session.transactions
        if epoch_s.meter_stop is not None
    ]
    return sum(done) if done else None
