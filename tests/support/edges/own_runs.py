"""Numbers by which runs of the twin alone are judged: what it does by itself, and when."""

from handmade import Handmade, at

from edges import Edge
from edges.short import idle

T = 600.0


def of_the_twin() -> Handmade:
    """Its clock is known to be right, its back office is the rig's own."""
    made = idle()
    made.summary |= {"csms": "embedded", "clock": {"offset_s": 0.0, "drift_ppm": 0.0}}
    return made


def dialled_again_after(x: float, outage_s: float) -> Handmade:
    """A status of the outage is told x s after the line was lost."""
    made = of_the_twin()
    made.event(T, None, "link-down", kind="down")
    made.event(T + outage_s, None, "link-up")
    told = {"connectorId": 1, "errorCode": "NoError", "status": "Faulted", "timestamp": at(T + 1)}
    made.interject(T + x, "StatusNotification", told)
    return made


def dialled_again_after_10_s(x: float) -> Handmade:
    return dialled_again_after(x, 5.0)


def dialled_again_after_670_s(x: float) -> Handmade:
    return dialled_again_after(x, 500.0)


REDIALLED = "connection.redialled"
EDGES = (
    Edge("wire.dialling.FIRST_REDIAL_S", 10.0, REDIALLED, dialled_again_after_10_s, 10.4, 10.6),
    Edge("wire.dialling.LONGEST_REDIAL_S", 180.0, REDIALLED, dialled_again_after_670_s, 670.4, 670.6),
    Edge("wire.dialling.OFF_SCHEDULE_S", 0.5, REDIALLED, dialled_again_after_10_s, 9.6, 9.4),
)
