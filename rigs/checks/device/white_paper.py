"""The security white paper's own messages: steps in their order, of the request that began them.

Source: OCA, Improved security for OCPP 1.6-J, edition 3: L01, N01, A05 and the messages' fields.
"""

from functools import partial
from typing import Any

from evc5.rigs.checks.device.files import DIAGNOSTICS, FIRMWARE, JUST_BEFORE_S, ORDER, TRANSFER_S
from evc5.rigs.checks.device.settings import VALUE
from evc5.rigs.checks.device.sheet import FOLLOWED
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER, epoch, is_strict
from evc5.rigs.checks.state.context import Context

UPDATE, UPLOAD = "SignedFirmwareStatusNotification", "LogStatusNotification"
BEGUN_BY = {"SignedUpdateFirmware": UPDATE, "GetLog": UPLOAD}
OF = {UPDATE: FIRMWARE, UPLOAD: DIAGNOSTICS}
SIGNED = {"SignChargePointCertificate": "SignCertificate"}  # a trigger, and what it brings
# How far a transfer is by its status; what failed or waits may be tried anew, and so comes before either.
STAGES = {
    UPDATE: {
        **dict.fromkeys(("DownloadScheduled", "DownloadPaused", "Downloading", "DownloadFailed"), 0),
        **{"Downloaded": 1},
        **dict.fromkeys(("SignatureVerified", "InvalidSignature", "InstallScheduled", "Installing"), 2),
        **dict.fromkeys(("InstallRebooting", "InstallVerificationFailed", "InstallationFailed"), 2),
        **{"Installed": 3},
    },
    UPLOAD: {"Uploading": 0, "UploadFailure": 0, "PermissionDenied": 0, "Uploaded": 1},
}
PROFILE = "SecurityProfile"
SECRET = "authorizationkey"  # written only


class WhitePaper:
    """Of another maker's station: ours has none of it."""

    def __init__(self, context: Context) -> None:
        self._ledger, self._holes = context.ledger, context.ledger.holes
        self._agenda, self._history = context.agenda, context.history
        self._keys = context.history.keys
        self._asked: dict[str, dict[int, float]] = {action: {} for action in STAGES}  # by requestId: when
        self._stage: dict[tuple[str, int], tuple[int, str]] = {}  # by action and requestId: how far it was
        self._triggered: set[str] = set()  # what was asked for, and may be told again
        self._told_at: dict[str, float] = {}  # by action: when the latest went
        if context.evidence.from_power_on:
            return
        bus = context.bus
        for action in BEGUN_BY:
            bus.replies[action].append(self._begins)
        for action in STAGES:
            bus.calls[action].append(self._step)
        for action in (*STAGES, *SIGNED.values()):
            bus.calls[action].append(lambda call: self._told_at.update({call.action: call.epoch_s}))
        bus.replies["TriggerMessage"].append(self._trigger)
        bus.replies["ChangeConfiguration"].append(self._changed)
        bus.replies["GetConfiguration"].append(self._told)

    # -- transfers -------------------------------------------------------------------------------

    def _begins(self, call: Call) -> None:
        action, id = BEGUN_BY[call.action], call.payload["requestId"]
        self._stage.pop((action, id), None)
        if call.reply is not None and call.reply["status"] in ("Accepted", "AcceptedCanceled"):
            self._asked[action] = {id: call.answered_s}  # one at a time
            message = f"{action}: what was asked for is never told of"
            self._owes(action, OF[action], _begins_at(call), message, id)
        else:
            self._asked[action].clear()

    def _trigger(self, call: Call) -> None:
        wanted = call.payload["requestedMessage"]
        self._triggered.add(wanted.removeprefix("Signed"))
        if wanted in SIGNED and call.reply is not None and call.reply["status"] == "Accepted":
            message = f"{SIGNED[wanted]} was triggered, and does not come"
            self._owes(SIGNED[wanted], FOLLOWED, call.answered_s, message)

    def _owes(self, action: str, requirement: str, since: float, message: str, id: int | None = None) -> None:
        look = partial(self._came, action, requirement, since, message, id)
        self._agenda.at(since + TRANSFER_S, look)

    def _came(self, action: str, requirement: str, since: float, message: str, id: int | None) -> None:
        """Something at least is told of what it took on itself; a later request takes its place."""
        until = since + TRANSFER_S
        replaced = id is not None and id not in self._asked[action]
        link, dark = self._history.link, self._history.boots.went_dark_after(since - TRANSFER_S) <= until
        if replaced or dark or link.heard_at < since or link.was_away(since, until):
            return
        told = self._told_at.get(action, -FOREVER) >= since - JUST_BEFORE_S
        about = requirement, told, since, None, f"{action} within {TRANSFER_S:.0f} s", "none", message
        self._ledger.judge(*about, untold=(since, until))

    def _step(self, call: Call) -> None:
        action, status, id = call.action, call.payload["status"], call.payload.get("requestId")
        if action.removeprefix("Signed") in self._triggered:
            self._triggered.discard(action.removeprefix("Signed"))
            return
        stage = STAGES[action].get(status)
        if id is None or stage is None:
            return
        self._is_of_request(call, id)
        before, word = self._stage.get((action, id), (0, "nothing"))
        message = f"{action} tells a step out of order"
        actual = f"{status} after {word}"
        self._ledger.judge(ORDER, stage >= before, call.epoch_s, None, "no step back", actual, message)
        self._stage[action, id] = stage, status

    def _is_of_request(self, call: Call, id: int) -> None:
        """The one that was asked for last, where nothing of it was told yet; an earlier one may still end."""
        asked = self._asked[call.action]
        for wanted, since in asked.items():
            fresh = call.epoch_s - since <= TRANSFER_S and not self._holes.may_hide(since, call.epoch_s)
            if fresh and id != wanted and (call.action, id) not in self._stage:
                message = f"{call.action} names a request that nobody made"
                expected, actual = f"requestId {wanted}", f"requestId {id}"
                self._ledger.broken(ORDER, call.epoch_s, None, expected, actual, message)

    # -- keys ------------------------------------------------------------------------------------

    def _changed(self, call: Call) -> None:
        """A05.FR.01: over OCPP a profile is never lowered."""
        if call.reply is None or call.payload["key"].lower() != PROFILE.lower():
            return
        at = call.answered_s
        now, wanted = self._keys.integer(PROFILE, call.epoch_s), call.payload["value"].strip()
        if now is not None and wanted.isdecimal() and int(wanted) < now:
            status = call.reply["status"]
            message, expected = "a lower SecurityProfile is taken", f"Rejected: it is {now}"
            about = VALUE, status == "Rejected", at, None, expected, status, message
            self._ledger.judge(*about)

    def _told(self, call: Call) -> None:
        """A password is not told to who asks."""
        for row in (call.reply or {}).get("configurationKey", ()):
            if row["key"].lower() == SECRET and row.get("value", "").strip("*x "):
                message, more = "the AuthorizationKey is told", dict[str, Any](severity="warning", count=0)
                about = VALUE, call.answered_s, None, "no value: it is written only"
                self._ledger.broken(*about, "a value", message, **more)


def _begins_at(call: Call) -> float:
    """When what was taken on may begin: at its own date, where it has one."""
    date = (call.payload.get("firmware") or {}).get("retrieveDateTime", "")
    return max(call.answered_s, epoch(date)) if is_strict(date) else call.answered_s
