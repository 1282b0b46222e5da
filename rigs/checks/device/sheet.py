"""The EVC5's own sheet: messages, triggers, statuses, error codes, fields and hard-coded keys."""

from evc5.rigs.checks.device.requests import CARRIED_OUT_S, TRIGGERED
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import BEHAVIOUR
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import (
    ERROR_CODES,
    NEVER_SENT,
    OF_EDITION_2,
    SHEET,
    STATUSES,
    TRIGGERS,
    UNSUPPORTED,
    VALUES,
)

MESSAGE, TRIGGER, STATUS = "sheet.message", "sheet.trigger", "sheet.status"
CODE, FIELDS, VALUE, FOLLOWED = "sheet.error-code", "sheet.fields", "sheet.value", "trigger.followed"
REQUIREMENTS = (
    R(
        MESSAGE,
        "What the station lacks is refused with the code for it",
        "sheet tables 1, 8, 12; J 4.2.3",
        needs=(BEHAVIOUR,),
    ),
    R(
        TRIGGER,
        "Triggers that it lacks are NotImplemented, others are not",
        "sheet table 11; 5.17, TC_055_CS",
        needs=(BEHAVIOUR,),
        arises=("TriggerMessage",),
    ),
    R(
        STATUS,
        "Connectors have the statuses of the sheet",
        "sheet table 4",
        needs=(BEHAVIOUR,),
        arises=("StatusNotification",),
    ),
    R(
        CODE,
        "Faults are told by the error codes of the sheet",
        "sheet table 5",
        needs=(BEHAVIOUR,),
        arises=("StatusNotification",),
    ),
    R(
        FIELDS,
        "Fields that it never sends are not sent",
        "sheet 3.1.1, 3.1.4, 3.1.5",
        needs=(BEHAVIOUR,),
        arises=("BootNotification",),
    ),
    R(
        VALUE,
        "Hard-coded keys have the sheet's value",
        "sheet tables 13, 15, 16",
        needs=(BEHAVIOUR,),
        arises=("GetConfiguration",),
    ),
    R(FOLLOWED, "An accepted trigger is followed by its message", "5.17, TC_054_CS"),
)
KNOWN_ACTIONS = frozenset(
    {
        *("ChangeAvailability", "ChangeConfiguration", "ClearCache", "ClearChargingProfile", "DataTransfer"),
        *("GetCompositeSchedule", "GetConfiguration", "GetDiagnostics", "GetLocalListVersion"),
        *("RemoteStartTransaction", "RemoteStopTransaction", "Reset", "SendLocalList", "SetChargingProfile"),
        *("TriggerMessage", "UnlockConnector", "UpdateFirmware"),
    }
)
NOT_AT_ONCE = ("SignChargePointCertificate",)  # the white paper's; a key pair may take minutes to make
BY_CONNECTOR = ("StatusNotification", "MeterValues")
TRIGGER_FOLLOWS_S = 60.0  # assumed: a triggered message waits for what is on its way, at most so long
# What may be wrong with a request that keeps to its schema: a profile in disorder, a list that is too long.
REFUSABLE = frozenset({"SetChargingProfile", "SendLocalList", "DataTransfer"})


class Sheet:
    """Judges a station that is said to be an EVC5; any other's triggers are still followed up."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        if context.evidence.behaviour != SHEET:
            return
        reversed_codes = context.policies.get("unsupported_action") == "reversed"
        codes = ("NotImplemented", "NotSupported") if reversed_codes else ("NotSupported", "NotImplemented")
        self._code_known, self._code_unknown = codes
        self._occupied = context.policies.get("occupied_status", "off") != "off"
        calls = context.bus.calls
        calls["StatusNotification"].append(self._status)
        for action in NEVER_SENT:
            calls[action].append(self._fields)
        context.bus.any_reply.append(self._answered)
        context.bus.replies["TriggerMessage"].append(self._triggered)
        context.bus.replies["GetConfiguration"].append(self._configured)

    def _status(self, call: Call) -> None:
        status, code = call.payload["status"], call.payload["errorCode"]
        good = status in STATUSES or (self._occupied and status == "Occupied")
        message = "the sheet has no such status"
        self._ledger.judge(STATUS, good, call.epoch_s, call.connector, "a status of table 4", status, message)
        message = "the sheet has no such error code"
        expected = "an error code of table 5"
        self._ledger.judge(CODE, code in ERROR_CODES, call.epoch_s, call.connector, expected, code, message)

    def _fields(self, call: Call) -> None:
        sent = [name for name in NEVER_SENT[call.action] if name in call.payload]
        message = f"{call.action} carries fields that the station never sends"
        expected = f"no {', '.join(NEVER_SENT[call.action])}"
        self._ledger.judge(FIELDS, not sent, call.epoch_s, call.connector, expected, ", ".join(sent), message)

    def _answered(self, call: Call) -> None:
        if call.up or call.reply_epoch_s is None:
            return
        actual = call.error or "CALLRESULT"
        if call.action in UNSUPPORTED:
            codes = {self._code_known} if call.action in OF_EDITION_2 else {"NotSupported", "NotImplemented"}
        elif call.action not in KNOWN_ACTIONS:
            codes = {self._code_unknown}
        else:
            refusable = not call.valid or call.action in REFUSABLE
            good = call.error not in ("NotSupported", "NotImplemented") if refusable else call.error is None
            message = f"{call.action} is supported, and nothing is wrong with the request"
            self._ledger.judge(MESSAGE, good, call.reply_epoch_s, None, "an answer", actual, message)
            return
        message = f"the answer to {call.action}, which the station lacks"
        expected = " or ".join(sorted(codes))
        self._ledger.judge(MESSAGE, call.error in codes, call.reply_epoch_s, None, expected, actual, message)

    def _triggered(self, call: Call) -> None:
        if call.reply is None or call.action != "TriggerMessage":
            return
        wanted, status = call.payload["requestedMessage"], call.reply["status"]
        good = (wanted in TRIGGERS) == (status != "NotImplemented")
        expected = "not NotImplemented" if wanted in TRIGGERS else "NotImplemented"
        message = f"the answer to a trigger of {wanted}"
        self._ledger.judge(TRIGGER, good, call.answered_s, None, expected, status, message)

    def _configured(self, call: Call) -> None:
        for row in (call.reply or {}).get("configurationKey", ()):
            wanted = VALUES.get(row["key"].lower())
            if wanted is not None and "value" in row:
                message = f"{row['key']} is hard-coded"
                good = row["value"] == wanted
                self._ledger.judge(VALUE, good, call.answered_s, None, wanted, row["value"], message)


class Triggers:
    """What an accepted TriggerMessage asked for comes, unless the station goes away first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._owed = dict[str, float]()
        self._of_unknown = False  # was one asked for of a connector that there may not be?
        self._refused: tuple[float, int | None] | None = None  # when values were, and of which connector
        self._taken = -FOREVER  # when a trigger of any message was last taken
        context.bus.replies["TriggerMessage"].append(self._accepted)
        context.bus.replies["TriggerMessage"].append(self._answered)
        context.bus.any_call.append(self._called)
        context.bus.readings.append(self._readings)
        for name in ("link-down", "power-cut", "reset"):
            context.bus.events[name].append(self._excused)
        context.bus.end.append(self._end)

    def _accepted(self, call: Call) -> None:
        connector = call.payload.get("connectorId", 0)
        history = self._context.history
        outlets = [connector] if connector else history.outlets()
        silent = any(
            history.connectors.is_unmetered(outlet, call.epoch_s, WHOLE_SECOND_S) for outlet in outlets
        )
        listed = history.keys.measurands("MeterValuesSampledData", call.epoch_s)
        silent |= listed is not None and not listed - {"SoC"}  # without a car there is none to tell
        if silent and call.payload["requestedMessage"] == "MeterValues":
            return  # there may be nothing to tell
        if history.link.down_since is not None:
            return  # it goes in the instant of the answer
        if call.payload["requestedMessage"] in NOT_AT_ONCE:
            return
        if call.reply is not None and call.reply["status"] == "Accepted":
            outlets = history.outlets()
            self._of_unknown |= not outlets or (connector not in (0, *outlets) and not history.is_counted)
            self._owed.setdefault(call.payload["requestedMessage"], call.answered_s)

    def _answered(self, call: Call) -> None:
        """5.17: by its answer a station says whether it sends what was asked for."""
        if call.reply is None or call.reply["status"] == "Accepted":
            self._taken, self._refused = call.epoch_s, None
        elif call.payload["requestedMessage"] == "MeterValues":
            alone = call.epoch_s - self._taken > TRIGGER_FOLLOWS_S
            self._refused = (call.epoch_s, call.connector) if alone else None

    def _comes_all_the_same(self, connector: int, block: Block) -> None:
        since, asked = self._refused or (FOREVER, None)
        late_s = block.stamp - since
        if asked in (None, connector) and ((late_s >= -WHOLE_SECOND_S) & (late_s <= CARRIED_OUT_S)).any():
            self._refused = None
            message = "a trigger was refused, and its MeterValues come"
            expected, actual = "Accepted, or no value of context Trigger", "refused, and such a value"
            self._context.ledger.broken(TRIGGERED, since, connector, expected, actual, message)

    def _called(self, call: Call) -> None:
        if not call.up:
            if call.action == "DataTransfer":  # a maker's own trigger, perhaps
                self._taken, self._refused = call.epoch_s, None
            if call.action == "Reset":
                self._owed.clear()
            return
        self._overdue(call.epoch_s, late="MeterValues")
        if self._owed.pop(call.action.removeprefix("Signed"), None) is not None:
            self._context.ledger.held(FOLLOWED)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        triggered = [block for block in blocks if block.layout.context == "Trigger"]
        for block in triggered if self._refused is not None else ():
            self._comes_all_the_same(connector, block)
        answers = bool(triggered)
        if answers and "MeterValues" in self._owed:
            del self._owed["MeterValues"]
            self._context.ledger.held(FOLLOWED)

    def _excused(self, event: Event) -> None:
        self._owed.clear()

    def _overdue(self, epoch_s: float, late: str = "") -> None:
        """Readings are heard in blocks, so that those still to be handed out are not missed yet.

        Its time is counted from the last call that got no reply, for it waits behind that.
        """
        if not self._owed:
            return
        unheard = max((at for at in self._context.history.link.unheard if at <= epoch_s), default=0.0)
        for action, since in list(self._owed.items()):
            if epoch_s - max(since, unheard) > TRIGGER_FOLLOWS_S and action != late:
                del self._owed[action]
                if action in BY_CONNECTOR and not self._of_unknown:
                    continue  # `trigger.connector` tells which one misses
                expected = f"{action} within {TRIGGER_FOLLOWS_S:g} s"
                message = "an accepted trigger was not followed"
                self._context.ledger.broken(FOLLOWED, since, None, expected, "none", message)

    def _end(self, epoch_s: float) -> None:
        self._overdue(epoch_s)
