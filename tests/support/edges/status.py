"""Numbers by which statuses and faults are judged, with what telemetry shows and hands do."""

from typing import Any

from handmade import Charge, Handmade, at

from edges import Edge, LineEdge, SessionEdge
from edges.electrical import while_charging
from edges.short import START_S, STOP_S, UNPLUG_S, idle, painted, shifted, short, status, unanswered

T = 600.0
UP_S = 200.0  # after an outage it may take so long to connect anew


def a_wrong_status_until(x: float, **columns: Any) -> Handmade:
    """The link is gone for a second at 300, and telemetry shows another status from then on."""
    made = short()
    made.event(300.0, None, "link-down", kind="down")
    made.event(301.0, None, "link-up")
    painted(made, 360, 301 + UP_S + x, step_s=0.5, **columns)
    return made


def another_status_after_an_outage(x: float) -> Handmade:
    return a_wrong_status_until(x, status="Available")


def an_untold_status_after_an_outage(x: float) -> Handmade:
    return a_wrong_status_until(x, status="SuspendedEV")


def an_allocation_after_the_boot(x: float) -> Handmade:
    made = short()
    painted(made, 0, x, 2, step_s=0.5, allocated_a=16.0)
    return made


def an_allocation_without_a_transaction(x: float) -> Handmade:
    made = short()
    painted(made, T, T + x, 2, allocated_a=16.0)
    return made


def preparing_long_after_a_card(x: float) -> Handmade:
    """Nobody plugs in; ConnectionTimeOut is 60 s."""
    made = idle(ConnectionTimeOut="60")
    made.event(T, 1, "tag", id_tag="TAG1")
    status(made, T + x, "Preparing")
    return made


def a_car_given_up_after(x: float) -> Handmade:
    """Nobody shows a card; ConnectionTimeOut is 120 s."""
    made = short((Charge(1, 60, 9000, 9100, 9200),), ConnectionTimeOut="120")
    made.rows = [row for row in made.rows if row["t"] >= 60]  # told long before
    painted(made, 60 + x, 600, step_s=0.5, status="Finishing")
    return made


# -- faults ------------------------------------------------------------------------------------------


def a_fault_told_after(x: float) -> Handmade:
    made = idle()
    made.event(T, 1, "fault", fault="ground-failure")
    status(made, T + x, "Faulted", errorCode="GroundFailure")
    return made


def a_fault_over_after(x: float) -> Handmade:
    made = a_fault_told_after(1.0)
    made.event(T + 60, 1, "clear", fault="ground-failure")
    status(made, T + 60 + x, "Available")
    return made


def a_fault_untold_with_hands_before_it(x: float) -> Handmade:
    made = idle()
    made.event(T - x, 1, "tag", id_tag="TAG1")
    made.event(T, 1, "fault", fault="ground-failure")
    return made


def a_fault_untold_after_silence(x: float) -> Handmade:
    made = idle()
    unanswered(made, T - x)
    made.event(T, 1, "fault", fault="ground-failure")
    return made


def a_fault_after_the_plug(x: float) -> Handmade:
    """It comes back as nothing that was Preparing can."""
    made = idle()
    made.event(T, 1, "plug-in", cable_a=32.0)
    status(made, T, "Preparing")
    status(made, T + x, "Faulted", errorCode="OtherError")
    status(made, T + 60, "SuspendedEV")
    return made


# -- statuses and transactions -----------------------------------------------------------------------


def finishing_before_the_end(x: float) -> Handmade:
    made = short((Charge(1, 60, 90, 9000, 9100),))
    status(made, 1800 - x, "Finishing")
    return made


def finishing_before_the_stop(x: float) -> Handmade:
    made = short()
    status(made, STOP_S - x, "Finishing")
    return made


def finishing_after_the_start(x: float) -> Handmade:
    made = short()
    status(made, START_S + x, "Finishing")
    shifted(made, made.calls("StatusNotification")[-1], 0.0)
    told = next(c for c in made.calls("StatusNotification") if c["frame"][3]["status"] == "Finishing")
    shifted(made, told, 1.0)
    return made


# -- the mains ---------------------------------------------------------------------------------------


def a_cut_before_a_row(x: float) -> Handmade:
    made = short()
    made.event(T - x, None, "power-cut")
    made.event(T + 300, None, "power-restore")
    dark = {"u_v": 0.0, "i_a": 0.0, "offered_a": 0.0, "allocated_a": 0.0, "phases": 0}
    painted(made, T + 0.001, T + 301, **dark)
    painted(made, T - x + 0.001, T + 301, 2, **dark)
    return made


def a_cut_before_a_sample(x: float) -> Handmade:
    made = short()
    made.event(900 - x, None, "power-cut")
    made.event(905, None, "power-restore")
    return made


def a_wrong_status_at(volts: float) -> Handmade:
    """Outside its band of voltages a station may fault its connector."""
    made = short()
    painted(made, T, T + 60, status="Available", u_v=volts)
    return made


def a_frame_beside_a_fault(x: float) -> Handmade:
    """The fault is never told; the line of the frame stands for its instant."""
    made = idle()
    made.event(T, 1, "fault", fault="ground-failure")
    made.interject(T + x, "Heartbeat", {}, {"currentTime": at(T)})
    return made


def a_wrong_status_after_the_unplugging(x: float) -> Handmade:
    made = short()
    status(made, UNPLUG_S + x, "Available", errorCode="EVCommunicationError")
    return made


EDGES = (
    Edge("state.mains.LEAST_V", 207.0, "status.true", a_wrong_status_at, 206, 208),
    Edge("state.mains.MOST_V", 253.0, "status.true", a_wrong_status_at, 254, 252),
    LineEdge(
        "state.ledger.SAME_FRAME_S", 0.0015, "status.fault-code", a_frame_beside_a_fault, 0.0014, 0.0016
    ),
    SessionEdge(
        "transactions.session_table.UNPLUGGED_S",
        1.0,
        "status.error-code",
        a_wrong_status_after_the_unplugging,
        1.1,
        0.9,
    ),
    Edge(
        "status.against_telemetry.STATUS_SETTLED_S",
        15.0,
        "status.true",
        while_charging(status="Available"),
        14.9,
        15.1,
    ),
    Edge("status.awaited.ACCEPTED_S", 60.0, "status.true", preparing_long_after_a_card, 119, 121),
    Edge(
        "status.against_telemetry.STATUS_TOLD_S",
        10.0,
        "status.told",
        while_charging(status="SuspendedEV"),
        9.9,
        10.1,
    ),
    Edge("status.against_telemetry.UNSURE_S", 10.0, "status.true", a_car_given_up_after, 96, 94),
    Edge("status.against_telemetry.ANEW_S", 5.0, "status.true", another_status_after_an_outage, 19, 21.5),
    Edge("state.connectors.RECONNECTS_S", 200.0, "status.true", another_status_after_an_outage, 19, 21.5),
    Edge("status.against_telemetry.RELATED_S", 60.0, "status.told", an_untold_status_after_an_outage, 79, 82),
    Edge("status.faults.FAULT_TOLD_S", 10.0, "status.fault-code", a_fault_told_after, 9.9, 10.1),
    Edge("status.faults.FAULT_OVER_S", 15.0, "status.fault-code", a_fault_over_after, 14.9, 15.1),
    Edge(
        "status.faults.FAULT_QUIET_S",
        10.0,
        "status.fault-code",
        a_fault_untold_with_hands_before_it,
        9.9,
        10.1,
    ),
    Edge("state.link.CATCHES_UP_S", 60.0, "status.fault-code", a_fault_untold_after_silence, 279, 281),
    Edge("status.status.UNTOLD_S", 5.0, "status.table", a_fault_after_the_plug, 4.9, 5.1),
    Edge("status.status.STOP_S", 120.0, "status.in-transaction", finishing_before_the_end, 119, 121),
    Edge("status.status.MIDWAY_S", 0.1, "status.in-transaction", finishing_before_the_stop, 0.09, 0.11),
    Edge("status.status.TOLD_S", 1.0, "status.in-transaction", finishing_after_the_start, 0.9, 1.1),
    Edge(
        "status.transitions.MOMENT_S",
        0.2,
        "status.charging",
        while_charging(status="SuspendedEV"),
        0.19,
        0.21,
    ),
    Edge("status.transitions.IDLE_S", 5.0, "service.idle", an_allocation_without_a_transaction, 4.9, 5.1),
    Edge("state.connectors.ANEW_TOLD_S", 60.0, "service.idle", an_allocation_after_the_boot, 64, 67),
    Edge("status.transitions.GONE_S", 1.0, "metering.powered", a_cut_before_a_sample, 0.9, 1.1),
    Edge("state.follow_times.ROW_HAIR_S", 0.05, "electrical.mains", a_cut_before_a_row, 0.047, 0.0485),
    Edge("state.connectors.STAMP_HAIR_S", 0.002, "electrical.mains", a_cut_before_a_row, 0.047, 0.0485),
)
