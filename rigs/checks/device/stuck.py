"""A transfer or an installation of others' stations that is told to go on and on (4.4, 4.5)."""

from functools import partial

from evc5.rigs.checks.device.files import REQUIREMENT, UPDATE, UPLOAD
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event

# An image that is there may wait for its hour, and for those who charge.
GOES_ON = {UPLOAD: {"Uploading"}, UPDATE: {"Downloading", "Installing"}}
ENDS = {
    "Uploading": "Uploaded or UploadFailed",
    "Downloading": "Downloaded or DownloadFailed",
    "Installing": "Installed or InstallationFailed",
}
ASKED_BY = {"GetDiagnostics": UPLOAD, "UpdateFirmware": UPDATE}
STUCK_FOR_S = 7200.0  # assumed: 500 MB over 1 Mbit/s take 67 minutes


class Stuck:
    """Follows each step that goes on to the next, good or bad; of a rig's own runs `files` asks for more."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger, self._history = context.ledger, context.history
        self._now: dict[str, tuple[float, str]] = {}  # by action: since when which step goes on
        self._retries_s = dict.fromkeys(GOES_ON, 0.0)  # so long the tries that were asked for may take
        if context.evidence.from_power_on:
            return
        for action in GOES_ON:
            context.bus.calls[action].append(self._step)
        for action in ASKED_BY:
            context.bus.replies[action].append(self._asked)
        context.bus.calls["BootNotification"].append(lambda call: self._now.clear())
        context.bus.events["silence"].append(self._silent)

    def _silent(self, silence: Event) -> None:
        if self._context.may_hide(silence):
            self._now.clear()

    def _asked(self, call: Call) -> None:
        """What was under way may begin anew."""
        action = ASKED_BY[call.action]
        self._retries_s[action] = call.payload.get("retries", 0) * call.payload.get("retryInterval", 0)
        self._now.pop(action, None)

    def _step(self, call: Call) -> None:
        action, status = call.action, call.payload["status"]
        if self._now.get(action, (0.0, ""))[1] == status:
            return
        self._now.pop(action, None)
        if status in GOES_ON[action]:
            self._now[action] = call.epoch_s, status
            until = call.epoch_s + STUCK_FOR_S + self._retries_s[action]
            self._context.agenda.at_last(until, partial(self._look, call, until))

    def _look(self, call: Call, until: float) -> None:
        since, status = call.epoch_s, call.payload["status"]
        link = self._history.link
        if self._now.get(call.action) != (since, status):
            return
        if link.was_unheard(since, until) or link.was_away(since, until):
            return
        expected, actual = ENDS[status], f"{status} for more than {until - since:.0f} s"
        message = f"{call.action} tells {status}, and then nothing"
        self._ledger.broken(
            REQUIREMENT[call.action],
            since,
            None,
            expected,
            actual,
            message,
            line=call.line,
        )
