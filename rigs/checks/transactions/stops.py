"""Why transactions stop: the reason told has to have its cause in the recording (4.8, 7.36)."""

from collections import deque
from functools import partial
from typing import NamedTuple

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.state.connectors import SHORTED, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.transactions.cables import UNPLUG

REASON = "transaction.stop-reason"
EV_SIDE = "StopTransactionOnEVSideDisconnect"
REQUIREMENTS = (
    R(
        REASON,
        "The reason of a stop has its cause",
        "7.36, TC_005_1_CS, TC_012_CS, TC_013_CS",
        needs=(EVENTS,),
        arises=("StopTransaction",),
    ),
)
CAUSE_BEFORE_S = 60.0  # assumed: how long before a stop its cause may lie; an authorisation takes up to 30 s
INSTALL_S = 600.0  # assumed: how long an installation takes before its reboot
LAST_KNOWN_S = 5.0  # assumed: so long after the last moment known nobody dates a stop back to it
REBOOTS_S = 300.0  # assumed: so soon a station that reboots by itself is there again
SAME_STOP_S = 5.0  # assumed: a hand that stops it so soon after a remote stop would be chance
LASTING = ("PowerLoss", "EVDisconnected")  # told when the station is back, or its pilot mended
# A bare transcript does not show their cause.
FROM_EVENTS = frozenset({"Local", "EVDisconnected", "PowerLoss", "EmergencyStop"})
# Orders that end transactions, and the answers by which they are taken.
ORDERS = {
    "RemoteStopTransaction": ("Accepted",),
    "Reset": ("Accepted",),
    "UnlockConnector": ("Unlocked", "UnlockFailed"),
}
OPTIONS = ("stoponchargecomplete", "stoponlowcosphi", "overcurrentsens")  # chg_Ch1Options: each may end one


class Cause(NamedTuple):
    """Something that may end transactions: on one connector, of one id, or all."""

    reason: str
    epoch_s: float
    connector: int | None = None
    transaction: int | None = None
    before_s: float | None = None  # else CAUSE_BEFORE_S

    def ends(self, stopped: Transaction, doubt_s: float) -> bool:
        """Does it explain a stop? `doubt_s`: how far its stamps may be off, of a clock that is just set."""
        mine = self.connector in (None, stopped.connector) and self.transaction in (None, stopped.id)
        stop = stopped.stop if stopped.stop is not None else stopped.start
        lasting = self.reason in LASTING and self.before_s is None
        before_s = CAUSE_BEFORE_S if self.before_s is None else self.before_s
        long_ago = self.epoch_s + doubt_s < (stopped.start - WHOLE_SECOND_S if lasting else stop - before_s)
        return mine and not long_ago and self.epoch_s <= stop + WHOLE_SECOND_S + doubt_s


class StopReasons:
    """Notes the causes and holds each StopTransaction against them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._causes: deque[Cause] = deque(maxlen=200)
        self._remote: dict[int, float] = {}  # by transaction: when a remote stop of it was accepted
        self._booted_at = -FOREVER
        bus = context.bus
        bus.calls["StopTransaction"].append(self._stop)
        for action in ORDERS:
            bus.calls[action].append(self._ordered)
            bus.replies[action].append(self._answered)
        bus.replies["StartTransaction"].append(self._started)
        bus.replies["Authorize"].append(lambda call: self._refused(call, None))
        bus.calls["BootNotification"].append(self._booted)
        bus.calls["FirmwareStatusNotification"].append(self._installs)
        for name, reason in (("tag", "Local"), ("unplug", "EVDisconnected"), ("power-cut", "PowerLoss")):
            bus.events[name].append(lambda event, reason=reason: self._event(event, reason))  # type: ignore[misc]
        bus.events["fault"].append(self._fault)
        bus.events["clear"].append(self._cleared)

    def _fault(self, event: Event) -> None:
        if event.detail.get("fault") == "emergency-stop":
            self._causes.append(Cause("EmergencyStop", event.epoch_s))

    def _cleared(self, event: Event) -> None:
        """Behind a shorted pilot nobody sees a cable go: it is missed as the short is over."""
        gone = self._connectors.plugged[event.connector or 0].begin_of(event.epoch_s) is None
        if gone and event.detail.get("fault") == SHORTED:
            self._causes.append(Cause("EVDisconnected", event.epoch_s, event.connector))

    def _event(self, event: Event, reason: str) -> None:
        back_dated = self._context.policies.get("after_power_loss") == "finishing"
        before_s = LAST_KNOWN_S if reason == "PowerLoss" and back_dated else None
        self._causes.append(Cause(reason, event.epoch_s, event.connector, before_s=before_s))
        if reason == "PowerLoss":
            self._causes.append(Cause("Reboot", event.epoch_s))

    def _note(self, call: Call, reason: str, connector: int | None = None) -> None:
        self._causes.append(Cause(reason, call.answered_s, connector))

    def _ordered(self, call: Call) -> None:
        """A station may carry an order out before its answer is on the line."""
        self._causes.extend(_causes_of(call, call.epoch_s))

    def _answered(self, call: Call) -> None:
        """An order that was refused is no cause; one that was taken is one from its answer on."""
        for cause in _causes_of(call, call.epoch_s):
            if cause in self._causes:
                self._causes.remove(cause)
        if call.reply is not None and call.reply["status"] in ORDERS[call.action]:
            self._causes.extend(_causes_of(call, call.answered_s))
            if call.action == "RemoteStopTransaction":
                self._remote.setdefault(call.payload["transactionId"], call.answered_s)

    def _started(self, call: Call) -> None:
        self._refused(call, call.payload["connectorId"])

    def _refused(self, call: Call, connector: int | None) -> None:
        if call.reply is not None and call.reply["idTagInfo"]["status"] != "Accepted":
            self._note(call, "DeAuthorized", connector)

    def _installs(self, call: Call) -> None:
        """New firmware is begun with a reboot (5.19)."""
        if call.payload["status"] == "Installing":
            self._causes.append(Cause("Reboot", call.epoch_s, before_s=INSTALL_S))

    def _booted(self, call: Call) -> None:
        """A boot no event explains: the power may have been gone since the station was last heard."""
        self._booted_at = call.epoch_s
        if not self._history.boots.boot_asked and not self._context.evidence.events:
            self._causes.append(Cause("PowerLoss", self._link.heard_at))

    def _stop(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is None or stopped.stop is None:
            return
        asked = self._remote.pop(stopped.id or 0, None)
        reason = stopped.reason or "Local"
        if reason == "EVDisconnected":
            self._by_key(stopped, call)
        if reason in FROM_EVENTS and not self._context.evidence.events:
            self._not_remote(stopped, asked, reason, call)
            if reason == "PowerLoss":
                look = partial(self._boots_after, stopped, call)
                self._context.agenda.at(call.epoch_s + 2 * CAUSE_BEFORE_S, look)
            return
        if reason == "Other":
            self._by_option(stopped, call.epoch_s)
            return
        doubt_s = self._ledger.time.doubt_s(stopped.stop)
        causes = {cause.reason for cause in self._causes if cause.ends(stopped, doubt_s)}
        if reason == "Reboot" and reason not in causes and not self._context.evidence.events:
            look = partial(self._reboots_by_itself, stopped, call, causes)
            self._context.agenda.at(call.epoch_s + REBOOTS_S, look)
            return
        self._hold(stopped, call, causes, reason in causes)

    def _hold(self, stopped: Transaction, call: Call, causes: set[str], good: bool) -> None:
        reason, at = stopped.reason or "Local", iso(stopped.stop or stopped.start)
        expected = " or ".join(sorted(causes)) or "a reason the recording shows"
        message = f"transaction {stopped.id} stops at {at} for a reason without a cause"
        self._ledger.judge(REASON, good, call.epoch_s, stopped.connector, expected, reason, message)

    def _reboots_by_itself(self, stopped: Transaction, call: Call, causes: set[str]) -> None:
        """7.36: a watchdog, or a hand at the station; then it boots, before it tells of the stop or after."""
        boots = self._booted_at >= stopped.start
        if boots or self._link.heard_at > call.epoch_s + CAUSE_BEFORE_S:
            self._hold(stopped, call, causes, boots)

    def _by_key(self, stopped: Transaction, call: Call) -> None:
        """4.10: where the key is false a cable pulled at the car ends nothing."""
        if self._keys.flag(EV_SIDE, stopped.stop) is False and not self._context.evidence.events:
            message = f"transaction {stopped.id} ends for its cable, against {EV_SIDE}"
            expected = "the transaction goes on, in SuspendedEV"
            self._ledger.broken(UNPLUG, call.epoch_s, stopped.connector, expected, "EVDisconnected", message)

    def _not_remote(self, stopped: Transaction, asked: float | None, reason: str, call: Call) -> None:
        """The hand that its reason names is not recorded; a remote stop just before it is."""
        stop = stopped.stop or stopped.start
        if asked is None or not asked - WHOLE_SECOND_S <= stop <= asked + SAME_STOP_S:
            self._ledger.not_compared(REASON, EVENTS.lacks)
            return
        after_s = max(stop - asked, 0.0)
        self._ledger.broken(
            REASON,
            call.epoch_s,
            stopped.connector,
            "Remote",
            reason,
            f"transaction {stopped.id} stops {after_s:.0f} s after its remote stop for another reason",
            severity="warning",
        )

    def _boots_after(self, stopped: Transaction, call: Call) -> None:
        """7.36: all power is lost, and a station whose power is back boots (4.2)."""
        if self._booted_at < stopped.start and self._link.heard_at > call.epoch_s + CAUSE_BEFORE_S:
            self._ledger.broken(
                REASON,
                call.epoch_s,
                stopped.connector,
                "a BootNotification before or after",
                f"none, and the station talks more than {CAUSE_BEFORE_S:g} s later",
                f"transaction {stopped.id} stops as the power is lost, which it was not",
                severity="warning",
            )

    def _by_option(self, stopped: Transaction, epoch_s: float) -> None:
        """Other: an option of the channel, where its options are known."""
        text = self._keys.text(f"chg_Ch{stopped.connector}Options", stopped.stop)
        if text is None:
            return
        said = dict(pair.strip().lower().partition("=")[::2] for pair in text.split(","))
        good = any(said.get(name, "0") not in ("", "0") for name in OPTIONS)
        message = f"transaction {stopped.id} stops for another reason"
        expected = f"one of {', '.join(OPTIONS)} in chg_Ch{stopped.connector}Options"
        self._ledger.judge(REASON, good, epoch_s, stopped.connector, expected, text, message)


def _causes_of(call: Call, epoch_s: float) -> tuple[Cause, ...]:
    """What an order may end, from `epoch_s` on."""
    if call.action == "Reset":
        return Cause(f"{call.payload['type']}Reset", epoch_s), Cause("Reboot", epoch_s)
    if call.action == "UnlockConnector":
        return (Cause("UnlockCommand", epoch_s, call.payload["connectorId"]),)
    return (Cause("Remote", epoch_s, transaction=call.payload["transactionId"]),)
