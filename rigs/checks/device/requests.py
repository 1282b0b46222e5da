"""What the back office asks of a connector is answered rightly and carried out (5.2, 5.11, 5.17, 5.18)."""

from collections import deque
from functools import partial

import numpy as np

from evc5.rigs.checks.device.answers import judge_answer
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, epoch, iso
from evc5.rigs.checks.state.connectors import BENCH_HAIR_S, QUIET_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import TRIGGERS
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.status.status import SERVICE

START, STARTED = "remote.start-answer", "remote.started"
AVAILABILITY, UNLOCK = "availability.answer", "unlock.answer"
TRIGGERED = "trigger.connector"
REQUIREMENTS = (
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
        UNLOCK,
        "UnlockConnector ends a transaction and tells of the lock",
        "5.18, TC_017_1_CS, TC_018_1_CS",
        needs=(EVENTS,),
        arises=("UnlockConnector",),
    ),
    R(TRIGGERED, "A trigger brings the message of the connector asked for", "5.17, TC_054_CS"),
)
MOST_TRIGGERED = 4096  # triggered values and their triggers, kept
CARRIED_OUT_S = 10.0  # assumed: an Authorize may come between
SHOWN_S = 600.0  # assumed: a card or a remote start that waits for its cable does so no longer
FREE = ("Available", "Preparing")


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
        self._sent: deque[tuple[float, int]] = deque(maxlen=256)  # statuses, by connector
        # Triggered values, heard of in blocks, and their triggers:
        self._values: deque[tuple[float, int]] = deque(maxlen=MOST_TRIGGERED)
        self._owed: list[tuple[list[int], float]] = []
        self._inoperative: dict[int, float] = {}  # since when the CSMS has a connector out of service
        self._shown: dict[int, float] = {}
        bus = context.bus
        bus.calls["StatusNotification"].append(self._status)
        bus.calls["StartTransaction"].append(self._started)
        bus.replies["Authorize"].append(self._authorized)
        bus.replies["TriggerMessage"].append(self._trigger)
        bus.readings.append(self._readings)
        bus.replies["ChangeAvailability"].append(self._availability)
        bus.replies["UnlockConnector"].append(self._unlock)
        bus.replies["RemoteStartTransaction"].append(self._remote_start)
        bus.replies["RemoteStartTransaction"].append(self._may_wait)
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
            untold = since, call.epoch_s
            self._ledger.judge(
                SERVICE, good, call.epoch_s, connector, "no start", told, message, untold=untold
            )

    def _authorized(self, call: Call) -> None:
        if call.reply is not None and call.reply["idTagInfo"]["status"] != "Accepted":
            self._refused.append((call.epoch_s, call.payload["idTag"].lower()))

    def _alone(self, which: list[int], epoch_s: float) -> bool:
        """Was nothing else done of late, of which a start or a stop is still to be told?"""
        return all(self._connectors.touches(one, epoch_s - QUIET_S, epoch_s) == 1 for one in which)

    # -- answered at once ------------------------------------------------------------------------

    def _availability(self, call: Call) -> None:
        outlets = self._history.outlets()
        connector = call.payload["connectorId"]
        if call.reply is None or not outlets:
            return
        if connector not in (0, *outlets) and not self._history.is_counted:
            return
        inoperative = call.payload["type"] == "Inoperative"
        epoch_s = call.answered_s
        which = [connector] if connector else outlets
        runs = any(one in self._history.transactions.open for one in which)
        if connector not in (0, *outlets):
            expected = "Rejected"
        elif not inoperative and not self._context.evidence.from_power_on and self._puts_off(call, which):
            return
        elif (
            not self._history.knows_what_runs(epoch_s)
            or (runs and not set(which) - self._inoperative.keys())
            or not self._alone(which, epoch_s)
        ):
            expected = call.reply["status"]
        else:
            expected = "Scheduled" if inoperative and runs else "Accepted"
        good = call.reply["status"] == expected
        untold = None if self._history.lacks(connector) else self._context.evidence.so_far(epoch_s)
        judge_answer(self._ledger, AVAILABILITY, call, good, expected, untold=untold)
        if connector in (0, *outlets) and call.reply["status"] != "Rejected":
            for one in which:
                if inoperative:
                    self._inoperative.setdefault(one, epoch_s)
                else:
                    self._inoperative.pop(one, None)
            if connector == 0 and not (call.reply["status"] == "Scheduled" and self._may_wait_for_all):
                self._agenda.at(epoch_s + CARRIED_OUT_S, partial(self._station, inoperative, epoch_s))

    def _puts_off(self, call: Call, which: list[int]) -> bool:
        """Is what is Operative already to be so later? In a transaction 5.2 has it either way."""
        if (call.reply or {})["status"] != "Scheduled":
            return False
        statuses, running = self._history.connectors.statuses, self._history.transactions.open
        if all(statuses.get(one) == "Available" and one not in running for one in which):
            judge_answer(self._ledger, AVAILABILITY, call, False, "Accepted: no transaction runs", "warning")
        return True

    @property
    def _may_wait_for_all(self) -> bool:
        """5.2 has a status told when the change has happened: others may tell the station's with the last."""
        return not self._context.evidence.from_power_on

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
        connector = call.connector
        outlets = self._history.outlets()
        if call.reply is None or wanted not in TRIGGERS or not outlets:
            return
        there = connector is None or connector in (0, *outlets)
        if not there and not self._history.is_counted:
            return
        good = (call.reply["status"] == "Accepted") == there
        if there and not good and not self._context.evidence.from_power_on:
            return  # 5.17: whether it sends one is up to the station
        judge_answer(self._ledger, TRIGGERED, call, good, "Accepted" if there else "Rejected")
        if good and there and wanted in ("StatusNotification", "MeterValues"):
            zero = [0] if wanted == "StatusNotification" else []
            of_all = connector is None or (connector == 0 and wanted == "MeterValues")
            owed = [*zero, *outlets] if of_all else [connector or 0]
            epoch_s = call.answered_s
            if wanted == "StatusNotification":
                self._agenda.at(epoch_s + CARRIED_OUT_S, partial(self._followed, wanted, owed, epoch_s))
            elif len(self._owed) < MOST_TRIGGERED:
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
        if self._connectors.unsure(edge, 0.0).any() or self._link.was_held_up(
            epoch_s, epoch_s + CARRIED_OUT_S
        ):
            return
        sent = self._values if wanted == "MeterValues" else self._sent
        since, until = epoch_s - BENCH_HAIR_S, epoch_s + CARRIED_OUT_S
        found = {one for at, one in sent if since <= at <= until}
        missing = sorted(set(owed) - found)
        message = f"{wanted} was triggered, and does not come from each connector asked for"
        expected = f"{wanted} of {_listed(owed)} within {CARRIED_OUT_S:g} s"
        actual = f"none of {_listed(missing)}"
        self._ledger.judge(
            TRIGGERED, not missing, epoch_s, missing[0] if missing else None, expected, actual, message
        )

    def _unlock(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        outlets = self._history.outlets()
        epoch_s = call.answered_s
        if call.reply is None or not outlets or not self._history.knows_what_runs(epoch_s):
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
        judge_answer(self._ledger, UNLOCK, call, call.reply["status"] in expected, " or ".join(expected))
        running = self._history.transactions.open.get(connector)
        if running is not None and expected[0] == "Unlocked" and sees_hands:
            look = partial(self._ended, UNLOCK, running, "UnlockCommand", epoch_s)
            self._agenda.at(epoch_s + CARRIED_OUT_S, look)

    def _ended(self, requirement: str, running: Transaction, reason: str, epoch_s: float) -> None:
        if self._connectors.alone(running.connector, epoch_s, epoch_s + CARRIED_OUT_S) and (
            running.stop is None or running.stop >= epoch_s - WHOLE_SECOND_S
        ):
            good = running.stop is not None and running.reason == reason
            actual = running.outcome
            message = f"transaction {running.id} was to end"
            self._ledger.judge(requirement, good, epoch_s, running.connector, reason, actual, message)

    # -- remote starts ---------------------------------------------------------------------------

    def _remote_start(self, call: Call) -> None:
        if call.reply is None or not self._history.outlets():
            return
        epoch_s = call.answered_s
        connector = call.connector
        status = call.reply["status"]
        if connector is not None and self._history.lacks(connector):
            judge_answer(self._ledger, START, call, status == "Rejected", "Rejected")
            return
        with_profile = "chargingProfile" in call.payload
        policy = self._context.policies.get("remote_start_profile")
        if with_profile and (policy == "rejected" or (policy == "applied" and not _may_start(call))):
            if self._context.evidence.from_power_on:  # 5.16.2 is for the CSMS; others may leave it aside
                judge_answer(self._ledger, START, call, status == "Rejected", "Rejected")
            return
        if with_profile and policy == "applied" and status == "Rejected":
            return  # what is wrong with the profile is for the checks of profiles
        if not self._history.knows_what_runs(epoch_s) or connector is None:
            return
        running = connector in self._history.transactions.open
        if running and status == "Accepted" and self._connectors.may_be_over(connector, epoch_s):
            return
        if connector not in self._history.outlets() and not self._history.is_counted:
            return
        if connector not in self._history.outlets() or running:
            judge_answer(self._ledger, START, call, status == "Rejected", "Rejected")
        elif self._connectors.alone(connector, epoch_s, epoch_s) and self._is_free(connector, epoch_s):
            if status == "Accepted" or self._context.evidence.events:  # 5.11: else nobody knows why not
                judge_answer(self._ledger, START, call, status == "Accepted", "Accepted")
            if status == "Accepted":
                tag = call.payload["idTag"].lower()
                self._agenda.at(epoch_s + CARRIED_OUT_S, partial(self._began, connector, tag, epoch_s))

    def _may_wait(self, call: Call) -> None:
        """A remote start waits for its cable as a card does."""
        if call.reply is not None and call.reply["status"] == "Accepted" and call.connector is not None:
            self._shown[call.connector] = call.answered_s

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
        if any(who == tag and epoch_s - BENCH_HAIR_S <= at for at, who in self._refused):
            return
        if not self._keys.asks_online(epoch_s):
            return  # it may be refused as if there were no link
        over = self._history.transactions.finished.get(connector) or [None]
        running = self._history.transactions.open.get(connector) or over[-1]  # one refused is over by now
        good = (
            running is not None
            and running.id_tag.lower() == tag
            and running.start >= epoch_s - WHOLE_SECOND_S
        )
        actual = "none" if running is None else f"a start on {running.id_tag}"
        if not good and self._connectors.plugged[connector].begin_of(epoch_s) is None:
            actual = self._told[connector][1]
            good = actual == "Preparing"
        expected = f"a start on {tag}, or Preparing without a cable"
        message = "a remote start was accepted"
        self._ledger.judge(STARTED, good, epoch_s, connector, expected, actual, message)


def _listed(connectors: list[int]) -> str:
    return f"connector{'s' if len(connectors) > 1 else ''} {' and '.join(map(str, connectors))}"


def _may_start(call: Call) -> bool:
    """May a transaction begin with this profile: one for it, that names none yet (5.11, 5.16.2, ER 3.41)?"""
    profile = call.payload["chargingProfile"]
    return profile.get("chargingProfilePurpose") == "TxProfile" and "transactionId" not in profile
