"""That the station is heard: after an outage, after the power is back, and not more often than it should."""

from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.boots import MOST_BOOTS
from evc5.rigs.checks.state.connectors import RECONNECTS_S, STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R

EARLY, RESUMED, POWER, SAME = "heartbeat.early", "connection.resumed", "boot.after-power", "boot.identity"
REQUIREMENTS = (
    R(EARLY, "A Heartbeat comes no sooner than its interval asks", "4.6, 9.1.8"),
    R(
        RESUMED,
        "After an outage the station is heard again",
        "J 5.3, TC_036_CS",
        needs=(EVENTS,),
        arises=("link-down",),
    ),
    R(
        POWER,
        "When the power is back the station boots",
        "4.2, TC_032_1_CS",
        needs=(EVENTS,),
        arises=("BootNotification",),
    ),
    R(SAME, "Every boot names the same station, and its firmware until that is updated", "4.2, 6.3"),
)
BOOTS_WITHIN_S = 120.0  # assumed: start, socket
BEAT_SLACK_S = 5.0  # assumed: a heartbeat may come so much early
INSTALLS = frozenset(  # of an update, 7.25; of a signed one, improved security for OCPP 1.6, 5.11
    {"Downloaded", "SignatureVerified", "Installing", "InstallRebooting", "Installed"}
)
IDENTITY = ("chargePointVendor", "chargePointModel", "chargePointSerialNumber", "firmwareVersion")


class Pulse:
    """Follows heartbeats, outages and boots."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._of_others = context.evidence.is_of_others
        self._beat_epoch_s: float | None = None
        self._extra = 0  # that were triggered
        self._boot: Call | None = None
        self._is_cut = False  # the mains
        self._boots: list[float] = []
        self._updated, self._step = False, ""
        bus = context.bus
        bus.calls["Heartbeat"].append(self._beats)
        bus.calls["BootNotification"].append(self._boots_up)
        for action in ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"):
            bus.calls[action].append(self._firmware)
        bus.replies["TriggerMessage"].append(self._triggered)
        bus.replies["BootNotification"].append(self._anew)
        context.bus.settings.append(self._setting)
        for name in ("link-down", "link-up", "power-cut", "power-restore", "reset"):
            bus.events[name].append(self._happens)

    def _triggered(self, call: Call) -> None:
        """A heartbeat that was asked for stands beside the others."""
        accepted = call.reply is not None and call.reply["status"] == "Accepted"
        self._extra += accepted and call.payload["requestedMessage"] == "Heartbeat"

    def _anew(self, call: Call) -> None:
        """After a boot the interval counts anew."""
        self._beat_epoch_s = None

    def _setting(self, key: str, epoch_s: float) -> None:
        if key == "heartbeatinterval":
            self._beat_epoch_s = None

    def _beats(self, call: Call) -> None:
        if self._extra:
            self._extra -= 1
            return
        before, self._beat_epoch_s = self._beat_epoch_s, call.epoch_s
        interval = self._keys.integer("HeartbeatInterval", call.epoch_s)
        if before is None or not interval or self._link.was_held_up(before, call.epoch_s):
            return
        waited_s = call.epoch_s - before
        vague_s = self._ledger.time.vague_s(before) + self._ledger.time.vague_s(call.epoch_s)
        good = waited_s >= interval - BEAT_SLACK_S - vague_s
        expected, actual = f"after {interval} s", f"after {waited_s:.0f} s"
        message = "a Heartbeat before its time"
        untold = self._keys.since("HeartbeatInterval"), call.epoch_s
        # 4.6 asks for one in every interval at least; who takes the interval for an exact one is a rig's twin
        severity = "error" if self._context.evidence.from_power_on else "warning"
        self._ledger.judge(
            EARLY, good, call.epoch_s, None, expected, actual, message, untold=untold, severity=severity
        )

    def _happens(self, event: Event) -> None:
        self._beat_epoch_s = None
        if event.name == "link-up":
            beat_s = float(self._keys.integer("HeartbeatInterval", event.epoch_s) or 0)
            wait_s = RECONNECTS_S + beat_s + BEAT_SLACK_S + self._context.tolerances.heartbeat_s
            known = beat_s > 0 and self._history.boots.registration == "Accepted"
            if known:
                self._agenda.at(event.epoch_s + wait_s, partial(self._heard, event.epoch_s, wait_s))
        elif event.name == "power-cut":
            self._is_cut = True
        elif event.name == "power-restore" and self._is_cut:
            self._is_cut = False
            self._agenda.at(
                event.epoch_s + BOOTS_WITHIN_S + RECONNECTS_S, partial(self._booted, event.epoch_s)
            )

    def _undisturbed(self, since: float, until: float) -> bool:
        again = any(begin <= until and end > since + STAMP_HAIR_S for begin, end in self._link.outages)
        return (
            not again
            and self._connectors.touches(0, since + STAMP_HAIR_S, until) == 0
            and self._link.down_since is None
        )

    def _heard(self, epoch_s: float, wait_s: float) -> None:
        if self._undisturbed(epoch_s, epoch_s + wait_s):
            message = "the link is back and the station is not heard"
            good = self._link.heard_at >= epoch_s
            self._ledger.judge(RESUMED, good, epoch_s, None, f"a CALL within {wait_s:.0f} s", "none", message)

    def _booted(self, epoch_s: float) -> None:
        if self._undisturbed(epoch_s, epoch_s + BOOTS_WITHIN_S):
            good = any(epoch_s < boot <= epoch_s + BOOTS_WITHIN_S for boot in self._boots)
            message = "the power is back"
            expected = f"BootNotification within {BOOTS_WITHIN_S:g} s"
            self._ledger.judge(POWER, good, epoch_s, None, expected, "none", message)

    # -- who it is -------------------------------------------------------------------------------

    def _firmware(self, call: Call) -> None:
        self._step = call.payload["status"]
        self._updated |= self._step in INSTALLS

    def _boots_up(self, call: Call) -> None:
        before = self._boot
        self._boot = call
        self._boots = [*self._boots[1 - MOST_BOOTS :], call.epoch_s]
        self._beat_epoch_s = None
        if before is None:
            return
        fields = [name for name in IDENTITY if name != "firmwareVersion" or not self._updated]
        self._updated = self._step in INSTALLS - {"Installed"}  # cut short, it may go on after the boot
        if self._of_others:  # who leaves a field out tells nothing by it
            fields = [name for name in fields if name in before.payload and name in call.payload]
        was, now = ([boot.payload.get(name) for name in fields] for boot in (before, call))
        message, severity = "a boot names another station than the one before", "error"
        changed = [name for name, old, new in zip(fields, was, now, strict=True) if old != new]
        if self._of_others and changed == ["firmwareVersion"]:
            message, severity = "a boot names another firmware, and no update was told of", "warning"
        good = was == now or self._renamed(before.epoch_s)
        self._ledger.judge(SAME, good, call.epoch_s, None, str(was), str(now), message, severity=severity)

    def _renamed(self, since: float) -> bool:
        """Was com_OCPCInfo, which says who it is, changed since it was first told?"""
        setting = self._keys.get("com_ocpcinfo")
        return setting is not None and any(epoch_s > since for epoch_s, _ in setting.history[1:])
