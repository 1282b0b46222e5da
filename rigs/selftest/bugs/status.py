"""Bugs in the statuses that a connector tells."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import around, constant, nothing, says, says_status

Payload = dict[str, Any]


def _finishing_first(original: Any, facts: Any) -> Any:
    status = original(facts)
    return "Finishing" if status == "Preparing" else status


def _straight(_: Any, start: str, end: str, *__: Any) -> list[str]:
    return [] if start == end else [end]


def _is_idle(channel: Any) -> bool:
    """In service or not."""
    return channel.awake and not channel.facts.transaction


def _over(original: Any, facts: Any) -> str:
    status = str(original(facts))
    return "Finishing" if status == "SuspendedEVSE" else status


def _never_faulty(payload: Payload) -> Payload:
    return payload | {"errorCode": "NoError"}


def _warns_anywhere(payload: Payload) -> Payload:
    return payload | {"errorCode": "EVCommunicationError"} if payload["status"] == "Charging" else payload


def _communicates(payload: Payload) -> Payload:
    return payload | {"errorCode": "NoError"} if payload["errorCode"] == "EVCommunicationError" else payload


def _suspends(original: Any, facts: Any) -> str:
    status: str = original(facts)
    return "SuspendedEV" if status == "SuspendedEVSE" else status


def _suspends_at_once(original: Any, facts: Any) -> str:
    status: str = original(facts)
    return "SuspendedEVSE" if status == "Preparing" else status


def _quiet_while_idle(original: Any, announcer: Any, connector: int, status: str) -> None:
    """What becomes free again is not told."""
    if status != "Available":
        original(announcer, connector, status)


def _forgets_code(payload: Payload) -> Payload:
    return payload | {"errorCode": "OtherError" if payload["status"] == "Faulted" else "NoError"}


def _charging_when_offered(original: Any, facts: Any) -> str:
    drawing = facts.drawing or facts.offering
    return str(original(facts._replace(drawing=drawing, starting=facts.starting and not drawing)))


def _impatient(original: Any, facts: Any) -> str:
    status: str = original(facts._replace(starting=facts.starting and not facts.offering))
    return status


def _tells_again(original: Any, self: Any, connector: int, news: Any, reply: Any) -> None:
    original(self, connector, news, reply)
    self._heard.pop(connector, None)
    self._again.set(self._agent.timeline.now + 60.0)


def _forgets_finishing(original: Any, self: Any) -> None:
    original(self)
    self._agent.memory.keep(self._finishing, False)


def _notices_nobody(original: Any, facts: Any) -> str:
    """Before its transaction a car counts for nothing."""
    before = not (facts.transaction or facts.finishing or facts.authorised)
    return str(original(facts._replace(plugged=facts.plugged and not before)))


BUGS: tuple[Bug, ...] = (
    Bug(
        "status-out-of-table",
        "a cable that is plugged in is told as Finishing",
        check="status.table",
        clause="4.9",
        rig="charge",
        patches=(
            Patch("evc5.twin.connector.status_steps:status_of", around(_finishing_first)),
            Patch("evc5.twin.connector.status_steps:steps", around(_straight)),
        ),
    ),
    Bug(
        "connector-zero-preparing",
        "connector 0 is told as Preparing",
        check="status.connector-zero",
        clause="4.9",
        rig="charge",
        patches=(says_status((0,), status="Preparing"),),
    ),
    Bug(
        "started-out-of-service",
        "a transaction starts on a connector that is Unavailable",
        check="status.in-service",
        clause="4.9, 5.2",
        rig="orders",
        patches=(Patch("evc5.twin.connector.channel:Channel.is_free", constant(property(_is_idle))),),
    ),
    Bug(
        "finishing-midway",
        "a transaction that the station pauses is told as Finishing",
        check="status.in-transaction",
        clause="4.9, 7.7",
        rig="station-max",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_over)),),
    ),
    Bug(
        "faulted-without-code",
        "Faulted is told with NoError",
        check="status.error-code",
        clause="4.9, 7.6",
        rig="faults",
        patches=(says("StatusNotification", _never_faulty),),
    ),
    Bug(
        "warning-while-charging",
        "EVCommunicationError is told with Charging",
        check="status.error-code",
        clause="4.9",
        rig="charge",
        patches=(says("StatusNotification", _warns_anywhere),),
    ),
    Bug(
        "suspended-by-the-wrong-one",
        "SuspendedEV is told where the station pauses",
        check="status.true",
        clause="4.9, 7.7",
        rig="station-max",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_suspends)),),
    ),
    Bug(
        "suspended-without-transaction",
        "a car that waits for its card is told as SuspendedEVSE",
        check="status.needs-transaction",
        clause="4.9, 7.7",
        rig="waiting",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_suspends_at_once)),),
    ),
    Bug(
        "status-untold",
        "a connector that is free again does not say so",
        check="status.told",
        clause="4.9",
        rig="charge",
        patches=(Patch("evc5.twin.services.announcer:Announcer._changed", around(_quiet_while_idle)),),
    ),
    Bug(
        "connection-timeout-ignored",
        "a connector is Preparing for ever",
        check="status.timeout",
        clause="9.1.6, TC_004_2_CS",
        rig="waiting",
        patches=(Patch("evc5.twin.sessions.session:Session._await_user", constant(nothing)),),
    ),
    Bug(
        "fault-code-lost",
        "every fault is told as OtherError",
        check="status.fault-code",
        clause="7.6, sheet table 5",
        rig="faults",
        patches=(says("StatusNotification", _forgets_code),),
    ),
    Bug(
        "charging-before-contactor",
        "Charging is told as soon as current is offered",
        check="status.charging",
        clause="7.7",
        rig="charge",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_charging_when_offered)),),
    ),
    Bug(
        "status-told-again",
        "a status that was confirmed is told again each minute",
        check="status.news",
        clause="4.9",
        rig="charge",
        patches=(Patch("evc5.twin.services.announcer:Announcer._replied", around(_tells_again)),),
    ),
    Bug(
        "finishing-forgotten",
        "a restart makes a cable that has had its transaction a new one",
        check="status.after-boot",
        clause="4.9; policy after_power_loss",
        rig="remote",
        patches=(Patch("evc5.twin.sessions.session:Session.die", around(_forgets_finishing)),),
    ),
    Bug(
        "no-time-to-answer",
        "a car counts as suspended until it takes what is offered",
        check="status.hasty-suspension",
        clause="4.9: B3, B4",
        rig="charge",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_impatient)),),
    ),
    Bug(
        "car-unnoticed",
        "a car makes no connector Preparing before its transaction",
        check="status.preparing",
        clause="4.9: A2",
        rig="charge",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_notices_nobody)),),
    ),
    Bug(
        "car-not-understood-untold",
        "a pilot that is short is told without EVCommunicationError",
        check="status.fault-code",
        clause="7.6",
        rig="faults",
        patches=(says("StatusNotification", _communicates),),
    ),
)
