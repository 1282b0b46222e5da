"""Bugs in what the CSMS asks for: remote starts and stops, triggers, resets, availability, locks, data."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import (
    accepts,
    answers,
    around,
    constant,
    nothing,
    status_told,
)

STATION = "evc5.twin.charge_point:ChargePoint"


def _waits_always(original: Any, restart: Any, kind: str, undelivered: bool) -> None:
    original(restart, "Soft", True)
    restart._kind = kind


def _triggers_other_connector(original: Any, station: Any, message: str, connector: int | None) -> None:
    original(station, message, None if connector is None else 3 - connector)


BUGS: tuple[Bug, ...] = (
    Bug(
        "trigger-not-followed",
        "a trigger is Accepted and its message not sent",
        check="trigger.followed",
        clause="5.17",
        rig="remote",
        patches=(Patch(f"{STATION}.trigger", constant(nothing)),),
    ),
    Bug(
        "remote-start-refused",
        "a remote start is refused though the connector is free",
        check="remote.start-answer",
        clause="5.11, TC_010_CS",
        rig="orders",
        patches=(answers("RemoteStartTransaction", status_told("Rejected")),),
    ),
    Bug(
        "remote-start-without-effect",
        "a remote start is accepted and nothing comes of it",
        check="remote.started",
        clause="5.11, TC_010_CS",
        rig="orders",
        patches=(Patch("evc5.twin.sessions.session:Session.remote_start", constant(nothing)),),
    ),
    Bug(
        "availability-never-scheduled",
        "Inoperative is Accepted while a transaction runs",
        check="availability.answer",
        clause="5.2",
        rig="orders",
        patches=(answers("ChangeAvailability", status_told("Accepted")),),
    ),
    Bug(
        "reset-without-effect",
        "a reset is accepted and the station goes on",
        check="reset.carried-out",
        clause="5.14, TC_014_CS",
        rig="orders",
        patches=(Patch(f"{STATION}.reset", constant(nothing)),),
    ),
    Bug(
        "hard-reset-waits",
        "a hard reset waits for half a minute",
        check="reset.prompt",
        clause="5.14, TC_014_CS",
        rig="orders",
        patches=(Patch("evc5.twin.services.restart:Restart.reset", around(_waits_always)),),
    ),
    Bug(
        "unlock-not-supported",
        "the station says it has no lock",
        check="unlock.answer",
        clause="5.18, TC_017_1_CS",
        rig="orders",
        patches=(answers("UnlockConnector", status_told("NotSupported")),),
    ),
    Bug(
        "trigger-of-the-other-connector",
        "a trigger brings the message of the other connector",
        check="trigger.connector",
        clause="5.17, TC_054_CS",
        rig="orders",
        patches=(Patch(f"{STATION}.trigger", around(_triggers_other_connector)),),
    ),
    Bug(
        "data-transfer-accepted",
        "data of an unknown vendor are Accepted",
        check="data-transfer.answer",
        clause="5.6, TC_062_CS",
        rig="orders",
        patches=(answers("DataTransfer", accepts),),
    ),
)
