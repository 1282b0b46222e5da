"""The diagnostics store: what the device notes of itself, and GetDiagnostics, which takes it away.

Source: OCPP 1.6 4.4, 5.9; sheet 3.2.1: about 2 MiB, deleted when read, no retries and no times.
"""

from collections import deque
from collections.abc import Callable

from evc5.models.timeline import CONTROL, Alarm
from evc5.twin.clock import parse_instant
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.reports import Reports
from evc5.twin.services.files import Files, seconds

STAMP_LENGTH = len("2026-09-12T02:51:23")  # then a colon and the text, as in an EVC4's log
UPLOAD_RETRY_S = 60.0  # between attempts where the request gives no retryInterval; assumed
PAGE_BYTES = 256  # EVC4: text with NULs; that they fill a page of the flash is assumed


class Log:
    """Lines with their time, the oldest given up where there is no room."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._lines: deque[tuple[float, bytes]] = deque()
        self._given_up = 0  # lines, in all its life
        self._read_until = 0  # how many had been noted in all when it was last read

    def note(self, epoch_s: float, stamp: str, text: str) -> None:
        """Add a line; bytes that are no text stand in it as `surrogateescape` has them."""
        line = f"{stamp}:{text}\n".encode(errors="surrogateescape")
        self._lines.append((epoch_s, line))
        self._size += len(line)
        while self._size > self._limit:
            self._drop_oldest()

    def read(self, since_epoch_s: float | None, until_epoch_s: float | None) -> bytes:
        """What was noted between two moments, in whole pages of the flash; empty where nothing was."""
        self._read_until = self._given_up + len(self._lines)
        lines = [
            line
            for epoch_s, line in self._lines
            if (since_epoch_s is None or epoch_s >= since_epoch_s)
            and (until_epoch_s is None or epoch_s <= until_epoch_s)
        ]
        text = b"".join(lines)
        return text + bytes(-len(text) % PAGE_BYTES)

    def drop_read(self) -> None:
        """Give up what stood here when it was last read; what was noted since stays."""
        while self._lines and self._given_up < self._read_until:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._size -= len(self._lines.popleft()[1])
        self._given_up += 1


class Diagnostics:
    """Notes, and delivers what it noted when the CSMS asks."""

    def __init__(self, agent: Agent, files: Files, identity: Callable[[], str]) -> None:
        self._agent = agent
        self._files = files
        self._identity = identity
        message = agent.behaviour.message("GetDiagnostics")
        self._ignored = message.ignores if message else ()
        self._log = Log(message.store_bytes if message and message.store_bytes else 1 << 21)
        self.reports = Reports(agent, "DiagnosticsStatusNotification")
        self._upload = Alarm(agent.timeline, self._sent, CONTROL)
        self._again = Alarm(agent.timeline, self._send, CONTROL)
        self._job: tuple[str, str, bytes] | None = None  # location, file name, content
        self._retries = 0
        self._wait_s = UPLOAD_RETRY_S
        self._done = False  # did the server take it?
        self._number = 0

    def note(self, text: str) -> None:
        """Write a line into the store."""
        t_s = self._agent.timeline.now
        clock = self._agent.clock
        stamp = clock.iso(t_s)[:STAMP_LENGTH].replace("T", " ")
        self._log.note(clock.epoch(t_s), stamp, text)

    def request(self, payload: Payload) -> Payload:
        """GetDiagnostics: the file's name, nothing where there is nothing to read (5.9)."""
        if self._job is not None:
            return {"fileName": self._job[1]}  # it is on its way already
        asked = {name: value for name, value in payload.items() if name not in self._ignored}
        content = self._log.read(_epoch_s(asked.get("startTime")), _epoch_s(asked.get("stopTime")))
        if not content:
            return {}
        self._number += 1
        name = f"{self._identity()}Diag{self._number:03}.xls"  # EVC4: <id>Diag<nnn>.xls
        self._job = (payload["location"], name, content)
        self._retries = max(asked.get("retries", 0), 0)  # errata 3.50: after the first attempt
        self._wait_s = float(asked.get("retryInterval", UPLOAD_RETRY_S))
        self._agent.timeline.soon(self._begin)
        return {"fileName": name}

    def die(self) -> None:
        """The firmware stops: an upload that is not finished never will be."""
        self._upload.clear()
        self._again.clear()
        if self._job is not None:
            self.reports.forget()
        self._job = None
        self.reports.status = "Idle"
        self.reports.die()

    def _begin(self) -> None:
        if self._job is not None:
            self.reports.tell("Uploading")
            self._send()

    def _send(self) -> None:
        if self._job is not None:
            self._done = self._files.put(*self._job)
            self._upload.set(self._agent.timeline.now + seconds(len(self._job[2]) if self._done else 0))

    def _sent(self) -> None:
        if not self._done and self._retries > 0:
            self._retries -= 1
            self._again.set(self._agent.timeline.now + self._wait_s)
            return
        self._job = None
        if self._done:
            self._log.drop_read()
        self.reports.tell("Uploaded" if self._done else "UploadFailed", over=True)


def _epoch_s(text: str | None) -> float | None:
    at = None if text is None else parse_instant(text)
    return None if at is None else at.timestamp()
