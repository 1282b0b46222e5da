"""CALLs and their replies as a recording has them: one formatting operation for both lines.

The pattern of a stretch is made by the very functions that write one frame, of marks in the place of what
differs from frame to frame.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.stretches.values import Columns
from evc5.twin.ocpp.frames import Payload, call_text, result_text
from evc5.twin.ocpp.memory import Message, Transaction
from evc5.twin.sessions.metering import Entry

MARK = "\ue000"  # where something differs from frame to frame
AROUND = ("%s", "%s", "%s", "%s"), ("%s", "%s", "%s")  # t, at, id and timestamp; behind the values t, at, id
Known = tuple[int, tuple[int | None] | None, int]  # connector, id of a transaction, which list of entries
MOST_KNOWN = 64  # patterns: each transaction has its own


class Lines:
    """Writes what one station and its back office say, as its recorder would."""

    def __init__(self, recorder: Recorder, station: str) -> None:
        self._recorder = recorder
        self._station = station
        self._known: dict[Known, tuple[Sequence[Entry], Payload, list[str]]] = {}

    def pair(self, t: str, at: str, call: str, answered_t: str, answered_at: str, result: str) -> str:
        """A CALL and its reply, each with its instant."""
        up = self._recorder.line(t, at, self._station, True, call)
        return up + self._recorder.line(answered_t, answered_at, self._station, False, result)

    def pattern(
        self,
        connector: int,
        transaction: Transaction | None,
        entries: Sequence[Entry],
        told: Columns,
        answer: Payload,
    ) -> Callable[[tuple[Any, ...]], str]:
        """Both lines of MeterValues, to be filled with: t, at, id, timestamp, values, t, at, id."""
        texts = self._between_marks(connector, transaction, entries, answer)
        values = (form if isinstance(told[index], list) else form % told[index] for index, form, _ in entries)
        before, behind = AROUND
        marks = (*before, *values, *behind, "")
        return "".join(chain.from_iterable(zip(texts, marks, strict=True))).__mod__

    def _between_marks(
        self, connector: int, transaction: Transaction | None, entries: Sequence[Entry], answer: Payload
    ) -> list[str]:
        """What stands between what differs, of one transaction the same for each stretch."""
        which = connector, None if transaction is None else (transaction.id,), id(entries)
        known = self._known.get(which)
        if known is not None and known[0] is entries and known[1] == answer:
            return known[2]
        values = [{"value": MARK, **head} for _, _, head in entries]
        payload = {"connectorId": connector, "meterValue": [{"timestamp": MARK, "sampledValue": values}]}
        call = call_text(MARK, "MeterValues", Message("MeterValues", payload, transaction).wire())
        both = self.pair(MARK, MARK, call, MARK, MARK, result_text(MARK, answer))
        texts = both.replace("%", "%%").split(MARK)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[which] = entries, answer, texts
        return texts
