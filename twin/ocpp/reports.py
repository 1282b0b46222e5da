"""Status notifications that are told in order, each once, when the CSMS can be told."""

from collections import deque

from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.rpc import Reply


class Reports:
    """The notifications of one kind of work: how far it is, and what is yet to tell."""

    def __init__(self, agent: Agent, action: str) -> None:
        self._agent = agent
        self._action = action
        self._untold: deque[str] = deque()
        self._sending = False
        self.status = "Idle"
        agent.on_online.append(self._send)

    def tell(self, status: str, *, over: bool = False) -> None:
        """A step is done; `over`: it was the last."""
        self.status = "Idle" if over else status
        self._untold.append(status)
        self._send()

    def answer_trigger(self) -> None:
        """What is going on now (5.17); Idle is told in no other way (4.4, 4.5)."""
        self._agent.answer_trigger(self._action, {"status": self.status})

    def forget(self) -> None:
        """What is not told yet never will be: the work is gone."""
        self._untold.clear()

    def die(self) -> None:
        self._sending = False

    def _send(self) -> None:
        if self._untold and not self._sending:
            self._sending = self._agent.tell(self._action, {"status": self._untold[0]}, self._replied)

    def _replied(self, reply: Reply) -> None:
        self._sending = False
        if reply.arrived:
            self._untold.popleft()
            self._send()
