"""The charging profiles in force, through time, and the limits that follow from them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import FOREVER, epoch
from evc5.rigs.checks.state.listeners import Bus, Event
from evc5.rigs.checks.state.profiles import (
    DEFAULT,
    MAX,
    ROUNDED_S,
    TX,
    Cap,
    Profiles,
    cleared,
    installed,
    next_mark,
    prevailing,
    read,
)
from evc5.rigs.checks.state.station_history import StationHistory

Change = Callable[[Profiles], Profiles]
Question = tuple[int, float, bool | None]  # of a connector, at an instant, in which order of 3.13.1
Answer = tuple[Cap | None, float]
MOST_STEPS = 100_000  # of one question
LAPSE_S = 5.0  # how exactly ConnectionTimeOut is kept


class Remote(NamedTuple):
    """A remote start: when it was accepted, its profile, and how many changes of profiles came before."""

    epoch_s: float
    profile: dict[str, object]
    heard: int


class ProfilesInForce:
    """Follows the frames; keeps versions, since telemetry is judged a day late."""

    MOST = 20_000  # versions and transactions kept

    def __init__(
        self, bus: Bus, history: StationHistory, policies: Mapping[str, str], in_order_s: float = LAPSE_S
    ) -> None:
        self._history, self._policies = history, policies
        self._in_order_s = in_order_s  # how exactly stamps and the times of frames are in order
        self._times: list[float] = [-FOREVER]
        self._changes: list[tuple[int, Change]] = [(0, lambda held: held)]  # each with its number, as heard
        self._heard = 0
        self._versions: list[Profiles] = [()]
        self._latest: tuple[Call | None, Profiles] = (
            None,
            (),
        )  # what changed them last, and what held before
        self._ran: dict[int, list[tuple[float, float]]] = {}  # by connector: (start, stop) of transactions
        self._ended: dict[tuple[int, float], Profiles] = {}  # by connector and stop: what held to the end
        self._elder: dict[int, int] = {}  # by id: the connector of transactions from before the recording
        # by idTag and the connector that was asked for
        self._remote: dict[tuple[str, int | None], Remote] = {}
        # when a card was held since it last began one, likewise, and was there a cable?
        self._shown: defaultdict[tuple[str, int | None], list[tuple[float, bool]]] = defaultdict(list)
        self._known: dict[Question, Answer] = {}  # of limits: several checks ask alike of one part
        self._own_first = self._policies.get("txdefault_precedence") != "stack-level"
        self._by_id = self._policies.get("clear_id_with_filters") != "all"
        replies, calls = bus.replies, bus.calls
        replies["SetChargingProfile"].append(self._set)
        replies["ClearChargingProfile"].append(self._clear)
        replies["RemoteStartTransaction"].append(self._remotely)
        bus.events["tag"].append(self._card)
        calls["StartTransaction"].append(self._started)
        calls["StopTransaction"].append(self._stopped)
        bus.settings.append(lambda *_: self._known.clear())

    # -- what checks ask -------------------------------------------------------------------------

    def applies(self, epoch_s: float) -> bool:
        """Does the station process profiles at all (chg_Options ChgProf)?"""
        options = self._history.keys.text("chg_Options", epoch_s)
        return options is None or "chgprof=1" in options.replace(" ", "").lower()

    @property
    def is_empty(self) -> bool:
        """Was no profile ever installed?"""
        return len(self._versions) == 1

    def profiles(self, epoch_s: float) -> Profiles:
        return self._versions[bisect_right(self._times, epoch_s + ROUNDED_S) - 1]

    def before(self, call: Call) -> Profiles:
        """Those that held before this call's answer changed them."""
        changed, held = self._latest
        return held if changed is call else self.profiles(call.answered_s)

    def may_bring(self, filters: Mapping[str, Any], epoch_s: float) -> bool:
        """Would a remote start that is not told to have begun bring a profile that these filters name?"""
        for (_, connector), (asked, profile, _) in self._remote.items():
            if not self._still_waits(asked, epoch_s, LAPSE_S):
                continue
            try:
                new = read(connector or int(filters.get("connectorId", 0)), profile, epoch_s, self._policies)
            except (ValueError, KeyError):
                continue
            if not self.left((new,), filters):
                return True
        return False

    def left(self, held: Profiles, filters: Mapping[str, Any]) -> Profiles:
        """What a ClearChargingProfile leaves of them, as the policy has its id beside other filters."""
        return cleared(held, filters, self._by_id)

    def began(self, connector: int, epoch_s: float) -> float | None:
        """When the transaction that runs on a connector began; of 0, the oldest of all."""
        which = [connector] if connector else list(self._ran)
        found = [
            start
            for one in which
            for start, stop in self._ran.get(one, ())
            if start <= epoch_s + ROUNDED_S < stop
        ]
        return min(found, default=None)

    def hangs_on_untold(self, epoch_s: Array, end: float, grace_s: float = 0.0) -> Array:
        """Where, seen from the end of what is recorded, does the station's profile count from a start whose
        stop may still be on its way?
        """
        late = epoch_s > self._history.link.delivered_until(end, grace_s)
        if not late.any() or not any(p.counts_from_start for p in self.profiles(float(epoch_s.max()))):
            return np.zeros(len(epoch_s), bool)
        open_since = [start for ran in self._ran.values() for start, stop in ran[-1:] if stop == FOREVER]
        found: Array = late & (epoch_s >= min(open_since, default=FOREVER))
        return found

    def may_be_of_another(self, connector: int, epoch_s: Array, end: float, grace_s: float = 0.0) -> Array:
        """Where, likewise, does a connector's limit hang on which transaction runs, and since when?

        Only where something is held up: then a start just before it may be, too.
        """
        until = self._history.link.delivered_until(end, 0.0)
        late = epoch_s > (until - grace_s if until < end else end)
        if not late.any():
            return late
        first, last = (bisect_right(self._times, float(edge)) for edge in (epoch_s[late][0], epoch_s[-1]))
        held = {p for version in self._versions[first - 1 : last] for p in version}
        return late & any(p.connector in (0, connector) and p.is_of_transaction for p in held)

    def may_hang_on_untold(self, connector: int, epoch_s: float) -> bool:
        """Seen from now, may what rules a connector, or the station, hang on a stop that is not told yet?"""
        now = np.array([epoch_s])
        of_another = self.may_be_of_another(connector, now, epoch_s)
        return bool((of_another | self.hangs_on_untold(now, epoch_s))[0])

    def limit(self, connector: int, epoch_s: float, own_first: bool | None = None) -> Answer:
        """The cap that holds for a connector (0: the station's) and until when.

        `own_first`: does a connector's own TxDefaultProfile outdo those of 0? None: as the policy has it.
        """
        question = connector, epoch_s, own_first
        if question not in self._known:
            if len(self._known) >= self.MOST:
                self._known.clear()
            self._known[question] = self._limit(*question)
        return self._known[question]

    def _limit(self, connector: int, epoch_s: float, own_first: bool | None) -> Answer:
        held = self.profiles(epoch_s) if self.applies(epoch_s + ROUNDED_S) else ()
        began = self.began(connector, epoch_s)
        asked = epoch_s + ROUNDED_S
        cap = self._prevailing(held, connector, asked, began, own_first)
        return cap, min(next_mark(held, connector, asked, began), self._next_change(epoch_s))

    def _prevailing(
        self, held: Profiles, connector: int, asked: float, began: float | None, own_first: bool | None
    ) -> Cap | None:
        own_first = self._own_first if own_first is None else own_first
        return prevailing(held, connector, asked, began, own_first)

    def _passing(self, epoch_s: float) -> list[Profiles]:
        """What held within an instant and was changed in it again, if the station processes profiles."""
        first, last = (bisect_right(self._times, edge) for edge in (epoch_s - ROUNDED_S, epoch_s + ROUNDED_S))
        return self._versions[first : last - 1] if self.applies(epoch_s + ROUNDED_S) else []

    def steps(
        self, connector: int, since: float, until: float, own_first: bool | None = None
    ) -> Iterator[tuple[float, Cap | None]]:
        """From when on which cap holds, between two instants; of one that held for no time, its instant."""
        epoch_s = since
        for _ in range(MOST_STEPS):
            for held in self._passing(epoch_s):
                began = self.began(connector, epoch_s)
                yield epoch_s, self._prevailing(held, connector, epoch_s + ROUNDED_S, began, own_first)
            cap, end = self.limit(connector, epoch_s, own_first)
            yield epoch_s, cap
            epoch_s = max(end, epoch_s + ROUNDED_S)
            if epoch_s >= until:
                return

    def orders_differ(self, connector: int, epoch_s: float) -> bool:
        """Are there TxDefaultProfiles for the connector and for 0, so that either may outdo the other?"""
        held = {p.connector for p in self.profiles(epoch_s) if p.purpose == DEFAULT}
        return connector != 0 and {0, connector} <= held

    def at_each(
        self, connector: int, epoch_s: Array, own_first: bool | None = None
    ) -> tuple[list[Cap | None], Array]:
        """The caps in force about these instants, and which of them holds at each."""
        steps = list(
            self.steps(
                connector, float(epoch_s.min()), float(epoch_s.max()) + 2 * ROUNDED_S, own_first=own_first
            )
        )
        starts = np.array([start for start, _ in steps])
        return [cap for _, cap in steps], np.searchsorted(starts, epoch_s + ROUNDED_S, side="right") - 1

    def caps_within(self, connector: int, since: float, until: float, either_way: bool) -> list[Cap | None]:
        """All caps in force at any time of a stretch; `either_way`: in each order that 3.13.1 leaves open."""
        orders = (True, False) if either_way else (None,)
        return [cap for order in orders for _, cap in self.steps(connector, since, until, order)]

    def last_caps(self, connector: int, since: float, until: float) -> list[tuple[float, Cap]]:
        """When transactions ended in a stretch, and what ruled them or the station in their last moment.

        It may be new: no row may tell of it.
        """
        ends = [(start, stop) for start, stop in self._ran.get(connector, ()) if since <= stop <= until]
        last = [
            (stop, prevailing(self._held_last(connector, stop), scope, stop, start, self._own_first))
            for start, stop in ends
            for scope in (connector, 0)
        ]
        return [(stop, cap) for stop, cap in last if cap is not None]

    def _held_last(self, connector: int, stop: float) -> Profiles:
        """With the profiles of the transaction itself, that went with it."""
        return self._ended.get((connector, stop), self.profiles(stop))

    def _next_change(self, epoch_s: float) -> float:
        index = bisect_right(self._times, epoch_s + ROUNDED_S)
        upcoming = [self._times[index]] if index < len(self._times) else []
        upcoming += self._history.keys.changes(epoch_s + ROUNDED_S, "chg_Options")[:1]
        for ran in self._ran.values():
            upcoming += [edge for pair in ran[-64:] for edge in pair if edge > epoch_s + ROUNDED_S]
        return min(upcoming, default=FOREVER)

    # -- what the frames tell --------------------------------------------------------------------

    def _change(self, epoch_s: float, change: Change, behind: int | None = None) -> None:
        """From an instant on; what changed later is done once more, for stamps are rounded and told late.

        `behind`: of those of its own instant only this one and those heard before it come first.
        """
        self._known.clear()
        at = bisect_right(self._times, epoch_s)
        while behind is not None and self._changes[at - 1][0] > behind and self._is_of(epoch_s, at - 1):
            at -= 1
        self._heard += 1
        self._times.insert(at, min([epoch_s, *self._times[at : at + 1]]))
        self._changes.insert(at, (self._heard, change))
        self._versions.insert(at, ())
        for k in range(at, len(self._times)):
            self._versions[k] = self._changes[k][1](self._versions[k - 1])
        if len(self._times) > self.MOST:
            del self._times[1], self._changes[1], self._versions[0]  # the oldest stands for all before it

    def _is_of(self, epoch_s: float, k: int) -> bool:
        return self._times[k] >= epoch_s - ROUNDED_S

    def _set(self, call: Call) -> None:
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        epoch_s = call.answered_s
        payload = call.payload
        try:
            new = read(payload["connectorId"], payload["csChargingProfiles"], epoch_s, self._policies)
        except (ValueError, KeyError):
            return  # what makes no sense is the schema's business
        running = self._history.transactions.open.get(new.connector)
        known = None if running is None else running.id
        if new.purpose == TX and known is not None and new.transaction not in (None, known):
            return  # of another transaction: it limits none that runs (3.13.1)
        if new.purpose == TX and new.transaction is not None and self.began(new.connector, epoch_s) is None:
            self._runs_already(new.connector, new.transaction, epoch_s)
        self._latest = call, self.profiles(epoch_s)
        self._change(epoch_s, lambda held: installed(held, new))

    def _runs_already(self, connector: int, transaction: int, epoch_s: float) -> None:
        """A transaction from before the recording: what is accepted for it says that it runs."""
        if transaction not in self._history.transactions.given:
            self._known.clear()
            self._ran.setdefault(connector, []).append((epoch_s, FOREVER))
            self._elder[transaction] = connector

    def _clear(self, call: Call) -> None:
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        epoch_s = call.answered_s
        self._latest = call, self.profiles(epoch_s)
        self._change(epoch_s, lambda held: self.left(held, call.payload))

    def _remotely(self, call: Call) -> None:
        profile = call.payload.get("chargingProfile")
        applied = self._policies.get("remote_start_profile") == "applied"
        if call.reply is not None and call.reply["status"] == "Accepted" and profile and applied:
            asked = call.payload["idTag"].lower(), call.payload.get("connectorId")
            self._remote[asked] = Remote(call.answered_s, profile, self._heard)

    def _card(self, event: Event) -> None:
        if "ignored" not in event.detail:
            shown = self._shown[str(event.detail.get("id_tag", "")).lower(), event.connector]
            cables = self._history.connectors.plugged[event.connector or 0]
            shown.append((event.epoch_s, cables.begin_of(event.epoch_s) is not None))
            del shown[:-2]

    def _started(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        start = epoch(call.payload["timestamp"])
        self._known.clear()
        ran = self._ran.setdefault(connector, [])
        if not ran or ran[-1] != (start, FOREVER):
            ran.append((start, FOREVER))
            del ran[: -self.MOST]
        remote = self._brought_along(call.payload["idTag"].lower(), connector, start)
        if remote is not None and remote.profile.get("chargingProfilePurpose") == TX:
            try:
                new = read(connector, remote.profile, start, self._policies)
            except (ValueError, KeyError):
                return
            self._change(start, lambda held: installed(held, new), behind=remote.heard)

    def _brought_along(self, tag: str, connector: int, start: float) -> Remote | None:
        """The remote start that this is, with a profile; it waits for a cable until ConnectionTimeOut.

        It waits on where what is told only now began before it.
        """
        waiting = [key for key in ((tag, connector), (tag, None)) if key in self._remote]
        begun = [key for key in waiting if start >= self._remote[key].epoch_s - self._in_order_s]
        shown = self._shown.pop((tag, connector), []) if begun or not waiting else []
        if not begun:
            return None
        asked = self._remote.pop(begun[0])
        if self._withdrew(shown, asked.epoch_s, start):
            return None
        if not all(self._still_waits(asked.epoch_s, at, 0.0) for at, _ in shown):
            return None  # the card came after it, and began by itself
        return asked if self._still_waits(asked.epoch_s, start, LAPSE_S) else None

    @staticmethod
    def _withdrew(shown: list[tuple[float, bool]], asked: float, start: float) -> bool:
        """Did the card itself withdraw what was asked for it, or begin by itself?

        One that is held as the transaction begins, its cable in, came after that and is to end it; one in the
        instant of the order may come before it, but of two the first withdrew and the other began.
        """
        earlier = (at < start - ROUNDED_S or not is_in for at, is_in in shown if at > asked)
        return any(earlier) or len([at for at, _ in shown if asked <= at <= start + ROUNDED_S]) > 1

    def _still_waits(self, asked: float, epoch_s: float, slack_s: float) -> bool:
        """Until ConnectionTimeOut, or a boot: after it nobody waits any more."""
        wait_s = self._history.keys.integer("ConnectionTimeOut", epoch_s) or FOREVER
        return epoch_s - asked <= wait_s + slack_s and self._history.boots.went_dark_after(asked) > epoch_s

    def _stopped(self, call: Call) -> None:
        stopped, elder = (
            self._history.transactions.stopped_by(call),
            self._elder.pop(call.payload["transactionId"], None),
        )
        connector = elder if stopped is None else stopped.connector
        if connector is None:
            return
        self._known.clear()
        stop, ran = epoch(call.payload["timestamp"]), self._ran.get(connector, [])
        for k, (start, end) in enumerate(ran):
            if end == FOREVER and (stopped is None or start == stopped.start):
                ran[k] = (start, stop)
        told_at_once = call.epoch_s - stop < LAPSE_S  # what was accepted in between is of it as well
        held = self.profiles(call.epoch_s if told_at_once else stop)
        over = [p for p in held if p.purpose == TX and p.connector == connector]
        if over:
            self._ended[connector, stop] = held
            if len(self._ended) > self.MOST:
                del self._ended[next(iter(self._ended))]
            stop = max(stop, self._times[bisect_right(self._times, stop + ROUNDED_S) - 1])
            for end in (stop, max(stop, call.epoch_s)) if told_at_once else (stop,):
                self._change(end, lambda held: tuple(p for p in held if p not in over))


__all__ = ["DEFAULT", "MAX", "TX", "ProfilesInForce"]
