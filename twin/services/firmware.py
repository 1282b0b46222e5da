"""Firmware updates: fetched, checked, installed when nobody charges, told after the reboot (OCPP 1.6 5.19).

How an EVC5's image looks is not public; assumed: one line with name, version and checksum, then the code.
"""

import re
from collections.abc import Callable
from typing import Any
from zlib import crc32

from evc5.models.timeline import CONTROL, Alarm
from evc5.twin.clock import parse_instant
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.reports import Reports
from evc5.twin.services.files import Files, seconds
from evc5.twin.sheet import vendor

ATTEMPTS = 3  # where the request gives no retries; assumed
DOWNLOAD_RETRY_S = 60.0  # where it gives no retryInterval; assumed
INSTALL_S = 60.0  # assumed
_IMAGE_HEAD = re.compile(rb"EVC5 (V\d+R\d+) ([0-9a-f]{8})\n")
_NUMBERS = re.compile(r"\d+")


def image(version: str, size: int = 400_000) -> bytes:
    """A firmware image that installs."""
    code = version.encode().ljust(size, b"\xff")
    return f"EVC5 {version} {crc32(code):08x}\n".encode() + code


def version_of(content: bytes) -> str | None:
    """The version of an image, None where it is none or damaged."""
    head = _IMAGE_HEAD.match(content)
    if head is None or crc32(content[head.end() :]) != int(head[2], 16):
        return None
    return head[1].decode()


class Firmware:
    """One update at a time; what it has come to is in the memory and survives a restart.

    `hold` is called when `holding` changes, `restart` begins the new firmware's life.
    """

    def __init__(
        self,
        agent: Agent,
        files: Files,
        version: str,
        hold: Callable[[], None],
        restart: Callable[[], None],
    ) -> None:
        self._agent = agent
        self._files = files
        self._hold = hold
        self._restart = restart
        self._memory = agent.memory
        self._timeline = agent.timeline
        self.version: str = self._memory.recall("firmware", version)
        self._job: dict[str, Any] = self._memory.recall("update", {})  # empty: none under way
        self.reports = Reports(agent, "FirmwareStatusNotification")
        self._retrieve = Alarm(self._timeline, self._download, CONTROL)
        self._fetched = Alarm(self._timeline, self._downloaded, CONTROL)
        self._installed = Alarm(self._timeline, self._install_done, CONTROL)
        self._content: bytes | None = None
        agent.on_clock_set.append(lambda _: self._await_date())
        agent.on_accepted.append(self._accepted)

    @property
    def holding(self) -> bool:
        """Is the device about to install, so that nobody new may charge?"""
        return bool(self._job) and self._job["step"] in ("downloaded", "installing")

    def request(self, payload: Payload) -> Payload:
        """UpdateFirmware; a later one takes the place of one that is not being installed yet (assumed).

        One that comes while another is installed is begun when that is done.
        """
        job = {
            "step": "retrieve",
            "location": payload["location"],
            "date": payload["retrieveDate"],
            "tries": max(payload.get("retries", ATTEMPTS), 1),
            "wait_s": payload.get("retryInterval", DOWNLOAD_RETRY_S),
        }
        if self._job.get("step") in ("installing", "installed"):
            self._keep(**{**self._job, "next": job})
        else:
            self._retrieve.clear()
            self._fetched.clear()
            self._keep(**job)
            self._timeline.soon(self._await_date)
        return {}

    def wake(self) -> None:
        """The firmware starts: go on where it was."""
        step = self._job.get("step")
        if step == "installing":
            self._installed.set(self._timeline.now + INSTALL_S)
        elif step == "downloaded":
            self.idle()
        else:
            self._await_date()

    def die(self) -> None:
        for alarm in (self._retrieve, self._fetched, self._installed):
            alarm.clear()
        self.reports.status = "Idle"
        self.reports.die()

    # --- fetching ---

    def _await_date(self) -> None:
        if self._job.get("step") != "retrieve" or self._fetched.due_s is not None:
            return
        at = parse_instant(self._job["date"])
        due_s = self._timeline.now if at is None else self._agent.clock.t(at.timestamp())
        self._retrieve.set(max(due_s, self._timeline.now))

    def _download(self) -> None:
        if self.reports.status != "Downloading":
            self.reports.tell("Downloading")
        self._content = self._files.get(self._job["location"])
        self._fetched.set(self._timeline.now + seconds(len(self._content or b"")))

    def _downloaded(self) -> None:
        content = self._content
        self._content = None
        if content is None:
            self._failed_to_fetch()
            return
        self._keep(step="downloaded", version=version_of(content) or "")
        self.reports.tell("Downloaded")
        self.idle()

    def _failed_to_fetch(self) -> None:
        tries = self._job["tries"] - 1
        if tries > 0:
            self._keep(**{**self._job, "tries": tries})
            self._retrieve.set(self._timeline.now + self._job["wait_s"])
        else:
            self._keep()
            self.reports.tell("DownloadFailed", over=True)

    # --- installing ---

    def idle(self) -> None:
        """A transaction may have ended, or a download: install if nothing stands in the way (errata 3.49)."""
        if self._job.get("step") != "downloaded":
            return
        self._hold()
        if self._memory.transactions and vendor.updates_in_idle_only(self._agent.configuration):
            return
        self._keep(**{**self._job, "step": "installing"})
        self.reports.tell("Installing")
        self._installed.set(self._timeline.now + INSTALL_S)

    def _install_done(self) -> None:
        new = self._job.get("version", "")
        if not new or _numbers(new) < _numbers(self.version):  # manual: firmware cannot be downgraded
            self._done("InstallationFailed")
            return
        self.version = new
        self._memory.keep("firmware", new)
        self._keep(**{**self._job, "step": "installed"})
        self._restart()

    def _accepted(self) -> None:
        """The new firmware is known to the CSMS: the update is done."""
        if self._job.get("step") == "installed":
            self._done("Installed")

    def _done(self, outcome: str) -> None:
        """The update is over, good or bad; one that was asked for meanwhile is next."""
        held = self.holding
        self._keep(**self._job.get("next", {}))
        if held:
            self._hold()
        self.reports.tell(outcome, over=True)
        self._timeline.soon(self._await_date)

    def _keep(self, **job: Any) -> None:
        self._job = job
        self._memory.keep("update", job)


def _numbers(version: str) -> list[int]:
    """V32R30 as [32, 30]."""
    return [int(number) for number in _NUMBERS.findall(version)]
