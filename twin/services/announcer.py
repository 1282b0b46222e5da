"""What the CSMS is told of statuses: all after a boot, then each change, after an outage what has changed.

Source: OCPP 1.6 4.9; errata 3.19, 3.22; sheet tables 4 and 5.
"""

from functools import partial

from evc5.models.timeline import CONTROL, Alarm
from evc5.twin.connector.controller import Controller
from evc5.twin.connector.status import (
    AVAILABLE,
    FINISHING,
    OCCUPIED,
    PREPARING,
    SUSPENDED_EV,
    SUSPENDED_EVSE,
    UNAVAILABLE,
)
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.rpc import Reply
from evc5.twin.services.availability import Availability

STATUS_RETRY_S = 60.0  # until a status that got no reply is told again; assumed
News = tuple[str, str, str]  # status, error code, info
COMMUNICATION = "EVCommunicationError"  # 4.9: a warning that goes with these statuses only:
ITS_STATUSES = (PREPARING, SUSPENDED_EV, SUSPENDED_EVSE, FINISHING)


class Announcer:
    """Sends StatusNotification, and knows what the CSMS has heard."""

    def __init__(self, agent: Agent, controller: Controller, availability: Availability) -> None:
        self._agent = agent
        self._controller = controller
        self._availability = availability
        behaviour = agent.behaviour
        self._error_codes = behaviour.error_codes
        self._occupied = behaviour.policy("occupied_status") == "replaces-preparing"
        self._heard: dict[int, News] = {}  # by connector
        self._again = Alarm(agent.timeline, self.tell_all, CONTROL)
        agent.on_accepted.append(self._heard.clear)
        agent.on_online.append(self.tell_all)
        for channel in controller.channels:
            channel.on_status.append(partial(self._changed, channel.connector))

    def tell_all(self) -> None:
        """What the CSMS does not know yet, connector 0 first."""
        for connector in (0, *(channel.connector for channel in self._controller.channels)):
            self.tell(connector)

    def tell(self, connector: int) -> None:
        """The status of a connector, unless the CSMS has heard it."""
        news = self._news(connector)
        if self._heard.get(connector) != news and self._send(connector, news):
            self._heard[connector] = news

    def die(self) -> None:
        self._again.clear()

    def answer_trigger(self, connector: int) -> None:
        """The status of a connector, whether or not it is news, and even while the boot is pending."""
        self._agent.answer_trigger("StatusNotification", self._payload(connector, self._news(connector)))

    def conflict(self) -> None:
        """The CSMS contradicts the local list (3.5.2)."""
        status, _, _ = self._news(0)
        self._send(0, (status, "LocalListConflict", ""))

    def _changed(self, connector: int, _: str) -> None:
        self.tell(connector)

    def _send(self, connector: int, news: News) -> bool:
        payload = self._payload(connector, news)
        return self._agent.tell("StatusNotification", payload, partial(self._replied, connector, news))

    def _replied(self, connector: int, news: News, reply: Reply) -> None:
        was_last = self._heard.get(connector) is news  # it may be like one that was told since
        if not reply.arrived and was_last:
            del self._heard[connector]  # it may not have got through
            self._again.set(self._agent.timeline.now + STATUS_RETRY_S)

    def _payload(self, connector: int, news: News) -> dict[str, object]:
        status, error_code, info = news
        stamp = self._agent.clock.iso(self._agent.timeline.now)
        payload: dict[str, object] = {"connectorId": connector, "errorCode": error_code, "status": status}
        payload["timestamp"] = stamp
        if info:
            payload["info"] = info
        return payload

    def _news(self, connector: int) -> News:
        if connector == 0:
            return (UNAVAILABLE if self._availability.is_inoperative(0) else AVAILABLE, "NoError", "")
        channel = self._controller.channel(connector)
        status, error_code, info = channel.status, channel.error_code, channel.info
        if error_code == COMMUNICATION and status not in ITS_STATUSES:
            error_code, info = "NoError", ""
        elif error_code not in self._error_codes:
            error_code = "OtherError"  # sheet table 5; the info names the fault
        if status == PREPARING and self._occupied:
            status = OCCUPIED  # sheet table 4; no status of 1.6
        return (status, error_code, info)
