"""Bugs in frames, CALLs and replies, in connecting, booting and heartbeats."""

from itertools import cycle
from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import (
    UNCHECKED,
    answers,
    around,
    constant,
    nothing,
    says_status,
    status_told,
)

AGENT = "evc5.twin.ocpp.agent:Agent"
Payload = dict[str, Any]


def _without_zone(original: Any, clock: Any, epoch_s: float) -> str:
    text: str = original(clock, epoch_s + 3600.0)
    return text.removesuffix("Z")


def _misspelt(original: Any, id: str, code: str, *more: Any) -> Any:
    return original(id, f"{code}Error", *more)


def _without_waiting(original: Any, agent: Any) -> None:
    if agent._urgent:
        agent.rpc.forget()
    original(agent)


def _other_id(original: Any, id: str, payload: Payload) -> Any:
    return original(f"{id}0", payload)


def _deaf(original: Any, rpc: Any, frame: Any) -> None:
    if frame.action != "MakeCoffee":
        original(rpc, frame)


def _accepts_itself(_: Any, agent: Any) -> None:
    from evc5.twin.ocpp.rpc import Reply

    agent._booted(
        Reply({"status": "Accepted", "currentTime": agent.clock.iso(agent.timeline.now), "interval": 600})
    )


def _impatient(original: Any, agent: Any, reply: Any) -> None:
    payload = reply.payload and {**reply.payload, "interval": reply.payload["interval"] // 10}
    original(agent, reply._replace(payload=payload))


def _half_way(original: Any, clock: Any, t_s: float, epoch_s: float) -> float:
    step_s: float = original(clock, t_s, (epoch_s + clock.epoch(t_s)) / 2.0)
    return step_s


def _tries_once(original: Any, agent: Any, reply: Any) -> None:
    original(agent, reply)
    agent._boot.clear()


def _not_for_two(original: Any, rpc: Any, action: str, payload: Payload, done: Any, *rest: Any) -> None:
    """Tell nothing of connector 2, and take it for said."""
    if action == "StatusNotification" and payload["connectorId"] == 2:
        from evc5.twin.ocpp.rpc import Reply

        done(Reply({}))
    else:
        original(rpc, action, payload, done, *rest)


def _slow(original: Any, agent: Any) -> None:
    original(agent)
    if agent.beat.due_s is not None:
        agent.beat.set(agent.timeline.now + 3 * (agent.beat.due_s - agent.timeline.now))


def _beats_twice(original: Any, agent: Any) -> None:
    original(agent)
    if agent.beat.due_s is not None:
        agent.beat.set((agent.timeline.now + agent.beat.due_s) / 2)


def _gives_up(original: Any, connection: Any) -> None:
    """The first attempt is the last."""
    if not connection._failures:
        original(connection)
        connection._reconnect.clear()


def _new_serial(original: Any, station: Any) -> Payload:
    fields: Payload = original(station)
    return fields | {"chargePointSerialNumber": f"EVC5-{station.restart.life:04}"}


BUGS: tuple[Bug, ...] = (
    Bug(
        "status-of-1.5",
        "Available is told as Idle",
        check="frame.schema",
        clause="7.7",
        rig="charge",
        patches=(UNCHECKED, says_status((1, 2), status="Idle")),
    ),
    Bug(
        "timestamps-without-zone",
        "timestamps are local time without a zone",
        check="frame.timestamp",
        clause="3.14",
        rig="charge",
        patches=(UNCHECKED, Patch("evc5.twin.clock:StationClock.iso_epoch", around(_without_zone))),
    ),
    Bug(
        "error-code-misspelt",
        "CALLERRORs carry a code of the device's own",
        check="frame.error-code",
        clause="J 4.2.3",
        rig="unsupported",
        patches=(Patch("evc5.twin.ocpp.frames:error_text", around(_misspelt)),),
    ),
    Bug(
        "ids-repeat",
        "message ids start again after ten",
        check="rpc.id",
        clause="J 4.1.4",
        rig="charge",
        patches=(Patch("evc5.twin.charge_point:counter", constant(lambda: map(str, cycle(range(1, 11))))),),
    ),
    Bug(
        "second-call",
        "a CALL is sent while another is outstanding",
        check="rpc.one-call-station",
        clause="J 4.1.1",
        rig="charge",
        patches=(Patch(f"{AGENT}._pump", around(_without_waiting)),),
    ),
    Bug(
        "reply-id-wrong",
        "replies carry another id than the request",
        check="rpc.matched",
        clause="J 4.2.2",
        rig="keys",
        patches=(Patch("evc5.twin.ocpp.frames:result_text", around(_other_id)),),
    ),
    Bug(
        "unknown-action-unanswered",
        "an unknown action gets no answer",
        check="rpc.answered",
        clause="J 4.2.3",
        rig="unsupported",
        patches=(Patch("evc5.twin.ocpp.rpc:Rpc._called", around(_deaf)),),
    ),
    Bug(
        "silence-that-is-none",
        "frames pass a link that is said to be silent",
        check="connection.outage",
        clause="design: link-down",
        rig="silent",
        patches=(Patch("evc5.twin.line.link:MemoryLink.silent", constant(nothing)),),
    ),
    Bug(
        "boot-skipped",
        "the station takes itself for accepted and sends no BootNotification",
        check="boot.first",
        clause="4.2",
        rig="charge",
        patches=(Patch(f"{AGENT}.send_boot", around(_accepts_itself)),),
    ),
    Bug(
        "talks-while-pending",
        "statuses and heartbeats are sent before the boot is accepted",
        check="boot.first",
        clause="4.2.1",
        rig="booting",
        patches=(Patch(f"{AGENT}.online", constant(property(lambda agent: agent.link.connected))),),
    ),
    Bug(
        "boot-impatient",
        "a boot that was not accepted is tried again after a tenth of the interval",
        check="boot.retry",
        clause="4.2.1",
        rig="booting",
        patches=(Patch(f"{AGENT}._booted", around(_impatient)),),
    ),
    Bug(
        "boots-once",
        "a boot that is not accepted is not tried again",
        check="boot.retry",
        clause="4.2.1, TC_002_CS",
        rig="booting",
        patches=(Patch(f"{AGENT}._booted", around(_tries_once)),),
    ),
    Bug(
        "status-missing-after-boot",
        "the status of connector 2 is kept back",
        check="boot.status",
        clause="4.2, ER 3.22",
        rig="charge",
        patches=(Patch("evc5.twin.ocpp.rpc:Rpc.call", around(_not_for_two)),),
    ),
    Bug(
        "heartbeat-missing",
        "no Heartbeat is ever sent",
        check="heartbeat.interval",
        clause="4.6",
        rig="idle",
        patches=(Patch(f"{AGENT}._send_heartbeat", constant(nothing)),),
    ),
    Bug(
        "heartbeat-slow",
        "a Heartbeat comes every third interval only",
        check="heartbeat.interval",
        clause="4.6, 9.1.8",
        rig="idle",
        patches=(Patch(f"{AGENT}.schedule_heartbeat", around(_slow)),),
    ),
    Bug(
        "heartbeat-change-ignored",
        "a new HeartbeatInterval does not move the next Heartbeat",
        check="heartbeat.interval",
        clause="5.3, 9.1.8",
        rig="idle",
        patches=(Patch("evc5.twin.charge_point:ChargePoint._configured", constant(nothing)),),
    ),
    Bug(
        "nonsense-answered",
        "a request that breaks its schema is answered as if it made sense",
        check="frame.refused",
        clause="J 4.2.3",
        rig="unsupported",
        patches=(
            Patch("evc5.twin.ocpp.rpc:validator", constant(nothing)),
            answers("RemoteStartTransaction", status_told("Rejected")),
        ),
    ),
    Bug(
        "heartbeat-too-often",
        "Heartbeats come at half their interval",
        check="heartbeat.early",
        clause="4.6, 9.1.8",
        rig="idle",
        patches=(Patch(f"{AGENT}.schedule_heartbeat", around(_beats_twice)),),
    ),
    Bug(
        "never-reconnects",
        "after a failed attempt the station does not try to connect again",
        check="connection.resumed",
        clause="J 5.3",
        rig="outage",
        patches=(Patch("evc5.twin.ocpp.connection:Connection.open", around(_gives_up)),),
    ),
    Bug(
        "redials-early",
        "the fifth attempt to connect again comes a minute before its time",
        check="connection.redialled",
        clause="J 5.3",
        rig="outage",
        patches=(
            Patch("evc5.twin.ocpp.connection:RECONNECT_S", constant((10.0, 20.0, 40.0, 80.0, 100.0, 180.0))),
        ),
    ),
    Bug(
        "dead-after-power",
        "when the power is back the station stays dark",
        check="boot.after-power",
        clause="4.2, TC_032_1_CS",
        rig="power",
        patches=(Patch("evc5.twin.services.restart:Restart.restore", constant(nothing)),),
    ),
    Bug(
        "serial-of-the-day",
        "each boot tells another serial number",
        check="boot.identity",
        clause="6.3",
        rig="values",
        patches=(Patch("evc5.twin.charge_point:ChargePoint._identity", around(_new_serial)),),
    ),
    Bug(
        "clock-never-set",
        "the station lets the time that the CSMS tells it pass",
        check="clock.station",
        clause="4.2",
        rig="clock",
        patches=(Patch(f"{AGENT}._adopt_time", constant(nothing)),),
    ),
    Bug(
        "clock-set-at-boot-alone",
        "a Heartbeat's time is not taken over, however far the clock has drifted",
        check="clock.station",
        clause="4.6",
        rig="clock",
        patches=(Patch(f"{AGENT}.heartbeat_answered", constant(nothing)),),
    ),
    Bug(
        "clock-set-by-half",
        "the clock goes but half of the way to the time it is told",
        check="clock.station",
        clause="4.2",
        rig="clock",
        patches=(Patch("evc5.twin.clock:StationClock.set", around(_half_way)),),
    ),
)
