"""A rig's keys on a real charge point: set before its script begins, put back at its end, by journal."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.keeper.journal import Journal
from evc5.rigs.keeper.keeper import TAKEN, Keeper, Refused
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.secrets import is_secret
from evc5.rigs.served.back_office import Service, Station, Tell

BOOTS_WITHIN_S = 30.0  # assumed: one that has not booted so long after it dialled in had booted before
LOOK_S = 0.1
PUT_BACK_WITHIN_S = 600.0  # assumed: then it is left to the journal


def journal_of(directory: Path) -> Path:
    """Beside the run directory, which the next run replaces."""
    return directory.with_name(f"{directory.name}.restore.jsonl")


def check(directory: Path) -> None:
    """BadInput where an earlier run still owes the charge point its keys."""
    path = journal_of(directory)
    if path.is_file() and Journal.open(path).owed:
        raise BadInput(f"{path}: an earlier run has still to put keys back: evc5 probe --restore {path}")


@dataclass(slots=True)
class RigKeys:
    """One station's keys. Asking waits for answers, so it is done in a thread of its own."""

    service: Service
    station: Station
    rig: RigFile
    directory: Path
    tell: Tell
    refused: list[str] = field(default_factory=list)  # what stands otherwise than the rig says, and why
    owes: list[str] = field(default_factory=list)  # what is not as it was before, at the end
    _keeper: Keeper | None = None
    _setting: threading.Thread | None = None
    _ended: bool = False

    @property
    def wanted(self) -> dict[str, str]:
        """The keys that the rig names, as text; a secret is what it dials in with, and so holds."""
        configuration = self.rig.configuration()
        return {key: configuration.text(key) for key in self.rig.station.keys if not is_secret(key)}

    def set(self, then: Callable[[], None]) -> None:
        """Set what differs, and call `then` in the environment's thread; at once where nothing is named."""
        if not self.wanted:
            then()
            return
        self._setting = threading.Thread(target=self._set, args=(then,), name="evc5-keys", daemon=True)
        self._setting.start()

    def put_back(self) -> None:
        """Put everything back; serves on meanwhile. What could not be is told, and in `owes`."""
        if self._setting is None:
            return
        self._ended = True
        done: Future[list[str]] = Future()
        threading.Thread(target=lambda: done.set_result(self._finish()), daemon=True).start()
        end = time.monotonic() + PUT_BACK_WITHIN_S
        while not done.done() and time.monotonic() < end:
            self.service.run(LOOK_S)
        path = journal_of(self.directory)
        self.owes = done.result() if done.done() else ["the charge point does not answer in time"]
        for what in self.owes:
            self.tell(f"not as before: {what}")
        if self.owes:
            self.tell(f"evc5 probe --restore {path} tries again")
        self._note()
        self._forget()

    def _set(self, then: Callable[[], None]) -> None:
        self._await_boot()
        ask = partial(self.service.ask, self.station)
        keeper = self._keeper = Keeper(ask, Journal.open(journal_of(self.directory)))
        connectors = range(self.rig.station.connectors + 1)
        at = self.service.calendar.iso(self.service.timeline.now)
        keeper.begin(self.station.identity, at, connectors, tuple(self.wanted))
        told = {key.lower(): (key, value) for key, value in keeper.values.items()}
        for name, value in self.wanted.items():
            if self._ended:
                return
            if name.lower() not in told:
                self.refused.append(f"{name}: the charge point does not tell it")
                continue
            key, has = told[name.lower()]
            if has != value and (why := self._write(keeper, key, value)):
                self.refused.append(f"{key} is {has!r}, the rig says {value!r}: {why}")
        for why in self.refused:
            self.tell(f"not set: {why}")
        self.service.hub.post(partial(self._begun, then))

    def _write(self, keeper: Keeper, key: str, value: str) -> str:
        """Write one key; why it was not, empty where it was."""
        try:
            reply = keeper.write(key, value)
        except Refused as why:
            return str(why).partition(": --danger")[0]
        status = (reply.payload or {}).get("status")
        return "" if status in TAKEN else f"it answers {status or reply.code or 'nothing'}"

    def _begun(self, then: Callable[[], None]) -> None:
        self._note()
        if not self._ended:
            then()

    def _finish(self) -> list[str]:
        assert self._setting is not None
        self._setting.join()
        keeper = self._keeper
        return keeper.finish() if keeper is not None and keeper.journal.touched else []

    def _note(self) -> None:
        about: dict[str, Any] = {"refused": self.refused, "owes": self.owes}
        self.station.recorder.summary["keys_on_metal"] = about

    def _forget(self) -> None:
        """The journal is done with once nothing is owed."""
        if self._keeper is not None and not self._keeper.journal.owed:
            journal_of(self.directory).unlink(missing_ok=True)

    def _await_boot(self) -> None:
        end = time.monotonic() + BOOTS_WITHIN_S
        while not self.station.conversation.office.boots and time.monotonic() < end:
            time.sleep(LOOK_S)
