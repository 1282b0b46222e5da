"""Every transaction of a recording as its frames tell it, by connector and by the id it was given."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER, epoch, iso

BEFORE_QUEUE_S = 600.0  # assumed: what was queued before a recording began is told so soon
UNKNOWN = -1  # ER 3.18: stands for the id of a transaction whose start the CSMS never confirmed


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction as its frames tell it; instants are epoch seconds of the station's stamps."""

    connector: int
    id_tag: str
    start: float
    start_told: float  # when the frame went
    meter_start: float
    id: int | None = None  # unknown until the CSMS gave it
    confirmed_at: float | None = None  # when the CSMS gave it
    status: str = ""  # of the id tag, as the CSMS answered
    stop: float | None = None
    stop_told: float | None = None
    meter_stop: float | None = None
    reason: str | None = None
    is_stop_sure: bool = True  # else its stop, of id -1, may be another's
    samples: int = 0

    @property
    def name(self) -> str:
        """As a finding speaks of it."""
        return f"transaction {self.id}" if self.id is not None else f"a transaction of {self.id_tag}"

    @property
    def outcome(self) -> str:
        """What became of it, as a finding tells it."""
        return "it goes on" if self.stop is None else f"{self.reason} at {iso(self.stop)}"


class TransactionMemory:
    """Those that run, and of each connector the latest that are over."""

    RECENT = 64  # finished transactions kept per connector, for data that arrives late

    def __init__(self) -> None:
        self.open: dict[int, Transaction] = {}  # by connector
        self.by_id: dict[int, Transaction] = {}
        self.finished: dict[int, deque[Transaction]] = {}
        self.count = 0
        self.remote_tags: dict[str, float] = {}  # idTags of remote starts accepted, in lower case
        self.given: set[int] = set()  # ids that the CSMS ever gave
        self.from_power_on = False  # does the recording reach back to the first transaction?
        self._settled: dict[int, float] = {}  # by connector: since when nothing from before runs there
        self.unclear = False  # was a start or stop told that could not be read?
        self._starting: dict[str, Transaction] = {}  # by message id, until confirmed
        self._stopped: dict[str, Transaction] = {}  # by message id of its stop; the latest ones

    def at(self, connector: int, stamp: float) -> Transaction | None:
        """The transaction that ran on a connector at an instant of the station's clock."""
        running = self.open.get(connector)
        if running is not None and running.start <= stamp:
            return running
        for old in reversed(self.finished.get(connector, ())):
            if old.start <= stamp <= (old.stop or old.start):
                return old
        return None

    def any_within(self, connector: int, since: float, until: float) -> bool:
        """Did any transaction run on a connector within [since, until]?"""
        running = self.open.get(connector)
        if running is not None and running.start <= until:
            return True
        return any(
            old.start <= until and (old.stop or old.start) >= since
            for old in self.finished.get(connector, ())
        )

    def runs_past(self, connector: int, since: float, rested: float, until: float) -> bool:
        """Did one begin within [since, until], or was one not over at `rested`?"""
        its = [*self.finished.get(connector, ())]
        its += [self.open[connector]] if connector in self.open else []
        return any(
            one.start <= until and (one.start >= since or (one.stop or until) >= rested) for one in its
        )

    def started_by(self, call: Call) -> Transaction | None:
        """The transaction that this StartTransaction began; None of a repetition."""
        running = self.open.get(call.payload["connectorId"])
        return running if running is not None and running.start_told == call.epoch_s else None

    def stopped_by(self, call: Call) -> Transaction | None:
        """The transaction that this StopTransaction ended; None where it ended none, or not anew."""
        stopped = self._stopped.get(call.id)
        return stopped if stopped is not None and stopped.stop_told == call.epoch_s else None

    def is_settled(self, connector: int, epoch_s: float) -> bool:
        """Can nothing that began before the recording be told of this connector any more?"""
        return self.from_power_on or self._settled.get(connector, FOREVER) <= epoch_s

    def at_rest(self, connector: int, epoch_s: float) -> None:
        """A status says that nothing runs there; what is queued of it comes a while later."""
        self._settle(connector, epoch_s + BEFORE_QUEUE_S)

    def _settle(self, connector: int, epoch_s: float) -> None:
        """They go in their order (3.7.1): a start or stop that is told ends what was queued before."""
        self._settled[connector] = min(self._settled.get(connector, FOREVER), epoch_s)

    # -- what the frames tell --------------------------------------------------------------------

    def start(self, call: Call) -> None:
        payload = call.payload
        connector = payload["connectorId"]
        start = epoch(payload["timestamp"])
        self.count += 1
        self._settle(connector, call.epoch_s)
        started = Transaction(connector, payload["idTag"], start, call.epoch_s, float(payload["meterStart"]))
        self.open[connector] = self._starting[call.id] = started

    def again(self, call: Call) -> None:
        """A StartTransaction was sent once more: its confirmation speaks of the same transaction.

        It may give it another id, and then either may be used.
        """
        running = self.open.get(call.payload.get("connectorId", 0))
        if call.action == "StartTransaction" and running is not None:
            self._starting[call.id] = running

    def confirmed(self, call: Call) -> None:
        started = self._starting.pop(call.id, None)
        if call.reply is not None:
            self.given.add(call.reply["transactionId"])
        if started is not None and call.reply is not None:
            if started.id is None:
                started.confirmed_at = call.reply_epoch_s
            started.id, started.status = call.reply["transactionId"], call.reply["idTagInfo"]["status"]
            self.by_id[started.id] = started

    def unreadable_confirmation(self, call: Call, payload: Any) -> None:
        """One that breaks its schema may count as none, and the id in it may be used all the same."""
        id = _as_number(payload.get("transactionId") if isinstance(payload, dict) else None)
        if id is not None and call.id in self._starting:
            self.given.add(id)
            self.by_id.setdefault(id, self._starting[call.id])

    def stop(self, call: Call, stopped: Transaction) -> None:
        """A StopTransaction that means this one."""
        payload = call.payload
        self._stopped[call.id] = stopped
        if len(self._stopped) > self.RECENT:
            del self._stopped[next(iter(self._stopped))]
        self._settle(stopped.connector, call.epoch_s)
        stopped.stop = epoch(payload["timestamp"])
        stopped.stop_told = call.epoch_s
        stopped.meter_stop, stopped.reason = float(payload["meterStop"]), payload.get("reason", "Local")
        self._over(stopped)

    def unreadable_stop(self, call: Call) -> None:
        """One that breaks its schema: what it may mean is over, and how it ended is not known."""
        told = call.payload.get("transactionId") if isinstance(call.payload, dict) else None
        ids = [id for id in self.by_id if str(id) == str(told)]
        meant = [self.by_id[id] for id in ids] or list(self.open.values())
        if len(meant) == 1 and meant[0].stop is None:
            meant[0].is_stop_sure = False
            meant[0].stop = meant[0].stop_told = call.epoch_s
            self._over(meant[0])

    def _over(self, stopped: Transaction) -> None:
        """It runs no more."""
        if self.open.get(stopped.connector) is stopped:
            del self.open[stopped.connector]
        recent = self.finished.setdefault(stopped.connector, deque())
        if stopped in recent:  # by a stop that could not be read
            return
        recent.append(stopped)
        if len(recent) > self.RECENT:
            self.by_id.pop(recent.popleft().id or -1, None)

    def remotely_started(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self.remote_tags[call.payload["idTag"].lower()] = call.epoch_s


def _as_number(id: object) -> int | None:
    """An id as a station reads it that is not strict: a text or a fraction may be a whole number."""
    if isinstance(id, bool) or not isinstance(id, (int, float, str)):
        return None
    with suppress(ValueError, OverflowError):  # no number, or none that is whole
        return int(id) if isinstance(id, str) or id == int(id) else None
    return None
