"""What a recording that was served faster than the clock cannot tell: what is to happen within a minute.

A process that is held up for a tenth of a second has at a pace of 600 been away for a minute.
"""

from collections.abc import Mapping
from typing import Any

from evc5.rigs.checks.reading.station_pace import served_pace
from evc5.rigs.checks.state.tolerances import Tolerances

HELD_UP_S = 0.1  # wall clock; assumed, of a machine that has other work
SLOWED = ("sample_s", "reaction_s", "station_clock_s", "heartbeat_s", "call_timeout_s", "answer_s", "grace_s")
LACKS = "a run at the pace of the clock: what is to happen within a minute (evc5 csms without --pace)"
WITHIN_A_MINUTE = (
    "boot.status",
    "card.starts",
    "card.stops",
    "card.taken-back",
    "clock.csms",
    "clock.station",
    "electrical.contactor-close",
    "electrical.contactor-load",
    "electrical.contactor-open",
    "electrical.handover",
    "electrical.phase-pause",
    "electrical.pwm-period",
    "heartbeat.early",
    "metering.prompt",
    "metering.sample-interval",
    "metering.true-energy",
    "metering.true-values",
    "reset.prompt",
    "status.charging",
    "status.hasty-suspension",
    "status.preparing",
    "status.told",
    "transaction.prompt",
    "transaction.start-cause",
    "transaction.stop-reason",
    "transaction.unplugged",
    "transaction.with-a-car",
)


def left_out(summary: Mapping[str, Any]) -> Mapping[str, str]:
    """By requirement: why it is not judged."""
    return dict.fromkeys(WITHIN_A_MINUTE, LACKS) if served_pace(summary) > 1.0 else {}


def slowed(tolerances: Tolerances, summary: Mapping[str, Any]) -> Tolerances:
    """Each time that something may take, longer by what may have held us up."""
    pace = served_pace(summary)
    more_s = HELD_UP_S * pace if pace > 1.0 else 0.0
    return tolerances._replace(**{name: getattr(tolerances, name) + more_s for name in SLOWED})
