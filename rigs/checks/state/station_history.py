"""What a transcript tells about the station: its configuration, boots, outages and transactions."""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch

PHASE = re.compile(r"\.L[123](-N|-L[123])?$")  # 9.1.17: a phase may be written behind the measurand
METER_FAULT = "power-meter-failure"
UNKNOWN = -1
UNSEEN_S = 0.5  # assumed: a cable pulled and put back so quickly may go unnoticed
TOLD_S = 30.0  # assumed: a start or stop is told so soon, behind other calls on a slow line
DRAIN_S = 3600.0  # assumed: a queue is delivered an hour after the link is back
HELD_S = 220.0  # a transaction message that met silence or a CALLERROR: time-out, then 3 min (EVC4 boot log)
STUCK_S = 1.0  # assumed: an answer that takes so long holds up what else there is to say


@lru_cache(maxsize=256)
def measurands_of(text: str) -> frozenset[str]:
    """The measurands of a list as a key has it, without their phases."""
    return frozenset(PHASE.sub("", name.strip()) for name in text.split(",") if name.strip())


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction as its frames tell it; instants are epoch seconds of the station's stamps."""

    connector: int
    id_tag: str
    start: float
    start_t: float  # when the frame went
    meter_start: float
    id: int | None = None  # unknown until the CSMS gave it
    status: str = ""  # of the id tag, as the CSMS answered
    stop: float | None = None
    stop_t: float | None = None
    meter_stop: float | None = None
    reason: str | None = None
    samples: int = 0


@dataclass(slots=True)
class Setting:
    """One configuration key through time: (from when, text), the first as it was learned."""

    history: list[tuple[float, str]] = field(default_factory=list)

    def at(self, t: float) -> str | None:
        """The value in force at t; the first one learned also stands for the time before."""
        if not self.history:
            return None
        index = bisect_right(self.history, t, key=lambda entry: entry[0])
        return self.history[max(index - 1, 0)][1]


def _nothing() -> None:
    """Nobody knows of anything that is waited for."""


class Story:
    """Follows the frames and events; the checks ask it what held when."""

    RECENT = 64  # finished transactions kept per connector, for data that arrives late

    def __init__(self) -> None:
        self.keys: dict[str, Setting] = {}
        self.on_setting: list[Callable[[str, float], None]] = []  # (key in lower case, when)
        self.registration = ""  # the CSMS's last answer to a boot, since the station went down
        self.accepted_t: float | None = None  # since when the CSMS has accepted this boot
        self.heard_t = float("-inf")  # when the station's last frame went
        self.unheard: deque[float] = deque(maxlen=256)  # when CALLs of its went that got no reply or an error
        self.waiting: Callable[[], float | None] = _nothing  # when the CALL went that it waits for now
        self.down_t: float | None = None  # since when the link is known to be down
        self.outages: list[tuple[float, float]] = []  # (from, to) of the link
        self.dark: list[tuple[float, float]] = []  # (from, to) without power or rebooting
        self.dark_t: float | None = None
        self.connectors: set[int] = set()
        self.open: dict[int, Transaction] = {}  # by connector
        self.by_id: dict[int, Transaction] = {}
        self.finished: dict[int, deque[Transaction]] = {}
        self.count = 0
        self._unmetered: dict[int, list[list[float]]] = {}  # by connector: (from, to) with its meter failed
        self.statuses: dict[int, str] = {}  # by connector: as last told
        self.ordered_out: set[int] = set()  # what the CSMS takes out of service, now or when it is free
        self.faults: dict[int, set[str]] = {}  # by connector: those that are injected now
        self.unplugged: dict[int, float] = {}  # by connector: when a cable was last pulled
        self.ending: dict[int, float] = {}  # by connector: cable pulled, Finishing, remote stop
        self.remote_tags: dict[str, float] = {}  # idTags of remote starts accepted, in lower case
        self._starting: dict[str, Transaction] = {}  # by message id, until confirmed
        self.boot_asked = 0  # triggers of a BootNotification that were taken and not answered yet

    # -- what checks ask -------------------------------------------------------------------------

    def text(self, key: str, t: float | None = None) -> str | None:
        setting = self.keys.get(key.lower())
        return setting.at(float("inf") if t is None else t) if setting else None

    def integer(self, key: str, t: float | None = None) -> int | None:
        text = self.text(key, t)
        try:
            return None if text is None else int(text)
        except ValueError:
            return None

    def measurands(self, key: str, t: float) -> frozenset[str] | None:
        """The measurands of a list, without their phases; None where it is not known."""
        text = self.text(key, t)
        return None if text is None else measurands_of(text)

    def changes(self, since: float, *keys: str) -> list[float]:
        """When any of these keys (in lower case) was changed, after an instant."""
        known = (self.keys[key].history for key in keys if key in self.keys)
        return sorted({t for history in known for t, _ in history if t > since})

    def has_option(self, key: str, name: str, t: float | None = None) -> bool:
        """Is a flag set in a key of flags, as in "chkOnlineAuth=1,StopOnAnyCrd=0"?"""
        return f"{name}=1".lower() in (self.text(key, t) or "").replace(" ", "").lower()

    def has_lock(self, connector: int, t: float) -> bool | None:
        """Can the socket hold its cable (chg_SktType)? None where nobody told."""
        text = self.text("chg_SktType", t)
        sockets = text.lower().split(",") if text else []
        return "lock" in sockets[connector - 1].split("+") if 0 < connector <= len(sockets) else None

    def outlets(self) -> list[int]:
        """The connectors of the station, 1 to NumberOfConnectors."""
        number = self.integer("NumberOfConnectors")
        return list(range(1, number + 1)) if number else sorted(c for c in self.connectors if c > 0)

    def transaction_at(self, connector: int, stamp: float) -> Transaction | None:
        """The transaction that ran on a connector at an instant of the station's clock."""
        running = self.open.get(connector)
        if running is not None and running.start <= stamp:
            return running
        for old in reversed(self.finished.get(connector, ())):
            if old.start <= stamp <= (old.stop or old.start):
                return old
        return None

    def any_transaction(self, connector: int, since: float, until: float) -> bool:
        """Did any transaction run on a connector within [since, until]?"""
        running = self.open.get(connector)
        if running is not None and running.start <= until:
            return True
        return any(
            old.start <= until and (old.stop or old.start) >= since
            for old in self.finished.get(connector, ())
        )

    def is_dark(self, stamp: float, margin_s: float = 0.0) -> bool:
        """Was the station without power or booting at this instant?"""
        if self.dark_t is not None and stamp >= self.dark_t - margin_s:
            return True
        return any(begin - margin_s <= stamp <= end + margin_s for begin, end in self.dark)

    def is_unmetered(self, connector: int, stamp: float, margin_s: float = 0.0) -> bool:
        """Did the connector's meter not answer at this instant?"""
        failures = self._unmetered.get(connector, ())
        return any(begin - margin_s <= stamp <= end + margin_s for begin, end in failures)

    def ever_unmetered(self, connector: int) -> bool:
        """Was there ever such an instant?"""
        return bool(self._unmetered.get(connector))

    def _meter_fails(self, connector: int, t: float, failing: bool) -> None:
        failures = self._unmetered.setdefault(connector, [])
        if failing and not (failures and failures[-1][1] == float("inf")):
            failures.append([t, float("inf")])
        elif not failing and failures and failures[-1][1] == float("inf"):
            failures[-1][1] = t

    def went_dark_after(self, stamp: float) -> float:
        """When the power was first gone after an instant; infinite if it never was."""
        begins = [begin for begin, _ in self.dark] + ([] if self.dark_t is None else [self.dark_t])
        return min((begin for begin in begins if begin >= stamp), default=float("inf"))

    def delivered_until(self, end: float, grace_s: float) -> float:
        """Up to when all that was to be sent must have arrived, seen from the transcript's end."""
        until = end if self.down_t is None else self.down_t
        for begin, over in reversed(self.outages):  # one soon after another leaves no time to catch up
            if until - over >= DRAIN_S:
                break
            until = begin
        return until - grace_s

    def may_be_queueing(self, t: float) -> bool:
        """May the station hold messages undelivered yet, of an outage or behind a refused one?"""
        after_outage = bool(self.outages and t - self.outages[-1][1] < DRAIN_S)
        return self.down_t is not None or after_outage or self.was_unheard(t, t)

    def may_be_over(self, connector: int, t: float) -> bool:
        """Has its transaction (of 0: any) just been ended, so that a stop may be on its way?"""
        ending = (at for c, at in self.ending.items() if connector in (0, c))
        return any(0.0 <= t - at <= TOLD_S for at in ending)

    def was_unheard(self, since: float, until: float) -> bool:
        """Did a CALL of the station meet silence or a CALLERROR, so that others waited in between?"""
        waiting = self.waiting()
        held = waiting is not None and waiting <= until - STUCK_S
        return held or any(since - HELD_S <= t <= until for t in self.unheard)

    def was_down(self, stamp: float) -> bool:
        """Was the link down at this instant?"""
        if self.down_t is not None and stamp >= self.down_t:
            return True
        return any(begin <= stamp <= end for begin, end in self.outages)

    # -- what the judge tells --------------------------------------------------------------------

    def again(self, call: Call) -> None:
        """A StartTransaction was sent once more: its confirmation speaks of the same transaction."""
        running = self.open.get(call.payload.get("connectorId", 0))
        if call.action == "StartTransaction" and running is not None and running.id is None:
            self._starting[call.id] = running

    def call(self, call: Call) -> None:
        payload = call.payload
        if call.action == "StartTransaction":
            self._start(call, payload)
        elif call.action == "StopTransaction":
            self._stop(call, payload)
        elif call.action == "BootNotification" and not self.boot_asked:
            self._darkens(self.heard_t)  # it fell silent when it went down; an event says it more exactly
        elif call.action == "StatusNotification":
            self.connectors.add(payload["connectorId"])
            self.statuses[payload["connectorId"]] = payload["status"]
            if payload["status"] == "Finishing":
                self.ending[payload["connectorId"]] = call.t
            if METER_FAULT not in self.faults.get(payload["connectorId"], ()):
                failing = payload["errorCode"] == "PowerMeterFailure"
                self._meter_fails(payload["connectorId"], call.t, failing)

    def reply(self, call: Call) -> None:
        reply = call.reply
        if reply is None or not call.valid:
            return
        handler = _REPLIES.get(call.action)
        if handler is not None:
            handler(self, call, reply)

    def _ordered(self, call: Call, reply: dict[str, Any]) -> None:
        if reply["status"] != "Rejected":
            asked = call.payload["connectorId"]
            which = {asked} if asked else {0, *self.outlets()}
            inoperative = call.payload["type"] == "Inoperative"
            self.ordered_out = self.ordered_out | which if inoperative else self.ordered_out - which

    def event(self, t: float, name: str, connector: int | None, detail: dict[str, Any]) -> None:
        if connector is not None:
            self._at_connector(t, name, connector, detail)
        if name in ("power-cut", "reset"):
            self._darkens(t)
        if name in ("link-down", "power-cut"):
            self.down_t = t if self.down_t is None else self.down_t
        elif name in ("link-up", "power-restore") and self.down_t is not None:
            self.outages = [*self.outages[-63:], (self.down_t, t)]
            self.down_t = None

    # -- helpers ---------------------------------------------------------------------------------

    def _at_connector(self, t: float, name: str, connector: int, detail: dict[str, Any]) -> None:
        faults = self.faults.setdefault(connector, set())
        if name in ("fault", "plug-in") and t - self.unplugged.get(connector, float("-inf")) < UNSEEN_S:
            del self.unplugged[connector]
        if detail.get("fault") == METER_FAULT:
            self._meter_fails(connector, t, name == "fault")
        if name == "fault":
            faults.add(str(detail.get("fault")))
        elif name == "clear":
            faults.discard(str(detail.get("fault")))
        elif name == "unplug":
            self.ending[connector] = t
            if not faults:  # a broken pilot may hide it
                self.unplugged[connector] = t

    def _darkens(self, t: float) -> None:
        self.accepted_t, self.boot_asked, self.registration = None, 0, ""
        self.dark_t = t if self.dark_t is None else self.dark_t

    def _boot_reply(self, call: Call, reply: dict[str, Any]) -> None:
        self.boot_asked = max(self.boot_asked - 1, 0)
        at = call.reply_t or call.t
        self.registration = reply["status"]
        if reply["status"] != "Accepted":
            return
        if self.dark_t is not None:
            self.dark = [*self.dark[-63:], (self.dark_t, at)]
            self.dark_t = None
        self.accepted_t = at if self.accepted_t is None else self.accepted_t
        self._set("HeartbeatInterval", str(reply["interval"]), at)

    def _configuration(self, call: Call, reply: dict[str, Any]) -> None:
        at = call.reply_t or call.t
        for item in reply.get("configurationKey", ()):
            if "value" in item:
                self._set(item["key"], item["value"], at)

    def _changed(self, call: Call, reply: dict[str, Any]) -> None:
        if reply["status"] == "Accepted":
            self._set(call.payload["key"], call.payload["value"], call.reply_t or call.t)

    def _remote_start(self, call: Call, reply: dict[str, Any]) -> None:
        if reply["status"] == "Accepted":
            self.remote_tags[call.payload["idTag"].lower()] = call.t

    def _remote_stop(self, call: Call, reply: dict[str, Any]) -> None:
        running = self.by_id.get(call.payload["transactionId"])
        if reply["status"] == "Accepted" and running is not None:
            self.ending[running.connector] = call.reply_t or call.t

    def _triggered(self, call: Call, reply: dict[str, Any]) -> None:
        if call.payload["requestedMessage"] == "BootNotification" and reply["status"] == "Accepted":
            self.boot_asked += 1

    def _set(self, key: str, value: str, t: float) -> None:
        history = self.keys.setdefault(key.lower(), Setting()).history
        if not history or history[-1][1] != value:
            history.append((t, value))
            for tell in self.on_setting:
                tell(key.lower(), t)

    def _start(self, call: Call, payload: dict[str, Any]) -> None:
        connector, start = payload["connectorId"], epoch(payload["timestamp"])
        self.connectors.add(connector)
        self.count += 1
        started = Transaction(connector, payload["idTag"], start, call.t, float(payload["meterStart"]))
        self.open[connector] = self._starting[call.id] = started

    def _started(self, call: Call, reply: dict[str, Any]) -> None:
        started = self._starting.pop(call.id, None)
        if started is not None:
            started.id, started.status = reply["transactionId"], reply["idTagInfo"]["status"]
            self.by_id[started.id] = started

    def _unconfirmed(self, payload: dict[str, Any]) -> Transaction | None:
        """ER 3.18: -1 stands for a transaction whose start the CSMS never confirmed."""
        nameless = (running for running in self.open.values() if running.id is None)
        return next(nameless, None) if payload["transactionId"] == UNKNOWN else None

    def _stop(self, call: Call, payload: dict[str, Any]) -> None:
        stopped = self.by_id.get(payload["transactionId"]) or self._unconfirmed(payload)
        if stopped is None or stopped.stop is not None:
            return
        stopped.stop, stopped.stop_t = epoch(payload["timestamp"]), call.t
        stopped.meter_stop, stopped.reason = float(payload["meterStop"]), payload.get("reason", "Local")
        if self.open.get(stopped.connector) is stopped:
            del self.open[stopped.connector]
        recent = self.finished.setdefault(stopped.connector, deque())
        recent.append(stopped)
        if len(recent) > self.RECENT:
            self.by_id.pop(recent.popleft().id or -1, None)


_REPLIES: dict[str, Callable[[Story, Call, dict[str, Any]], None]] = {
    "BootNotification": Story._boot_reply,
    "GetConfiguration": Story._configuration,
    "ChangeConfiguration": Story._changed,
    "ChangeAvailability": Story._ordered,
    "TriggerMessage": Story._triggered,
    "RemoteStartTransaction": Story._remote_start,
    "RemoteStopTransaction": Story._remote_stop,
    "StartTransaction": Story._started,
}
