"""How often a twin tries a transfer that fails: no oftener than it was asked to, and without pause."""

from functools import partial
from typing import NamedTuple

from evc5.rigs.checks.device.files import GIVEN_UP, LAST, REQUIREMENT, UPDATE, UPLOAD
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.sheet_tables import SHEET

ATTEMPT_S = 45.0  # assumed: an attempt fails so soon


class Transfer(NamedTuple):
    """What was asked for: when its first attempt may be made, how many there may be, and their interval."""

    begins: float
    attempts: int
    interval_s: float | None  # None: left to the station

    @property
    def lasts_s(self) -> float | None:
        """From the first attempt on, if all fail."""
        waits = self.attempts - 1
        if waits and self.interval_s is None:
            return None
        return waits * (self.interval_s or 0.0) + self.attempts * ATTEMPT_S


class Tries:
    """Follows each transfer from its request to its end, where nothing comes between."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._link, self._boots = context.history.link, context.history.boots
        self._agenda = context.agenda
        self._now: dict[str, Transfer | None] = dict.fromkeys(REQUIREMENT)
        self._busy = dict.fromkeys(REQUIREMENT, False)  # with what is not known, or with more than a transfer
        self._takes_files = True
        bus = context.bus
        bus.replies["GetDiagnostics"].append(self._diagnostics)
        bus.replies["UpdateFirmware"].append(self._update)
        for action in REQUIREMENT:
            bus.calls[action].append(self._told)
        for name in ("link-down", "power-cut", "reset", "clock-set"):
            bus.events[name].append(self._disturbed)
        bus.events["operator"].append(self._served)

    def _served(self, event: Event) -> None:
        if "takes_files" in event.detail:
            self._takes_files = bool(event.detail["takes_files"])

    def _disturbed(self, _: Event) -> None:
        for action, transfer in self._now.items():
            self._busy[action] |= transfer is not None
            self._now[action] = None

    def _diagnostics(self, call: Call) -> None:
        """Errata 3.50: `retries` follow the first attempt; a second request changes nothing."""
        if call.reply is None or not call.reply.get("fileName") or self._now[UPLOAD] is not None:
            return
        ignored = self._context.evidence.behaviour == SHEET  # 3.2.1: no retries
        retries = 0 if ignored else max(call.payload.get("retries", 0), 0)
        begins = call.answered_s
        self._follow(UPLOAD, Transfer(begins, retries + 1, call.payload.get("retryInterval")))
        transfer = self._now[UPLOAD]
        if transfer is not None and transfer.lasts_s is not None and not self._takes_files:
            until = self._ledger.time.later(begins, transfer.lasts_s)
            self._agenda.at(until, partial(self._over, transfer, until))

    def _update(self, call: Call) -> None:
        """6.57: so often it tries in all; a later request takes the place of one that is not fetched yet."""
        if call.reply is None or "retries" not in call.payload:
            self._now[UPDATE] = None
            return
        begins = max(call.answered_s, epoch(call.payload["retrieveDate"]))
        attempts = max(call.payload["retries"], 1)
        self._follow(UPDATE, Transfer(begins, attempts, call.payload.get("retryInterval")))

    def _follow(self, action: str, transfer: Transfer) -> None:
        speaks = self._boots.registration == "Accepted"  # else what it tells of its attempts waits
        known = self._ledger.time.twin is not None and speaks and not self._busy[action]
        self._now[action] = transfer if known else None

    def _told(self, call: Call) -> None:
        action, status = call.action, call.payload["status"]
        transfer = self._now[action]
        if status in GIVEN_UP and transfer is not None and transfer.lasts_s is not None:
            self._judge(action, transfer, call.epoch_s)
        if status in LAST or status in ("Downloaded", "Installing"):
            self._now[action] = None
            self._busy[action] = status not in LAST

    def _over(self, transfer: Transfer, until: float) -> None:
        """Nobody takes the file: by now this is told."""
        if self._now[UPLOAD] == transfer and not self._takes_files:
            self._judge(UPLOAD, transfer, until + ATTEMPT_S)

    def _judge(self, action: str, transfer: Transfer, epoch_s: float) -> None:
        lasts_s = transfer.lasts_s or 0.0
        late_s = epoch_s - self._ledger.time.later(transfer.begins, lasts_s)
        if self._link.was_unheard(transfer.begins, epoch_s):
            return
        attempts = f"{transfer.attempts} attempt{'s' * (transfer.attempts > 1)}"
        expected, actual = f"after {attempts}, within {lasts_s:.0f} s", f"{max(late_s, 0.0):.0f} s too late"
        message = f"{action}: a transfer that fails is not given up when it was tried often enough"
        self._ledger.judge(REQUIREMENT[action], late_s <= 0.0, epoch_s, None, expected, actual, message)
