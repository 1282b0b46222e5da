"""Every transaction of a recording as its frames tell it, by connector and by the id it was given."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, epoch, iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND, MOST_AC_W, MOST_W, is_alternating

BEFORE_QUEUE_S = 600.0  # assumed: what was queued before a recording began is told so soon
UNKNOWN = -1  # ER 3.18: stands for the id of a transaction whose start the CSMS never confirmed
ENDED_S = 2.0  # assumed: a stop is stamped so near to what ended it


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
        self.ending: Mapping[int, float] = {}  # by connector: its cable was pulled, or it is finishing
        self.pulled: Mapping[int, float] = {}  # by connector: when its cable was last pulled
        self.winked: Mapping[int, float] = {}  # likewise, so briefly that it may have gone unnoticed
        self.card_shown: Mapping[int, float] = {}  # by connector: when a card was last shown there
        self.is_misread: Callable[[int, float, float], bool] = lambda *_: False  # its meter, in a stretch?
        self.remote_tags: dict[str, float] = {}  # idTags of remote starts accepted, in lower case
        self.given: set[int] = set()  # ids that the CSMS ever gave
        self.from_power_on = False  # does the recording reach back to the first transaction?
        self._settled: dict[int, float] = {}  # by connector: since when nothing from before runs there
        self.shown_wh: dict[int, float] = {}  # by connector: its register as it was told last
        self._shown_at: dict[int, float] = {}  # by connector: the stamp of that
        self._is_ac = False  # as its meter values tell
        self._named_by: dict[int, Transaction] = {}  # by id: the other that its stop named
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

    def by_name(self, stop: dict[str, Any], all_settled: bool) -> Transaction | None:
        """The transaction that a stop of this id means: its own; of a wrong id, the only one it can be.

        ER 3.18: -1 stands for one whose start was not confirmed.
        """
        id = stop["transactionId"]
        known = self.by_id.get(id)
        if known is not None:
            return self.misnamed(stop) or known
        nameless = [running for running in self.open.values() if running.id is None]
        others = list(self.open.values()) if all_settled and id not in self.given else []
        candidates = nameless or (self._going_with(stop, others) if len(others) > 1 else others)
        if nameless and id == UNKNOWN:
            return min(nameless, key=partial(self.distance, stop))
        return candidates[0] if len(candidates) == 1 else None

    def misnamed(self, stop: dict[str, Any]) -> Transaction | None:
        """The one that a stop means by another's id; None where it means the one that it names.

        The register cannot be that one's own, or the stop of this one was told in that one's name before.
        """
        known = self.by_id.get(stop["transactionId"])
        if known is None or (known.stop is None and self._going_with(stop, [known])):
            return None
        others = self._going_with(stop, [its for its in self.open.values() if its is not known])
        if known.stop is not None:
            others = [its for its in others if self._follows(stop, known, its)]
        return others[0] if len(others) == 1 else None

    def _follows(self, stop: dict[str, Any], known: Transaction, its: Transaction) -> bool:
        """Is a stop in the name of one that is over that of the next there, or of whom its own named?"""
        moved = known.meter_stop is not None and float(stop["meterStop"]) > known.meter_stop
        return self._named_by.get(known.id or 0) is its or (known.connector == its.connector and moved)

    def _going_with(self, stop: dict[str, Any], running: list[Transaction]) -> list[Transaction]:
        """Those whose register can have come to where a stop tells it."""
        at, wh = epoch(stop["timestamp"]), float(stop["meterStop"])
        return [its for its in running if its.start <= at and self._can_tell(its, at, wh)]

    def _can_tell(self, its: Transaction, at: float, wh: float) -> bool:
        if self.is_misread(its.connector, its.start, at):
            return True
        return its.meter_start <= wh <= self._most_wh(its, at)

    def _most_wh(self, its: Transaction, at: float) -> float:
        """What the register of a transaction can show at an instant, by what it showed last."""
        since = max(its.start, min(self._shown_at.get(its.connector, its.start), at))
        shown_wh = max(its.meter_start, self.shown_wh.get(its.connector, 0.0))
        return shown_wh + (MOST_AC_W if self._is_ac else MOST_W) * (at - since + ENDED_S) / 3600.0

    def distance(
        self, stop: dict[str, Any], running: Transaction
    ) -> tuple[bool, bool, bool, bool, bool, float]:
        """How badly a stop goes with a transaction: by its meter, its end as it was seen, its card."""
        at = epoch(stop["timestamp"])
        otherwise = self._is_otherwise(running.connector, at, stop.get("reason", "Local"))
        tag = stop.get("idTag", "").lower()
        stop_wh = float(stop["meterStop"])
        fallen = stop_wh < self.shown_wh.get(running.connector, 0.0)
        risen_wh = stop_wh - running.meter_start
        ends = (seen.get(running.connector, -FOREVER) for seen in (self.ending, self.card_shown))
        elsewhere = all(abs(at - ended_epoch_s) > ENDED_S for ended_epoch_s in ends)
        other = bool(tag) and running.id_tag.lower() != tag
        return fallen, otherwise, elsewhere, other, risen_wh < 0, risen_wh

    def _is_otherwise(self, connector: int, at: float, reason: str) -> bool:
        """Was the cable pulled just then and another reason told, or not pulled and that is the reason?"""
        pulled, winked, shown = (
            abs(at - seen.get(connector, -FOREVER)) <= ENDED_S
            for seen in (self.pulled, self.winked, self.card_shown)
        )
        if winked and not pulled:
            return False
        return pulled != (reason == "EVDisconnected") and not (pulled and shown and reason == "Local")

    def _may_mean_another(self, stop: dict[str, Any], meant: Transaction) -> bool:
        """Does a stop of id -1 go as well with another transaction that never got one?"""
        others = (its for its in self.open.values() if its.id is None and its is not meant)
        return meant.id is None and any(
            self.distance(stop, its)[:-1] == self.distance(stop, meant)[:-1] for its in others
        )

    def readings(self, connector: int, blocks: list[Block]) -> None:
        """Meter values of a connector."""
        self._is_ac |= any(is_alternating(block.layout) for block in blocks)
        registers = [(block, block.column(DEFAULT_MEASURAND)) for block in blocks]
        told = [
            (block.order[-1], float(wh[-1]), float(block.stamp[-1]))
            for block, wh in registers
            if wh is not None
        ]
        if told and isfinite(last_wh := max(told)[1]):
            self.shown_wh[connector], self._shown_at[connector] = last_wh, max(told)[2]

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
        id = payload.get("transactionId") if isinstance(payload, dict) else None
        if type(id) is int and call.id in self._starting:
            self.given.add(id)
            self.by_id.setdefault(id, self._starting[call.id])

    def stop(self, call: Call, all_settled: bool) -> None:
        payload = call.payload
        stopped = self.by_name(payload, all_settled)
        if stopped is None or stopped.meter_stop is not None:
            return
        named = self.by_id.get(payload["transactionId"], stopped)
        if named is not stopped and named.id != stopped.id and stopped.id is not None:
            self._named_by[stopped.id] = named
            if len(self._named_by) > self.RECENT:
                del self._named_by[next(iter(self._named_by))]
        stopped.is_stop_sure = not self._may_mean_another(payload, stopped)
        self._stopped[call.id] = stopped
        if len(self._stopped) > self.RECENT:
            del self._stopped[next(iter(self._stopped))]
        self._settle(stopped.connector, call.epoch_s)
        stopped.stop = epoch(payload["timestamp"])
        stopped.stop_told = call.epoch_s
        stopped.meter_stop, stopped.reason = float(payload["meterStop"]), payload.get("reason", "Local")
        self.over(stopped)

    def unreadable_stop(self, call: Call) -> None:
        """One that breaks its schema: what it may mean is over, and how it ended is not known."""
        told = call.payload.get("transactionId") if isinstance(call.payload, dict) else None
        ids = [id for id in self.by_id if str(id) == str(told)]
        meant = [self.by_id[id] for id in ids] or list(self.open.values())
        if len(meant) == 1 and meant[0].stop is None:
            meant[0].is_stop_sure = False
            meant[0].stop = meant[0].stop_told = call.epoch_s
            self.over(meant[0])

    def over(self, stopped: Transaction) -> None:
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
