"""Bugs in boot, heartbeat, statuses and in the frames themselves."""

from itertools import cycle
from typing import Any

from evc5.rigs.selftest.bug import UNCHECKED, Bug, Patch, around, constant, nothing, says

AGENT = "evc5.twin.ocpp.agent:Agent"
Payload = dict[str, Any]


def _accepts_itself(_: Any, agent: Any) -> None:
    from evc5.twin.ocpp.rpc import Reply

    agent._booted(
        Reply({"status": "Accepted", "currentTime": agent.clock.iso(agent.timeline.now), "interval": 600})
    )


def _impatient(original: Any, agent: Any, reply: Any) -> None:
    payload = reply.payload and {**reply.payload, "interval": reply.payload["interval"] // 10}
    original(agent, reply._replace(payload=payload))


def _slow(original: Any, agent: Any) -> None:
    original(agent)
    if agent._beat.due_s is not None:
        agent._beat.set(agent.timeline.now + 3 * (agent._beat.due_s - agent.timeline.now))


def _own_interval(original: Any, agent: Any, reply: Any) -> None:
    payload = reply.payload and {**reply.payload, "interval": 1800}
    original(agent, reply._replace(payload=payload))


def _not_for_two(original: Any, rpc: Any, action: str, payload: Payload, done: Any, *rest: Any) -> None:
    """Tell nothing of connector 2, and take it for said."""
    if action == "StatusNotification" and payload["connectorId"] == 2:
        from evc5.twin.ocpp.rpc import Reply

        done(Reply({}))
    else:
        original(rpc, action, payload, done, *rest)


def _without_waiting(original: Any, agent: Any) -> None:
    if agent._urgent:
        agent.rpc.forget()
    original(agent)


def _other_id(original: Any, id: str, payload: Payload) -> Any:
    return original(f"{id}0", payload)


def _misspelt(original: Any, id: str, code: str, *more: Any) -> Any:
    return original(id, f"{code}Error", *more)


def _without_zone(original: Any, clock: Any, epoch_s: float) -> str:
    text: str = original(clock, epoch_s + 3600.0)
    return text.removesuffix("Z")


def _local_as_utc(original: Any, clock: Any, epoch_s: float) -> str:
    text: str = original(clock, epoch_s + 3600.0)
    return text


def _finishing_first(original: Any, facts: Any) -> Any:
    status = original(facts)
    return "Finishing" if status == "Preparing" else status


def _straight(_: Any, start: str, end: str) -> list[str]:
    return [] if start == end else [end]


def _status(connectors: tuple[int, ...], **said: str) -> Patch:
    def change(payload: Payload) -> Payload:
        return payload | said if payload["connectorId"] in connectors else payload

    return says("StatusNotification", change)


def _never_faulty(payload: Payload) -> Payload:
    return payload | {"errorCode": "NoError"}


def _warns_anywhere(payload: Payload) -> Payload:
    return payload | {"errorCode": "EVCommunicationError"} if payload["status"] == "Charging" else payload


def _unsupported_code(payload: Payload) -> Payload:
    faulted = payload["status"] == "Faulted"
    return payload | {"errorCode": "HighTemperature"} if faulted else payload


def _deaf(original: Any, rpc: Any, frame: Any) -> None:
    if frame.action != "MakeCoffee":
        original(rpc, frame)


BUGS: tuple[Bug, ...] = (
    Bug(
        "heartbeat-missing",
        "no Heartbeat is ever sent",
        "heartbeat.interval",
        "4.6",
        "idle",
        (Patch(f"{AGENT}._send_heartbeat", constant(nothing)),),
    ),
    Bug(
        "heartbeat-slow",
        "a Heartbeat comes every third interval only",
        "heartbeat.interval",
        "4.6, 9.1.8",
        "idle",
        (Patch(f"{AGENT}.schedule_heartbeat", around(_slow)),),
    ),
    Bug(
        "heartbeat-interval-own",
        "the interval of BootNotification.conf is not taken over",
        "configuration.kept",
        "4.2, sheet table 13",
        "idle",
        (Patch(f"{AGENT}._booted", around(_own_interval)),),
    ),
    Bug(
        "heartbeat-change-ignored",
        "a new HeartbeatInterval does not move the next Heartbeat",
        "heartbeat.interval",
        "5.3, 9.1.8",
        "idle",
        (Patch("evc5.twin.charge_point:ChargePoint._configured", constant(nothing)),),
    ),
    Bug(
        "boot-skipped",
        "the station takes itself for accepted and sends no BootNotification",
        "boot.first",
        "4.2",
        "charge",
        (Patch(f"{AGENT}.send_boot", around(_accepts_itself)),),
    ),
    Bug(
        "boot-impatient",
        "a boot that was not accepted is tried again after a tenth of the interval",
        "boot.retry",
        "4.2.1",
        "booting",
        (Patch(f"{AGENT}._booted", around(_impatient)),),
    ),
    Bug(
        "talks-while-pending",
        "statuses and heartbeats are sent before the boot is accepted",
        "boot.first",
        "4.2.1",
        "booting",
        (Patch(f"{AGENT}.online", constant(property(lambda agent: agent.link.connected))),),
    ),
    Bug(
        "status-missing-after-boot",
        "the status of connector 2 is kept back",
        "boot.status",
        "4.2, ER 3.22",
        "charge",
        (Patch("evc5.twin.ocpp.rpc:Rpc.call", around(_not_for_two)),),
    ),
    Bug(
        "status-out-of-table",
        "a cable that is plugged in is told as Finishing",
        "status.table",
        "4.9",
        "charge",
        (
            Patch("evc5.twin.connector.status_steps:status_of", around(_finishing_first)),
            Patch("evc5.twin.connector.status_steps:steps", around(_straight)),
        ),
    ),
    Bug(
        "connector-zero-preparing",
        "connector 0 is told as Preparing",
        "status.connector-zero",
        "4.9",
        "charge",
        (_status((0,), status="Preparing"),),
    ),
    Bug(
        "faulted-without-code",
        "Faulted is told with NoError",
        "status.error-code",
        "4.9, 7.6",
        "faults",
        (says("StatusNotification", _never_faulty),),
    ),
    Bug(
        "warning-while-charging",
        "EVCommunicationError is told with Charging",
        "status.error-code",
        "4.9",
        "charge",
        (says("StatusNotification", _warns_anywhere),),
    ),
    Bug(
        "error-code-unsupported",
        "a fault is told by a code that the sheet has as not supported",
        "sheet.error-code",
        "sheet table 5",
        "faults",
        (says("StatusNotification", _unsupported_code),),
    ),
    Bug(
        "status-of-1.5",
        "Available is told as Idle",
        "frame.schema",
        "7.7",
        "charge",
        (UNCHECKED, _status((1, 2), status="Idle")),
    ),
    Bug(
        "reply-id-wrong",
        "replies carry another id than the request",
        "rpc.matched",
        "J 4.2.2",
        "keys",
        (Patch("evc5.twin.ocpp.frames:result_text", around(_other_id)),),
    ),
    Bug(
        "ids-repeat",
        "message ids start again after ten",
        "rpc.id",
        "J 4.1.4",
        "charge",
        (Patch("evc5.twin.charge_point:counter", constant(lambda: map(str, cycle(range(1, 11))))),),
    ),
    Bug(
        "second-call",
        "a CALL is sent while another is outstanding",
        "rpc.one-call-station",
        "J 4.1.1",
        "charge",
        (Patch("evc5.twin.ocpp.agent:Agent._pump", around(_without_waiting)),),
    ),
    Bug(
        "unknown-action-unanswered",
        "an unknown action gets no answer",
        "rpc.answered",
        "J 4.2.3",
        "unsupported",
        (Patch("evc5.twin.ocpp.rpc:Rpc._called", around(_deaf)),),
    ),
    Bug(
        "error-code-misspelt",
        "CALLERRORs carry a code of the device's own",
        "frame.error-code",
        "J 4.2.3",
        "unsupported",
        (Patch("evc5.twin.ocpp.frames:error_text", around(_misspelt)),),
    ),
    Bug(
        "timestamps-without-zone",
        "timestamps are local time without a zone",
        "frame.timestamp",
        "3.14",
        "charge",
        (UNCHECKED, Patch("evc5.twin.clock:StationClock.iso_epoch", around(_without_zone))),
    ),
    Bug(
        "timestamps-local-as-utc",
        "timestamps are local time with a Z",
        "transaction.times",
        "3.14",
        "charge",
        (Patch("evc5.twin.clock:StationClock.iso_epoch", around(_local_as_utc)),),
    ),
)
