"""Diagnostics and firmware: notifications in their order, and every request to its end (4.4, 4.5).

What lies at a location is known where the rig tells it: event `operator`, `firmware` the location and
`version` the image's, null where it is none.
"""

from functools import partial

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER, epoch, iso
from evc5.rigs.checks.state.connectors import ALL, HANDS, QUIET_S, STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import SHEET

ORDER, DIAGNOSTICS, FIRMWARE = "files.order", "files.diagnostics", "files.firmware"
IMAGE, SERVICE = "files.image", "files.service"
REQUIREMENTS = (
    R(ORDER, "The steps of an upload or an update come in their order", "4.4, 4.5, 7.24, 7.25, TC_044_1_CS"),
    R(
        DIAGNOSTICS,
        "Diagnostics that were promised are delivered, or told to have failed",
        "5.9, TC_045_1_CS",
    ),
    R(FIRMWARE, "An update begins at its date and comes to an end", "5.19, TC_044_1_CS, TC_044_2_CS"),
    R(
        IMAGE,
        "A sound image is installed, any other is not",
        "5.19, 7.25, TC_044_1_CS, TC_044_3_CS",
    ),
    R(SERVICE, "While an update waits idle connectors are Unavailable, after a failed one not", "5.19"),
)
UPLOAD, UPDATE = "DiagnosticsStatusNotification", "FirmwareStatusNotification"
REQUIREMENT = {UPLOAD: DIAGNOSTICS, UPDATE: FIRMWARE}
# Each status and what may stand before it ("": nothing under way); repetitions while downloading are retries.
STEPS = {
    UPLOAD: {"Uploading": {""}, "Uploaded": {"Uploading"}, "UploadFailed": {"Uploading"}},
    UPDATE: {
        "Downloading": {"", "Downloading"},
        "Downloaded": {"Downloading"},
        "DownloadFailed": {"Downloading"},
        "Installing": {"Downloaded"},
        "Installed": {"Installing"},
        "InstallationFailed": {"Installing"},
    },
}
# What others may tell besides: a step again, as it goes on, and what fails before it has begun.
MORE_STEPS = {
    UPLOAD: {"Uploading": {"Uploading"}, "UploadFailed": {""}},
    UPDATE: {
        "DownloadFailed": {""},
        "Downloaded": {"Downloaded"},
        "Installing": {"Installing"},
        "InstallationFailed": {"Downloaded"},
    },
}
GIVEN_UP = ("UploadFailed", "DownloadFailed")
LAST = {"Uploaded", "UploadFailed", "DownloadFailed", "Installed", "InstallationFailed"}
WORK_BEGINS_S = 60.0  # assumed: so soon a download, or an installation, begins
TRANSFER_S = 600.0  # assumed: so long a transfer, or an installation, takes
SERVICE_TOLD_S = 15.0  # assumed: so soon a change of service is told
JUST_BEFORE_S = 1.0  # stamps may be a second off
REPLACED_S = 15.0  # assumed: what began just before another update was asked for is told by then
IDLE = ("Available", "Preparing")


class Files:
    """Follows the two kinds of notification, and each request to its end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._agenda = context.agenda
        self._now = {UPLOAD: "", UPDATE: ""}
        self._told: dict[str, list[tuple[float, str]]] = {UPLOAD: [], UPDATE: []}
        self._asked: tuple[float, float] | None = None  # the latest update: when asked for, when it begins
        self._images: dict[str, str | None] = {}  # by location: the version there, as the rig tells
        self._location, self._version = "", ""  # of the update under way; as last booted
        self._next: Call | None = None  # the latest update asked for while another was installed
        # one that was ready as another was asked for: until when it counts, its location, the other
        self._replaced: tuple[float, str, Call] | None = None
        self._taken_on = dict.fromkeys(STEPS, -FOREVER)  # from when on the latest request is to be told of
        self._takes_files: bool | None = None  # does the server of diagnostics, as the rig tells?
        self._takes_since = FOREVER  # since when that is known
        self._nameless = -FOREVER  # when diagnostics were last asked for, and none were said to be there
        self._upload_asked = 0.0  # when the last upload was promised
        self._not_before = dict.fromkeys(STEPS, -FOREVER)  # until then a transfer is tried again
        self._emptied = False  # diagnostics were delivered, and nothing happened since
        bus = context.bus
        for action in STEPS:
            bus.calls[action].append(self._step)
        bus.replies["TriggerMessage"].append(self._triggered)
        bus.replies["GetDiagnostics"].append(self._diagnostics)
        bus.replies["UpdateFirmware"].append(self._update)
        bus.any_call.append(self._called)
        for name in (*HANDS, *ALL):
            bus.events[name].append(self._happened)
        bus.events["operator"].append(self._served)
        bus.calls["BootNotification"].append(self._booted)
        bus.calls["StopTransaction"].append(self._stopped)
        for name in ("power-cut", "link-down", "reset"):
            bus.events[name].append(self._lost)
        self._pending = False  # is an update asked for, and not at its end?
        self._date = -FOREVER  # when the only one that is asked for may begin
        self._triggers: dict[str, float] = {}  # what was asked for, and when
        self._restarted = -FOREVER

    def _triggered(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._triggers[call.payload["requestedMessage"]] = call.answered_s

    def _lost(self, event: Event) -> None:
        """What goes down may have told a step that nobody heard, or begins anew."""
        self._now[UPLOAD] = "?"
        if event.name != "reset":
            self._now[UPDATE] = "?"
        if event.name != "link-down":
            self._restarted = event.epoch_s

    def _was_asked_for(self, call: Call) -> bool:
        """Does a trigger ask for this one? Of those before a restart it knows no more."""
        asked = self._triggers.pop(call.action, None)
        return asked is not None and (asked > self._restarted or call.epoch_s <= asked + JUST_BEFORE_S)

    def _step(self, call: Call) -> None:
        action = call.action
        status = call.payload["status"]
        if self._was_asked_for(call):
            return
        if action == UPDATE and status == "Installing":
            self._began_before_replaced(call.epoch_s)
        told, before = self._told[action], self._now[action]
        told.append((call.epoch_s, status))
        del told[:-64]
        allowed = STEPS[action].get(status, set()) | self._more(action, status)
        message, actual = f"{action} tells a step out of order", f"{status} after {before or 'nothing'}"
        expected = (
            f"{status} after {' or '.join(sorted(name or 'nothing' for name in allowed)) or 'a trigger'}"
        )
        good = (
            before in allowed
            or before == "?"
            or self._link.was_unheard(call.epoch_s - TRANSFER_S, call.epoch_s)
        )
        self._ledger.judge(ORDER, good, call.epoch_s, None, expected, actual, message)
        self._now[action] = "?" if call.lost else "" if status in LAST else status  # lost: told once more
        self._emptied = status == "Uploaded"
        if status in ("Uploading", "Uploaded") and call.epoch_s - self._nameless <= TRANSFER_S:
            message, expected = "diagnostics that were said not to be there", "no upload, or a fileName"
            self._nameless, about = -FOREVER, (DIAGNOSTICS, call.epoch_s, None, expected, status)
            self._ledger.broken(*about, message, severity="warning", count=0)
        if action == UPDATE:
            self._dated(call.epoch_s, status)
        if status in GIVEN_UP:
            self._given_up(call)
        if action == UPDATE and self._context.evidence.from_power_on:
            self._updating(call.epoch_s, status)
        elif action == UPLOAD and status in LAST and self._takes_since < self._upload_asked:
            expected = "Uploaded" if self._takes_files else "UploadFailed"
            message = "the outcome of an upload"
            self._ledger.judge(DIAGNOSTICS, status == expected, call.epoch_s, None, expected, status, message)

    def _dated(self, epoch_s: float, status: str) -> None:
        """5.19: the only update that was asked for does not begin before its date."""
        if status == "Downloading" and self._date > -FOREVER:
            early_s = self._date - epoch_s - self._ledger.time.doubt_s(epoch_s)
            message, expected = "an update begins before its retrieveDate", f"not before {iso(self._date)}"
            good, actual = early_s <= WORK_BEGINS_S, f"{max(early_s, 0.0):.0f} s too early"
            self._ledger.judge(FIRMWARE, good, epoch_s, None, expected, actual, message)
            self._date = -FOREVER
        self._pending &= status not in LAST

    def _more(self, action: str, status: str) -> set[str]:
        return set() if self._context.evidence.from_power_on else MORE_STEPS[action].get(status, set())

    def _tries_until(self, action: str, request: Call, since: float) -> None:
        """Retries come so long one after the other; readings differ in whether the first is one (3.50)."""
        waits = request.payload.get("retries", 0) - 1
        interval_s = request.payload.get("retryInterval", 0)
        ignored = action == UPLOAD and self._context.evidence.behaviour == SHEET  # 3.2.1: no retries
        until = self._ledger.time.later(since, max(waits, 0) * interval_s)
        self._not_before[action] = -FOREVER if ignored or waits < 1 else until

    def _given_up(self, call: Call) -> None:
        """Not before the tries that were asked for."""
        early_s = self._not_before[call.action] - call.epoch_s
        if early_s > JUST_BEFORE_S and not self._context.evidence.from_power_on:
            since = self._not_before[call.action] + WORK_BEGINS_S
            self._agenda.at(since, partial(self._tried_again, call, early_s))
        else:
            self._gives_up(call, early_s)

    def _tried_again(self, call: Call, early_s: float) -> None:
        """Others tell of each attempt that failed, and of the next."""
        if not any(at > call.epoch_s for at, _ in self._told[call.action]):
            self._gives_up(call, early_s)

    def _gives_up(self, call: Call, early_s: float) -> None:
        message = f"{call.action}: a transfer is given up before its retries"
        self._not_before[call.action] = -FOREVER
        if early_s > -FOREVER:
            good, actual = early_s <= JUST_BEFORE_S, f"{max(early_s, 0.0):.0f} s too early"
            expected = "an attempt at each retryInterval, retries times"
            self._ledger.judge(REQUIREMENT[call.action], good, call.epoch_s, None, expected, actual, message)

    def _called(self, call: Call) -> None:
        if call.up and call.action not in ("Heartbeat", UPLOAD):
            self._emptied = False

    def _happened(self, event: Event) -> None:
        self._emptied = False

    def _diagnostics(self, call: Call) -> None:
        if call.reply is None:
            return
        epoch_s = call.answered_s
        if not call.reply.get("fileName"):
            alone = self._now[UPLOAD] == "" and epoch_s - self._taken_on[UPLOAD] > TRANSFER_S
            self._nameless = epoch_s if alone else -FOREVER
            return
        self._nameless = -FOREVER
        if self._now[UPLOAD] == "":
            self._tries_until(UPLOAD, call, epoch_s)
        self._hears_of(DIAGNOSTICS, UPLOAD, epoch_s)
        if not self._context.evidence.from_power_on:
            return
        if self._emptied and self._context.evidence.behaviour == SHEET:
            message, told = "diagnostics that were read are there again", call.reply["fileName"]
            self._ledger.broken(DIAGNOSTICS, epoch_s, None, "no file: sheet 3.2.1", told, message)
        self._upload_asked = epoch_s
        look = partial(self._came, DIAGNOSTICS, UPLOAD, epoch_s, epoch_s, TRANSFER_S)
        self._agenda.at(epoch_s + TRANSFER_S, look)

    def _update(self, call: Call) -> None:
        if call.reply is not None:
            begins = max(call.answered_s, epoch(call.payload["retrieveDate"]))
            self._tries_until(UPDATE, call, begins)
            self._hears_of(FIRMWARE, UPDATE, begins)
            self._date = -FOREVER if self._pending else begins
            self._pending = True
        if call.reply is None or not self._context.evidence.from_power_on:
            return
        epoch_s = call.answered_s
        if self._now[UPDATE] == "Installing":
            self._next = call
            return
        ready = self._now[UPDATE] in ("Downloaded", "?")  # which may be this as well
        self._replaced = (epoch_s + REPLACED_S, self._location, call) if ready else None
        self._now[UPDATE] = ""  # the later request takes the place of the one before
        self._awaits(epoch_s, call)

    def _hears_of(self, requirement: str, action: str, since: float) -> None:
        """Of a station whose past is not known: something at least is told of what it took on itself."""
        if not self._context.evidence.from_power_on:
            self._taken_on[action] = since
            self._agenda.at(since + TRANSFER_S, partial(self._heard_of, requirement, action, since))

    def _heard_of(self, requirement: str, action: str, since: float) -> None:
        later = self._taken_on[action] != since  # another request takes its place
        dark = self._history.boots.went_dark_after(since - TRANSFER_S) <= since + TRANSFER_S
        if later or dark or self._link.heard_at < since or not self._undisturbed(since, since + TRANSFER_S):
            return
        told = self._now[action] != "" or any(at >= since - JUST_BEFORE_S for at, _ in self._told[action])
        message = f"{action}: what was asked for is never told of"
        expected = "a notification, and an end, good or bad"
        self._ledger.judge(requirement, told, since, None, expected, "none", message)

    def _awaits(self, epoch_s: float, call: Call) -> None:
        """From `epoch_s` on nothing stands in the way of an update that was asked for."""
        self._location = call.payload["location"]
        begins = max(epoch_s, epoch(call.payload["retrieveDate"]))
        self._asked = epoch_s, begins
        self._agenda.at(begins + WORK_BEGINS_S, partial(self._began, epoch_s, begins))
        self._agenda.at(
            begins + TRANSFER_S, partial(self._came, FIRMWARE, UPDATE, epoch_s, begins, TRANSFER_S)
        )

    def _began_before_replaced(self, epoch_s: float) -> None:
        """The installation had begun when the later request came, and is told behind other messages."""
        if self._now[UPDATE] == "" and self._replaced is not None and epoch_s <= self._replaced[0]:
            self._now[UPDATE], self._location, self._next = "Downloaded", *self._replaced[1:]
            self._asked = None  # the later request is followed when this is done
        self._replaced = None

    # -- from the download to the new firmware ---------------------------------------------------

    def _served(self, event: Event) -> None:
        if "firmware" in event.detail:
            self._images[str(event.detail["firmware"])] = event.detail.get("version")
        if "takes_files" in event.detail:
            self._takes_files = bool(event.detail["takes_files"])
            self._takes_since = event.epoch_s + JUST_BEFORE_S

    def _booted(self, call: Call) -> None:
        self._version = str(call.payload.get("firmwareVersion", ""))

    def _updating(self, epoch_s: float, status: str) -> None:
        if status == "Downloaded":
            idle = {c: word for c, word in self._connectors.statuses.items() if c and word in IDLE}
            self._agenda.at(epoch_s + SERVICE_TOLD_S, partial(self._in_service, epoch_s, idle, False))
            self._agenda.at(epoch_s + WORK_BEGINS_S, partial(self._installs, epoch_s))
        elif status == "Installing":
            self._agenda.at(epoch_s + TRANSFER_S, partial(self._installed, epoch_s))
        elif status in LAST:
            self._outcome(epoch_s, status)
            if self._next is not None:
                self._awaits(epoch_s, self._next)
                self._next = None
        if status == "InstallationFailed":
            out = {c: word for c, word in self._connectors.statuses.items() if c and word == "Unavailable"}
            self._agenda.at(epoch_s + SERVICE_TOLD_S, partial(self._in_service, epoch_s, out, True))

    def _in_service(self, epoch_s: float, before: dict[int, str], serves: bool) -> None:
        """Of connectors that nobody touched meanwhile, those that were idle, or were out for the update."""
        if self._now[UPDATE] not in (("",) if serves else ("Downloaded", "Installing")):
            return
        for connector in before.keys() - self._connectors.ordered_out:
            touched = self._connectors.touches(connector, epoch_s, epoch_s + SERVICE_TOLD_S)
            if (
                touched
                or connector in self._history.transactions.open
                or not self._undisturbed(epoch_s, epoch_s + SERVICE_TOLD_S)
            ):
                continue
            told = self._connectors.statuses[connector]
            good = (told == "Unavailable") != serves
            expected = "in service" if serves else "Unavailable"
            message = f"an update {'has failed' if serves else 'is about to be installed'}"
            self._ledger.judge(SERVICE, good, epoch_s, connector, expected, told, message)

    def _stopped(self, call: Call) -> None:
        if self._now[UPDATE] == "Downloaded" and self._context.evidence.from_power_on:
            self._agenda.at(call.epoch_s + WORK_BEGINS_S, partial(self._installs, call.epoch_s))

    def _installs(self, epoch_s: float) -> None:
        """As soon as it is able to: where nobody has charged for a while."""
        ran = any(
            self._history.transactions.any_within(c, epoch_s + STAMP_HAIR_S, epoch_s + WORK_BEGINS_S)
            for c in self._history.outlets()
        )
        if ran or not self._undisturbed(epoch_s, epoch_s + WORK_BEGINS_S):
            return
        good = self._now[UPDATE] != "Downloaded"
        message = "an image is there, nobody charges"
        self._ledger.judge(FIRMWARE, good, epoch_s, None, "Installing", "nothing", message)

    def _installed(self, epoch_s: float) -> None:
        if self._undisturbed(epoch_s, epoch_s + TRANSFER_S):
            good = any(at > epoch_s and status in LAST for at, status in self._told[UPDATE])
            message, expected = "an installation comes to no end", "Installed or InstallationFailed"
            self._ledger.judge(FIRMWARE, good, epoch_s, None, expected, "neither", message)

    def _outcome(self, epoch_s: float, status: str) -> None:
        if self._location not in self._images:
            return
        version = self._images[self._location]
        expected = "InstallationFailed" if version is None else f"Installed, booted as {version}"
        told = f"Installed, booted as {self._version}" if status == "Installed" else status
        message = f"the outcome of the update from {self._location}"
        self._ledger.judge(IMAGE, told == expected, epoch_s, None, expected, told, message)

    def _undisturbed(self, since: float, until: float) -> bool:
        return not self._connectors.unsure(
            np.array([since, until]), QUIET_S
        ).any() and not self._link.was_unheard(since, until)

    def _began(self, asked: float, begins: float) -> None:
        """Not before its date, and soon after it; where another request came meanwhile that one counts."""
        if self._asked != (asked, begins) or not self._undisturbed(asked, begins + WORK_BEGINS_S):
            return
        steps = [
            epoch_s for epoch_s, status in self._told[UPDATE] if status == "Downloading" and epoch_s >= asked
        ]
        early_s = JUST_BEFORE_S + self._ledger.time.doubt_s(begins)
        good = bool(steps) and begins - early_s <= steps[0]
        actual = f"{steps[0] - begins:+.0f} s from it" if steps else "none"
        message = "the download of a firmware update"
        self._ledger.judge(FIRMWARE, good, begins, None, "Downloading at the date", actual, message)

    def _came(self, requirement: str, action: str, asked: float, since: float, within_s: float) -> None:
        if action == UPDATE and self._asked != (asked, since):
            return
        if action == UPLOAD and self._history.boots.went_dark_after(asked) <= since + within_s:
            return  # no station has to go on with an upload after it started anew
        if not self._undisturbed(asked, since + within_s):
            return
        ends = [
            status
            for epoch_s, status in self._told[action]
            if epoch_s >= asked and status in {*LAST, "Downloaded"}
        ]
        message = f"{action}: what was asked for comes to no end"
        expected = "an end, good or bad"
        self._ledger.judge(requirement, bool(ends), asked, None, expected, "none", message)
