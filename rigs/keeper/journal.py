"""A write-ahead journal: before anything is changed, the CALL that undoes it is on the disk."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Undo:
    """The CALL that undoes a change, under a name by which it is told and found again."""

    what: str  # key HeartbeatInterval, profile 900001
    action: str
    payload: Payload


@dataclass(slots=True)
class Journal:
    """What a unit was at the beginning, and what still has to be undone, in the order it was done."""

    path: Path
    before: Payload | None = None
    owed: dict[str, Undo] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)  # whatever was ever to be undone
    ended: bool = False

    @classmethod
    def open(cls, path: Path, *, existing: bool = False) -> "Journal":
        """A journal to go on with, or a new one; BadInput where `existing` is asked for and there is none."""
        journal = cls(path)
        if existing and not path.is_file():
            raise BadInput(f"--restore {path}: no such journal")
        if path.is_file():
            for line in _lines(path):
                journal._take(line)
            if existing and journal.before is None:
                raise BadInput(f"--restore {path}: tells of no unit, so that nothing was changed")
        return journal

    def begin(self, before: Mapping[str, Any]) -> None:
        """Write down what there was."""
        self._write({"do": "begin", **before})

    def will(self, undo: Undo) -> None:
        """Write down what undoes the change that is made next; a second change of it adds nothing."""
        if undo.what not in self.owed:
            self._write({"do": "change", "what": undo.what, "action": undo.action, "payload": undo.payload})

    def undone(self, what: str) -> None:
        self._write({"do": "undone", "what": what})

    def end(self) -> None:
        """All is as it was."""
        self._write({"do": "end"})

    def _write(self, line: Payload) -> None:
        """On the disk when this returns: a kill finds either the whole line or nothing done yet."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab", opener=_private) as file:
            if file.tell() and not _ends_with_line(self.path):
                file.write(b"\n")  # the half line of a kill stays by itself
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._take(line)

    def _take(self, line: Payload) -> None:
        if line["do"] == "begin":
            self.before = line
        elif line["do"] == "change":
            undo = Undo(line["what"], line["action"], line["payload"])
            self.owed.setdefault(undo.what, undo)
            self.touched.add(undo.what)
        elif line["do"] == "undone":
            self.owed.pop(line["what"], None)
        elif line["do"] == "end":
            self.ended = True


def _private(path: str, flags: int) -> int:
    """Values of keys are nobody else's business."""
    return os.open(path, flags, 0o600)


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _lines(path: Path) -> Iterator[Payload]:
    for text in user_files.content(path).splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # cut by a kill: what it was to announce was not done
        if isinstance(line, dict) and "do" in line:
            yield line
