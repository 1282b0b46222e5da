"""CALLs and their replies as a recording has them: one formatting operation for both lines.

The pattern of a stretch is made by the very functions that write one frame, of marks in the place of what
differs from frame to frame.
"""

from collections.abc import Callable, Sequence
from typing import Any

from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.stretches.values import Columns
from evc5.twin.ocpp.frames import Payload, call_text, result_text
from evc5.twin.ocpp.memory import Message, Transaction
from evc5.twin.sessions.metering import Entry

_MARK = "\ue000"  # where a pattern's own percent sign comes to stand: no frame has one


def _mark(form: str) -> str:
    return form.replace("%", _MARK)


ANY = _mark("%s")  # a text that differs


class Lines:
    """Writes what one station and its back office say, as its recorder would."""

    def __init__(self, recorder: Recorder, station: str) -> None:
        self._recorder = recorder
        self._station = station

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
        values = [
            {"value": _mark(form) if isinstance(told[index], list) else form % told[index], **head}
            for index, form, head in entries
        ]
        payload = {"connectorId": connector, "meterValue": [{"timestamp": ANY, "sampledValue": values}]}
        wire = Message("MeterValues", payload, transaction).wire()
        call = call_text(ANY, "MeterValues", wire)
        return percent(self.pair(ANY, ANY, call, ANY, ANY, result_text(ANY, answer))).__mod__


def percent(marked: str) -> str:
    """A text with marks as a format string."""
    return marked.replace("%", "%%").replace(_MARK, "%")
