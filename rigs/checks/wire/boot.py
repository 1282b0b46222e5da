"""From power-on to the first word that may be said: BootNotification and what waits for it (4.2)."""

from collections import Counter, deque
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import CSMS
from evc5.rigs.checks.state.requirement import Requirement as R

FIRST, RETRY, REPORT, LOOP = "boot.first", "boot.retry", "boot.status", "boot.repeated"
REQUIREMENTS = (
    R(FIRST, "Nothing but BootNotification is sent before it is accepted", "4.2, TC_001_CS"),
    R(RETRY, "A boot not accepted is tried again after its interval, and no sooner", "4.2.1, TC_002_CS"),
    R(REPORT, "An accepted boot is followed by the status of every connector", "4.2, ER 3.22"),
    R(LOOP, "An accepted station boots again only after a reset, an update or a loss of power", "4.2, 5.14"),
)
ANSWERED_BY = {  # the white paper's messages that come of a trigger of another name
    "FirmwareStatusNotification": "SignedFirmwareStatusNotification",
    "SignChargePointCertificate": "SignCertificate",
}
OF_CONNECTORS = ("StatusNotification", "MeterValues")  # asked for without one, each connector tells its own
NO_TIMES = "when each frame went: a log whose lines have times"
OVERDUE_S = 60.0  # assumed: so long after its interval a boot is overdue
LOOP_S = 600.0  # three accepted boots within ten minutes, none of them asked for, are a loop; assumed
LOOP_BOOTS = 3  # assumed
ASKED_BY = ("Reset", "UpdateFirmware")
REPORT_S = 60.0  # assumed: "after Accepted" is a minute; on the wire it takes a second


class Boot:
    """Judges what the station sends from a boot to a minute after it was accepted."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._waits = context.evidence.from_power_on  # else it may begin anywhere
        self._last: tuple[float, float, str] | None = None  # last answer: when, interval, status
        self._new_life = float(
            "-inf"
        )  # when it was reset or its power cut: what was answered then is forgotten
        self._triggered: Counter[str] = Counter()  # how many of each were asked for while pending
        self._of_all: dict[str, set[int | None]] = {}  # asked for of every connector: who has told
        self._owed: set[int] | None = None  # connectors whose status has not come since the boot
        self._owed_until = 0.0
        self._before: Call | None = None  # the station's CALL before: the next waits for its reply
        self._accepted: deque[float] = deque(maxlen=LOOP_BOOTS)  # boots that nobody asked for
        self._silent = 0  # accepted boots in a row with no status after them
        self._triggered_boot: Call | None = None  # the latest that a TriggerMessage asked for
        self._asked_for = False  # was a reset or an update accepted, or the power cut, since the last boot?
        for action in ASKED_BY:
            context.bus.replies[action].append(self._asks)
        context.bus.any_call.append(self._called)
        context.bus.replies["BootNotification"].append(self._answered)
        context.bus.replies["TriggerMessage"].append(self._asked)
        context.bus.replies["GetConfiguration"].append(self._configured)
        context.bus.events["reset"].append(self._restarts)
        context.bus.replies["Reset"].append(self._told_to_reset)
        for name in ("power-cut", "link-down"):
            context.bus.events[name].append(self._fell)
        context.bus.end.append(self._end)

    def _called(self, call: Call) -> None:
        if not call.up:
            return
        self._waited_for_nothing(call)
        self._settle(call.epoch_s)
        if call.action == "BootNotification":
            if self._history.boots.boot_asked:
                self._triggered_boot = call
            else:
                self._booting(call)
        elif call.action == "StatusNotification":
            self._silent = 0
            if self._owed is not None and call.connector is not None:
                self._owed.discard(call.connector)
        went_with_the_power = call.epoch_s <= self._new_life
        if self._waits and call.action != "BootNotification" and not went_with_the_power:
            self._too_early(call)

    def _waited_for_nothing(self, call: Call) -> None:
        """What waited for a reply that never came is told that much later."""
        before, self._before = self._before, call
        if before is not None and before.reply_epoch_s is None:
            self._owed_until += call.epoch_s - before.epoch_s

    def _booting(self, call: Call) -> None:
        self._owed = None
        # Of a boot that cannot be read the answer means little; one that is not recorded is not known.
        self._waits = call.valid and self._context.evidence.hears_csms
        self._ledger.held(FIRST)
        if self._last is None:
            return
        answered, interval, status = self._last
        if status != "Accepted" and interval > 0 and not self._context.evidence.station_clock:
            self._ledger.not_compared(RETRY, NO_TIMES)
        elif status != "Accepted" and interval > 0 and answered > self._new_life:
            waited = self._ledger.time.lasted_s(answered, call.epoch_s)  # a boot may set the clock
            self._ledger.judge(
                RETRY,
                waited >= interval - self._context.tolerances.sample_s,
                call.epoch_s,
                None,
                f">= {interval:g} s after {status}",
                f"{waited:.1f} s",
                "BootNotification came again too soon",
            )
            self._overdue(call.epoch_s)
        self._last = None  # until this one is answered

    def _overdue(self, epoch_s: float) -> None:
        """It has to come at all, where the link was there to carry it."""
        if self._last is None or self._last[2] == "Accepted" or self._last[1] <= 0:
            return
        answered, interval, status = self._last
        due = answered + interval
        down = self._link.down_since is not None or any(end >= answered for _, end in self._link.outages)
        if epoch_s > due + OVERDUE_S and not down:
            expected, actual = f"{interval:g} s after {status}", f"none for {epoch_s - answered:.0f} s"
            # 6.4: the interval is the least wait; others may take longer
            severity = "error" if self._context.evidence.from_power_on else "warning"
            message = "BootNotification did not come again"
            self._ledger.broken(RETRY, due, None, expected, actual, message, severity=severity)

    def _too_early(self, call: Call) -> None:
        told = self._of_all.get(call.action)
        if told is not None and call.connector not in told:
            told.add(call.connector)
            return
        if self._triggered[call.action] > 0:
            self._triggered[call.action] -= 1
            return
        status = self._last[2] if self._last else "no answer"
        message = f"{call.action} was sent before the boot was accepted"
        actual = f"{call.action} ({status})"
        self._ledger.broken(
            FIRST, call.epoch_s, None, "BootNotification", actual, message, cause="did not wait"
        )

    def _asked(self, call: Call) -> None:
        if self._waits and call.reply is not None and call.reply["status"] == "Accepted":
            wanted = call.payload["requestedMessage"]
            if call.connector is None and wanted in OF_CONNECTORS:
                self._of_all[wanted] = set()
            else:
                for named in (wanted, ANSWERED_BY.get(wanted, "")):
                    self._triggered[named] += 1

    def _backwards(self, call: Call, interval: int) -> None:
        """6.4: 0 leaves it to the station; below it is no time."""
        if interval < 0:
            at, message = call.epoch_s, "the answer to a boot names a time below 0"
            more: dict[str, Any] = {"severity": "warning", "blames": CSMS, "count": 0}
            self._ledger.broken(
                RETRY, at, None, "an interval of 0 s or more", f"{interval} s", message, **more
            )

    def _answered(self, call: Call) -> None:
        if call.epoch_s <= self._new_life:
            return  # of a life that is over
        if call.reply is None or call.reply_epoch_s is None:
            # An answer that cannot be read may have been an acceptance.
            self._waits = self._waits and (call.error is not None or call.reply_epoch_s is None)
            return
        self._last = call.reply_epoch_s, float(call.reply["interval"]), call.reply["status"]
        self._backwards(call, call.reply["interval"])
        if call.reply["status"] != "Accepted":
            return
        if call is not self._triggered_boot:
            self._loops(call.reply_epoch_s)
        if self._waits:
            self._owed = {0, *self._history.outlets()}
            self._owed_until = call.reply_epoch_s + REPORT_S
        self._waits = False
        self._triggered.clear()
        self._of_all.clear()

    def _asks(self, call: Call) -> None:
        """A reset is accepted or not; an update has no status in its answer."""
        self._asked_for |= call.reply is not None and call.reply.get("status", "Accepted") == "Accepted"

    def _loops(self, epoch_s: float) -> None:
        """One accepted boot after the other: a warning, and an error where no status comes in between."""
        if self._asked_for:
            self._accepted.clear()
            self._silent = 0
        self._asked_for = False
        self._accepted.append(epoch_s)
        self._silent += 1
        within = len(self._accepted) == LOOP_BOOTS and epoch_s - self._accepted[0] <= LOOP_S
        message = f"{LOOP_BOOTS} boots within {LOOP_S / 60:g} minutes that nobody asked for"
        told = f"the first at {iso(self._accepted[0])}"
        self._ledger.judge(
            LOOP, not within, epoch_s, None, "a reset before", told, message, severity="warning"
        )
        if self._silent == LOOP_BOOTS:
            message = "one boot after the other was accepted, and no status told after any"
            self._ledger.broken(
                REPORT, epoch_s, None, "a StatusNotification for each connector", "none", message
            )

    def _configured(self, call: Call) -> None:
        """The number of connectors may be told only after the boot."""
        if self._owed is not None:
            self._owed |= set(self._history.outlets()) - self._connectors.named

    def _settle(self, epoch_s: float) -> None:
        if self._owed is None or epoch_s < self._owed_until:
            return
        missing = sorted(self._owed)
        self._numbered(epoch_s)
        message = "a connector kept its status to itself after the boot"
        self._ledger.judge(
            REPORT,
            not missing,
            epoch_s,
            missing[0] if missing else None,
            "a StatusNotification",
            "none",
            message,
        )
        self._owed = None

    def _numbered(self, epoch_s: float) -> None:
        """3.8: no number is skipped; else the status of that one is missing."""
        outlets = self._history.outlets()
        left_out = [n for n in range(1, max(outlets, default=0)) if n not in outlets][:1]
        for connector in left_out if not self._history.is_counted else ():
            message, expected = "the connectors' numbers leave some out", f"a status of connector {connector}"
            about = (REPORT, epoch_s, connector, expected, f"of connectors {outlets} alone"[:120])
            self._ledger.broken(*about, message, severity="warning", count=0, line=None)

    def _restarts(self, event: Event) -> None:
        """A new life knows no interval of the last."""
        self._last = None
        self._new_life = event.epoch_s
        self._asked_for = True

    def _told_to_reset(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._last = None

    def _fell(self, event: Event) -> None:
        if event.name == "power-cut":
            self._restarts(event)
        self._owed = None
        self._waits = self._waits or event.name == "power-cut"

    def _end(self, epoch_s: float) -> None:
        self._settle(epoch_s)
        if self._waits and self._context.evidence.from_power_on:
            self._overdue(epoch_s)
