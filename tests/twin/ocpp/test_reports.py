"""Notifications of a work's steps: each told once and in order, whatever the conversation does meanwhile."""

from typing import Any

import pytest

from evc5.twin.ocpp.reports import Reports
from evc5.twin.ocpp.rpc import NO_REPLY, Reply

TAKEN = Reply({})
REFUSED = Reply(None, "InternalError")


class Office:
    """The agent as reports see it: it tells while online, and the reply comes when the test says so."""

    def __init__(self) -> None:
        self.online = True
        self.on_online: list[Any] = []
        self.told: list[str] = []
        self.waiting: list[Any] = []

    def tell(self, action: str, payload: dict[str, str], done: Any) -> bool:
        if self.online:
            self.told.append(payload["status"])
            self.waiting.append(done)
        return self.online

    def answer_trigger(self, action: str, payload: dict[str, str]) -> None:
        self.told.append(f"asked: {payload['status']}")

    def replies(self, reply: Reply) -> None:
        self.waiting.pop(0)(reply)

    def back(self) -> None:
        self.online = True
        for listener in self.on_online:
            listener()


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("A", ["A"]),
        ("A B", ["A"]),  # one at a time
        ("A B taken taken", ["A", "B"]),
        ("A B refused refused", ["A", "B"]),  # a refusal is an answer: it has arrived
        ("A lost B taken taken", ["A", "A", "B"]),  # no answer: it may not have got there
        ("off A B back taken taken", ["A", "B"]),
        ("off A back taken back", ["A"]),
        ("A die back taken", ["A", "A"]),  # the firmware restarts before the answer
        ("A B ask", ["A", "asked: B"]),
        ("A B! ask", ["A", "asked: Idle"]),  # the last step is over
        ("ask", ["asked: Idle"]),
    ],
)
def test_each_step_is_told_once_and_in_order(steps: str, told: list[str]) -> None:
    office = Office()
    reports = Reports(office, "FirmwareStatusNotification")  # type: ignore[arg-type]
    for step in steps.split():
        if step in ("taken", "refused", "lost"):
            office.replies({"taken": TAKEN, "refused": REFUSED, "lost": NO_REPLY}[step])
        elif step == "off":
            office.online = False
        elif step == "back":
            office.back()
        elif step == "die":
            office.waiting.clear()
            reports.die()
        elif step == "ask":
            reports.answer_trigger()
        elif step.endswith("!"):
            reports.tell(step[:-1], over=True)
        else:
            reports.tell(step)
    assert office.told == told
