"""A charge point's agent alone, over a link whose other end is the test."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from evc5.models.timeline import Timeline
from evc5.twin.clock import Calendar, StationClock
from evc5.twin.ocpp.agent import Agent, counter
from evc5.twin.ocpp.memory import Memory
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

START = datetime(2024, 1, 1, tzinfo=UTC)
Payload = dict[str, Any]


class Conversation:
    """The agent, what it has sent, and the answers that it gets when the test says so."""

    def __init__(
        self, behaviour: str = "ocpp16", policies: Mapping[str, str] | None = None, **keys: Any
    ) -> None:
        self.timeline = Timeline()
        self.clock = StationClock(Calendar(START))
        self.connected = False
        self.reachable = True
        self.calls: list[tuple[float, str, Payload]] = []  # when, action, payload
        self.unanswered: list[str] = []
        known = Behaviour.load(behaviour).with_policies(policies or {})
        self.agent = Agent(
            self.timeline,
            self.clock,
            self,  # type: ignore[arg-type]
            Memory(),
            Configuration(known, keys),
            known,
            lambda: {"chargePointVendor": "Ecotap", "chargePointModel": "EVC5"},
            counter(),
        )

    # --- the link ---

    def connect(self) -> bool:
        self.connected = self.reachable
        return self.connected

    def send(self, text: str) -> None:
        kind, id_, *rest = json.loads(text)
        if kind == 2:
            self.calls.append((self.timeline.now, rest[0], rest[1]))
            self.unanswered.append(id_)

    def close(self) -> None:
        self.connected = False

    def down(self) -> None:
        """The socket is gone, and none is to be had."""
        self.connected = self.reachable = False
        self.unanswered.clear()
        self.agent.on_link_down()

    def up(self) -> None:
        self.reachable = True
        self.agent.on_link_ready()

    # --- the back office ---

    def answer(self, payload: Payload | None = None) -> None:
        """To the oldest call without an answer; a CALLERROR where there is no payload."""
        id_ = self.unanswered.pop(0)
        body = [4, id_, "InternalError", "", {}] if payload is None else [3, id_, payload]
        self.agent.on_text(json.dumps(body))

    def booted(self, status: str = "Accepted", interval: int = 0, ahead_s: float = 0.0) -> "Conversation":
        """The answer to a boot that is outstanding, or to one that is begun for it."""
        if not self.unanswered:
            self.agent.connect()
        now = START + timedelta(seconds=self.timeline.now + ahead_s)
        self.answer({"status": status, "currentTime": now.isoformat(), "interval": interval})
        return self

    def advance(self, t_s: float) -> "Conversation":
        """To this second."""
        self.timeline.advance(t_s)
        return self

    def told(self, action: str) -> list[Payload]:
        return [payload for _, name, payload in self.calls if name == action]

    def when(self, action: str) -> list[float]:
        return [t_s for t_s, name, _ in self.calls if name == action]
