"""What the back office asks for is answered rightly and carried out (5.2 to 5.18)."""

import re
from collections import deque
from functools import partial
from itertools import accumulate

import numpy as np

from evc5.rigs.checks.charging.profile_answers import TAKEN
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, epoch, iso
from evc5.rigs.checks.reading.schemas import Fault, schema
from evc5.rigs.checks.state.connectors import QUIET_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import SHEET, TRIGGERS
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.status.status import SERVICE

START, STARTED = "remote.start-answer", "remote.started"
AVAILABILITY, RESET, UNLOCK = "availability.answer", "reset.carried-out", "unlock.answer"
PROMPT = "reset.prompt"
INVALID = "frame.refused"
TRIGGERED, CACHE, DATA = "trigger.connector", "cache.cleared", "data-transfer.answer"
REQUIREMENTS = (
    R(INVALID, "A payload that breaks its schema is answered with a CALLERROR", "J 4.2.3"),
    R(
        START,
        "A remote start is accepted where a transaction can begin, and only there",
        "5.11, TC_026_CS",
        needs=(EVENTS,),
        arises=("RemoteStartTransaction",),
    ),
    R(
        STARTED,
        "A remote start accepted starts a transaction, or waits for a cable",
        "5.11, TC_010_CS",
        needs=(EVENTS,),
        arises=("RemoteStartTransaction",),
    ),
    R(AVAILABILITY, "ChangeAvailability is Scheduled in a transaction, else Accepted", "5.2, TC_002_CS"),
    R(
        RESET,
        "A reset ends transactions with its reason, and the station boots anew",
        "5.14, TC_013_CS",
        needs=(EVENTS,),
        arises=("Reset",),
    ),
    R(
        PROMPT,
        "A hard reset comes at once, a soft one when its stops are told",
        "5.14, TC_013_CS, TC_014_CS",
        needs=(EVENTS,),
        arises=("Reset",),
    ),
    R(
        UNLOCK,
        "UnlockConnector ends a transaction and tells of the lock",
        "5.18, TC_017_1_CS, TC_018_1_CS",
        needs=(EVENTS,),
        arises=("UnlockConnector",),
    ),
    R(TRIGGERED, "A trigger brings the message of the connector asked for", "5.17, TC_054_CS"),
    R(CACHE, "ClearCache is Accepted where there is a cache, else Rejected", "5.4, ER 3.23, TC_061_1_CS"),
    R(DATA, "An unknown vendor's data are refused as such", "5.6, TC_062_CS"),
)
CARRIED_OUT_S = 10.0  # assumed: an Authorize may come between
RESTART_S = 120.0  # assumed: last words, restart, socket
GOES_DOWN_S = 5.0  # assumed: so soon after the last word, or the reply, a station goes down
SHOWN_S = 600.0  # assumed: a card or a remote start that waits for its cable does so no longer
KNOWN_VENDORS = ("ecotap", "openchargealliance")  # the unit's own; the white papers on ISO 15118 and more
FREE = ("Available", "Preparing")


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _is_of_form(fault: Fault) -> bool:
    """Is it about the form of a text only, which a station need not look into?"""
    return fault.timestamp


class Commands:
    """Follows each request to its answer, and from there to what it brings about."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._told: dict[int, tuple[float, str]] = {}
        self._refused: deque[tuple[float, str]] = deque(maxlen=64)  # idTags the CSMS does not accept
        self._boots: deque[float] = deque(maxlen=64)
        self._reset_at = -FOREVER  # when the last was accepted
        self._explained_at = -FOREVER  # when something else than a reset was a reason to boot
        self._to_reset: tuple[float, str] | None = None  # when it was accepted, and its type
        self._stop: Call | None = None  # the last that was sent
        self._sent: deque[tuple[float, int]] = deque(maxlen=256)  # statuses, by connector
        self._values: deque[tuple[float, int]] = deque(maxlen=4096)  # triggered values, heard of in blocks
        self._owed: list[tuple[list[int], float]] = []  # triggers of them
        self._inoperative: dict[int, float] = {}  # since when the CSMS has a connector out of service
        self._shown: dict[int, float] = {}
        bus = context.bus
        bus.calls["StatusNotification"].append(self._status)
        bus.calls["StartTransaction"].append(self._started)
        bus.calls["BootNotification"].append(lambda call: self._boots.append(call.epoch_s))
        bus.calls["FirmwareStatusNotification"].append(self._explains_a_boot)
        bus.events["power-cut"].append(self._explains_a_boot)
        bus.any_reply.append(self._refuses)
        bus.replies["Authorize"].append(self._authorized)
        bus.replies["ClearCache"].append(self._cache)
        self._makers: set[str] = set()  # the names under which its maker's own data may come
        bus.calls["BootNotification"].append(self._maker)
        bus.replies["DataTransfer"].append(self._data)
        bus.replies["TriggerMessage"].append(self._trigger)
        bus.readings.append(self._readings)
        bus.replies["ChangeAvailability"].append(self._availability)
        bus.replies["UnlockConnector"].append(self._unlock)
        bus.replies["RemoteStartTransaction"].append(self._remote_start)
        bus.replies["RemoteStartTransaction"].append(self._may_wait)
        bus.replies["Reset"].append(self._reset)
        bus.events["reset"].append(self._goes_down)
        bus.calls["StopTransaction"].append(self._stops)
        bus.end.append(self._end)
        bus.events["tag"].append(lambda event: self._shown.update({event.connector or 0: event.epoch_s}))

    # -- what the frames tell --------------------------------------------------------------------

    def _status(self, call: Call) -> None:
        self._told[call.payload["connectorId"]] = call.epoch_s, call.payload["status"]
        self._sent.append((call.epoch_s, call.payload["connectorId"]))

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told = [
            epoch_s
            for block in blocks
            if block.layout.context == "Trigger"
            for epoch_s in block.epoch_s.tolist()
        ]
        self._values.extend((epoch_s, connector) for epoch_s in told)

    def _started(self, call: Call) -> None:
        """Nothing begins where the CSMS has the connector out of service, however it got round to it."""
        connector = call.payload["connectorId"]
        since, start = self._inoperative.get(connector), epoch(call.payload["timestamp"])
        if since is not None:
            good = start < since + QUIET_S
            message = "a transaction starts on a connector out of service"
            told = f"Inoperative since {iso(since)}"
            self._ledger.judge(SERVICE, good, call.epoch_s, connector, "no start", told, message)

    def _authorized(self, call: Call) -> None:
        if call.reply is not None and call.reply["idTagInfo"]["status"] != "Accepted":
            self._refused.append((call.epoch_s, call.payload["idTag"].lower()))

    def _sure(self, epoch_s: float) -> bool:
        """Is what runs known, and the station up and accepted?"""
        known = self._context.history.is_settled(epoch_s) and not self._link.may_be_queueing(epoch_s)
        return (
            known
            and self._history.boots.registration == "Accepted"
            and not self._connectors.unsure(np.array([epoch_s])).any()
        )

    def _alone(self, which: list[int], epoch_s: float) -> bool:
        """Was nothing else done of late, of which a start or a stop is still to be told?"""
        return all(self._connectors.touches(one, epoch_s - QUIET_S, epoch_s) == 1 for one in which)

    # -- answered at once ------------------------------------------------------------------------

    def _judge(
        self, requirement: str, call: Call, good: bool, expected: str, severity: str = "error"
    ) -> None:
        message, told = f"the answer to {call.action}", (call.reply or {}).get("status", "")
        at = call.reply_epoch_s or call.epoch_s
        self._ledger.judge(requirement, good, at, call.connector, expected, told, message, severity=severity)

    def _nowhere(self, call: Call) -> None:
        """A profile for a connector that there is not: how it is refused is a policy."""
        outlets, policy = self._history.outlets(), self._context.policies.get("bad_connector")
        rows = call.payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"]
        starts = [row["startPeriod"] for row in rows]
        if starts != sorted(set(starts)):
            return  # its disorder may be what it is refused for
        if outlets and policy is not None and call.payload["connectorId"] not in (0, *outlets):
            good = (call.error is not None) == (policy == "CALLERROR")
            told = call.error or "CALLRESULT"
            message = "a profile for a connector that does not exist"
            self._ledger.judge(TAKEN, good, call.epoch_s, call.connector, policy, told, message)

    def _refuses(self, call: Call) -> None:
        """What the station makes of a request that no schema allows."""
        if call.action == "SetChargingProfile" and call.valid:
            self._nowhere(call)
        known = None if call.up or call.valid else schema(call.action, False)
        if known is not None and any(not _is_of_form(fault) for fault in known.faults(call.payload)):
            good = call.error is not None
            message = f"{call.action} with a payload that breaks its schema"
            self._ledger.judge(INVALID, good, call.epoch_s, None, "a CALLERROR", "a CALLRESULT", message)

    def _cache(self, call: Call) -> None:
        enabled = self._keys.text("AuthorizationCacheEnabled", call.epoch_s)
        if call.reply is not None and enabled is not None:
            expected = "Accepted" if enabled.lower() == "true" else "Rejected"
            self._judge(CACHE, call, call.reply["status"] == expected, expected)

    def _maker(self, call: Call) -> None:
        """A maker's stations know the maker's own data, under a name or domain like theirs."""
        words = _words(call.payload["chargePointVendor"])
        self._makers.update(words, accumulate(words))  # Wall Box: wallbox

    def _data(self, call: Call) -> None:
        vendor = call.payload["vendorId"].lower()
        if call.up or call.reply is None or any(name in vendor for name in KNOWN_VENDORS):
            return
        if not self._makers.isdisjoint(_words(vendor)):
            return
        known = self._context.evidence.from_power_on or self._context.evidence.behaviour == SHEET
        severity = "error" if known else "warning"  # others may have built in what a third party asks for
        self._judge(DATA, call, call.reply["status"] == "UnknownVendorId", "UnknownVendorId", severity)

    def _availability(self, call: Call) -> None:
        outlets = self._history.outlets()
        connector = call.payload["connectorId"]
        if call.reply is None or not outlets:
            return
        if connector not in (0, *outlets) and not self._history.is_counted:
            return
        inoperative = call.payload["type"] == "Inoperative"
        epoch_s = call.reply_epoch_s or call.epoch_s
        which = [connector] if connector else outlets
        runs = any(one in self._history.transactions.open for one in which)
        if connector not in (0, *outlets):
            expected = "Rejected"
        elif (
            not self._sure(epoch_s)
            or (runs and not set(which) - self._inoperative.keys())
            or not self._alone(which, epoch_s)
        ):
            expected = call.reply["status"]
        else:
            expected = "Scheduled" if inoperative and runs else "Accepted"
        self._judge(AVAILABILITY, call, call.reply["status"] == expected, expected)
        if connector in (0, *outlets) and call.reply["status"] != "Rejected":
            for one in which:
                if inoperative:
                    self._inoperative.setdefault(one, epoch_s)
                else:
                    self._inoperative.pop(one, None)
            if connector == 0:
                self._agenda.at(epoch_s + CARRIED_OUT_S, partial(self._station, inoperative, epoch_s))

    def _station(self, inoperative: bool, epoch_s: float) -> None:
        """Connector 0 tells the availability of the station as a whole (4.9)."""
        if self._connectors.alone(0, epoch_s, epoch_s + CARRIED_OUT_S) and 0 in self._told:
            expected = "Unavailable" if inoperative else "Available"
            told = self._told[0][1]
            message = "the status of connector 0 after a change of its availability"
            self._ledger.judge(AVAILABILITY, told == expected, epoch_s, 0, expected, told, message)

    # -- carried out -----------------------------------------------------------------------------

    def _trigger(self, call: Call) -> None:
        wanted = call.payload["requestedMessage"]
        if wanted == "BootNotification":
            self._explains_a_boot(call)
        connector = call.connector
        outlets = self._history.outlets()
        if call.reply is None or wanted not in TRIGGERS or not outlets:
            return
        there = connector is None or connector in (0, *outlets)
        if not there and not self._history.is_counted:
            return
        good = (call.reply["status"] == "Accepted") == there
        self._judge(TRIGGERED, call, good, "Accepted" if there else "Rejected")
        if good and there and wanted in ("StatusNotification", "MeterValues"):
            zero = [0] if wanted == "StatusNotification" else []
            of_all = connector is None or (connector == 0 and wanted == "MeterValues")
            owed = [*zero, *outlets] if of_all else [connector or 0]
            epoch_s = call.reply_epoch_s or call.epoch_s
            if wanted == "StatusNotification":
                self._agenda.at(epoch_s + CARRIED_OUT_S, partial(self._followed, wanted, owed, epoch_s))
            elif len(self._owed) < 4096:
                self._owed.append((owed, epoch_s))

    def _end(self, end: float) -> None:
        for owed, epoch_s in self._owed:
            listed = self._keys.measurands("MeterValuesSampledData", epoch_s)
            told = listed is None or bool(listed - {"SoC"})
            metered = [one for one in owed if not self._connectors.is_unmetered(one, epoch_s, CARRIED_OUT_S)]
            if told and metered and epoch_s + CARRIED_OUT_S < end:
                self._followed("MeterValues", metered, epoch_s)

    def _followed(self, wanted: str, owed: list[int], epoch_s: float) -> None:
        edge = np.array([epoch_s, epoch_s + CARRIED_OUT_S])
        if self._connectors.unsure(edge, 0.0).any() or self._link.was_unheard(
            epoch_s - 60.0, epoch_s + CARRIED_OUT_S
        ):
            return
        sent = self._values if wanted == "MeterValues" else self._sent
        found = {one for at, one in sent if epoch_s - 0.1 <= at <= epoch_s + CARRIED_OUT_S}
        missing = sorted(set(owed) - found)
        message, actual = f"{wanted} was triggered", f"none of {missing}"
        self._ledger.judge(
            TRIGGERED, not missing, epoch_s, missing[0] if missing else None, f"{owed}", actual, message
        )

    def _unlock(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        outlets = self._history.outlets()
        epoch_s = call.reply_epoch_s or call.epoch_s
        if call.reply is None or not outlets or not self._sure(epoch_s):
            return
        has_lock, sees_hands = self._keys.has_lock(connector, epoch_s), self._context.evidence.events
        if connector not in outlets or has_lock is False:
            expected: tuple[str, ...] = ("NotSupported",)
        elif has_lock is None and not sees_hands:
            expected = ("Unlocked", "UnlockFailed", "NotSupported")  # 5.18: who has no lock says so
        elif self._connectors.faults(connector) or not sees_hands:
            expected = ("Unlocked", "UnlockFailed")
        else:
            expected = ("Unlocked",)
        self._judge(UNLOCK, call, call.reply["status"] in expected, " or ".join(expected))
        running = self._history.transactions.open.get(connector)
        if running is not None and expected[0] == "Unlocked" and sees_hands:
            look = partial(self._ended, UNLOCK, running, "UnlockCommand", epoch_s)
            self._agenda.at(epoch_s + CARRIED_OUT_S, look)

    def _ended(self, requirement: str, running: Transaction, reason: str, epoch_s: float) -> None:
        if self._connectors.alone(running.connector, epoch_s, epoch_s + CARRIED_OUT_S) and (
            running.stop is None or running.stop >= epoch_s - 1.0
        ):
            good = running.stop is not None and running.reason == reason
            actual = "it goes on" if running.stop is None else f"{running.reason} at {iso(running.stop)}"
            message = f"transaction {running.id} was to end"
            self._ledger.judge(requirement, good, epoch_s, running.connector, reason, actual, message)

    def _reset(self, call: Call) -> None:
        if call.reply is None:
            return
        epoch_s = call.reply_epoch_s or call.epoch_s
        if call.reply["status"] != "Accepted":
            if self._reset_at <= max(self._boots, default=-FOREVER):  # else it does what it took before
                self._agenda.at(epoch_s + RESTART_S, partial(self._restarts_unbidden, epoch_s))
            return
        self._reset_at = epoch_s
        reason = f"{call.payload['type']}Reset"
        self._to_reset = epoch_s, call.payload["type"]
        running = [its for its in self._history.transactions.open.values() if self._sure(epoch_s)]
        self._agenda.at(epoch_s + RESTART_S, partial(self._restarted, reason, running, epoch_s))

    def _explains_a_boot(self, what: Call | Event) -> None:
        self._explained_at = what.epoch_s

    def _restarts_unbidden(self, epoch_s: float) -> None:
        """A boot right after a refusal: by chance the power was gone, or it does what it has refused."""
        excused = self._explained_at > epoch_s - RESTART_S
        if not excused and any(epoch_s < boot <= epoch_s + RESTART_S for boot in self._boots):
            expected = f"no BootNotification within {RESTART_S:g} s"
            message = "a reset was refused, and the station boots"
            self._ledger.broken(RESET, epoch_s, None, expected, "one", message, severity="warning")

    def _stops(self, call: Call) -> None:
        self._stop = call

    def _goes_down(self, event: Event) -> None:
        """5.14: hard, it need not wait for anything; soft, it tells its stops before."""
        asked = self._to_reset
        self._to_reset = None
        if asked is None:
            return
        epoch_s, kind = asked
        alone = self._connectors.touches(0, epoch_s + 0.01, event.epoch_s) <= 1  # the event itself
        quiet = not self._connectors.unsure(
            np.array([epoch_s - GOES_DOWN_S]), QUIET_S
        ).any()  # before it fell dark
        if alone and quiet and not self._link.was_unheard(epoch_s, event.epoch_s):
            self._went_down(epoch_s, kind, event.epoch_s)

    def _went_down(self, epoch_s: float, kind: str, end: float) -> None:
        stop = self._stop
        expected = f"within {GOES_DOWN_S:g} s of all being said"
        unanswered = stop is not None and stop.reply_epoch_s is None and stop.epoch_s > end - RESTART_S
        untold = unanswered or any(its.start < epoch_s for its in self._history.transactions.open.values())
        if kind == "Soft" and unanswered and end - epoch_s > GOES_DOWN_S:
            return  # how long it hopes is left to it
        since = max(epoch_s, self._link.heard_at) if kind == "Soft" else epoch_s
        good = end - since <= GOES_DOWN_S and not (kind == "Soft" and untold)
        actual = f"after {end - since:.0f} s, {'a stop untold' if untold else 'all said'}"
        message = f"a {kind.lower()} reset was accepted"
        self._ledger.judge(PROMPT, good, end, None, expected, actual, message)

    def _restarted(self, reason: str, running: list[Transaction], epoch_s: float) -> None:
        history = self._history
        edge = np.array([epoch_s - QUIET_S])
        if (
            self._connectors.touches(0, epoch_s - QUIET_S, epoch_s + RESTART_S) > 2
            or self._connectors.unsure(edge).any()
        ):
            return  # the request itself and the event that it brings are two
        if history.link.down_since is not None or any(
            begin <= epoch_s + RESTART_S and end >= epoch_s for begin, end in history.link.outages
        ):
            return  # the power or the link went before it could boot
        booted = [boot for boot in self._boots if epoch_s < boot <= epoch_s + RESTART_S]
        if not booted and not self._context.evidence.events:
            return  # what goes on as before convicts itself a while later: `without_effect`
        message = "a reset was accepted"
        expected = f"a BootNotification within {RESTART_S:g} s"
        self._ledger.judge(RESET, bool(booted), epoch_s, None, expected, "none", message)
        if not booted:
            return  # and no transaction ended: one cause
        for its in () if history.link.was_unheard(epoch_s, epoch_s + RESTART_S) else running:
            good = its.stop is not None and its.stop < epoch_s + RESTART_S and its.reason == reason
            if (
                self._connectors.touches(its.connector, epoch_s - QUIET_S, epoch_s + RESTART_S) <= 2
                and history.link.down_since is None
            ):
                actual = "it goes on" if its.stop is None else f"{its.reason} at {iso(its.stop)}"
                message = f"transaction {its.id} at a reset"
                self._ledger.judge(RESET, good, epoch_s, its.connector, reason, actual, message)

    # -- remote starts ---------------------------------------------------------------------------

    def _remote_start(self, call: Call) -> None:
        if call.reply is None or not self._history.outlets():
            return
        epoch_s = call.reply_epoch_s or call.epoch_s
        connector = call.connector
        status = call.reply["status"]
        with_profile = "chargingProfile" in call.payload
        policy = self._context.policies.get("remote_start_profile")
        if with_profile and (policy == "rejected" or (policy == "applied" and not _may_start(call))):
            self._judge(START, call, status == "Rejected", "Rejected")
            return
        if with_profile and policy == "applied" and status == "Rejected":
            return  # what is wrong with the profile is for the checks of profiles
        if not self._sure(epoch_s) or connector is None:
            return
        running = connector in self._history.transactions.open
        if running and status == "Accepted" and self._connectors.may_be_over(connector, epoch_s):
            return
        if connector not in self._history.outlets() and not self._history.is_counted:
            return
        if connector not in self._history.outlets() or running:
            self._judge(START, call, status == "Rejected", "Rejected")
        elif self._connectors.alone(connector, epoch_s, epoch_s) and self._is_free(connector, epoch_s):
            self._judge(START, call, status == "Accepted", "Accepted")
            if status == "Accepted":
                tag = call.payload["idTag"].lower()
                self._agenda.at(epoch_s + CARRIED_OUT_S, partial(self._began, connector, tag, epoch_s))

    def _may_wait(self, call: Call) -> None:
        """A remote start waits for its cable as a card does."""
        if call.reply is not None and call.reply["status"] == "Accepted" and call.connector is not None:
            self._shown[call.connector] = call.reply_epoch_s or call.epoch_s

    def _is_free(self, connector: int, epoch_s: float) -> bool:
        """Told to be free for a while, and no card shown of late that may be waiting for its cable."""
        told_epoch_s, told = self._told.get(connector, (epoch_s, ""))
        wait_s = FOREVER if self._keys.integer("ConnectionTimeOut", epoch_s) == 0 else SHOWN_S
        recently = epoch_s - self._shown.get(connector, -FOREVER) < wait_s
        return (
            told in FREE
            and epoch_s - told_epoch_s > QUIET_S
            and not recently
            and connector not in self._inoperative
        )

    def _began(self, connector: int, tag: str, epoch_s: float) -> None:
        if not self._connectors.alone(connector, epoch_s, epoch_s + CARRIED_OUT_S):
            return
        if any(who == tag and epoch_s - 0.1 <= at for at, who in self._refused):
            return
        if not self._keys.asks_online(epoch_s):
            return  # it may be refused as if there were no link
        over = self._history.transactions.finished.get(connector) or [None]
        running = self._history.transactions.open.get(connector) or over[-1]  # one refused is over by now
        good = running is not None and running.id_tag.lower() == tag and running.start >= epoch_s - 1.0
        actual = "none" if running is None else f"a start on {running.id_tag}"
        if not good and self._connectors.plugged[connector].begin_of(epoch_s) is None:
            actual = self._told[connector][1]
            good = actual == "Preparing"
        expected = f"a start on {tag}, or Preparing without a cable"
        message = "a remote start was accepted"
        self._ledger.judge(STARTED, good, epoch_s, connector, expected, actual, message)


def _may_start(call: Call) -> bool:
    """May a transaction begin with this profile: one for it, that names none yet (5.11, 5.16.2, ER 3.41)?"""
    profile = call.payload["chargingProfile"]
    return profile.get("chargingProfilePurpose") == "TxProfile" and "transactionId" not in profile
