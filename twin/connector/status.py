"""A connector's status: which one its facts call for, and which changes OCPP 1.6 section 4.9 allows."""

from typing import NamedTuple

AVAILABLE, PREPARING, CHARGING = "Available", "Preparing", "Charging"
SUSPENDED_EV, SUSPENDED_EVSE, FINISHING = "SuspendedEV", "SuspendedEVSE", "Finishing"
RESERVED, UNAVAILABLE, FAULTED = "Reserved", "Unavailable", "Faulted"
OCCUPIED = "Occupied"  # sheet table 4, a status of OCPP 1.5; policy occupied_status says when it is used

# Row letters and column numbers of the table in 4.9; a missing pair is not allowed.
_ROWS = {
    "A": (AVAILABLE, "2 3 4 5 7 8 9"),
    "B": (PREPARING, "1 3 4 5 6 9"),
    "C": (CHARGING, "1 4 5 6 8 9"),
    "D": (SUSPENDED_EV, "1 3 5 6 8 9"),
    "E": (SUSPENDED_EVSE, "1 3 4 6 8 9"),
    "F": (FINISHING, "1 2 8 9"),
    "G": (RESERVED, "1 2 8 9"),
    "H": (UNAVAILABLE, "1 2 3 4 5 9"),
    "I": (FAULTED, "1 2 3 4 5 6 7 8"),
}
_COLUMNS = dict(
    zip(
        "123456789",
        (
            AVAILABLE,
            PREPARING,
            CHARGING,
            SUSPENDED_EV,
            SUSPENDED_EVSE,
            FINISHING,
            RESERVED,
            UNAVAILABLE,
            FAULTED,
        ),
        strict=True,
    )
)

TRANSITIONS: dict[tuple[str, str], str] = {
    (start, _COLUMNS[column]): row + column
    for row, (start, columns) in _ROWS.items()
    for column in columns.split()
}
"""(from, to) -> the label of the transition, A2 to I8."""


class Facts(NamedTuple):
    """What a connector's status depends on."""

    plugged: bool = False
    authorised: bool = False  # an idTag waits for its cable, or a cable for its transaction
    transaction: bool = False
    starting: bool = False  # the car's time to answer the first offer runs
    offering: bool = False  # the pilot offers at least the minimum and energy is permitted
    drawing: bool = False  # the car asks for energy and the contactor is closed
    finishing: bool = False  # a transaction, or the wait for one, is over and the user has yet to leave
    operative: bool = True
    faulted: bool = False


def status_of(facts: Facts) -> str:
    """The status these facts call for; SuspendedEVSE wins over SuspendedEV. Source: OCPP 1.6 4.9, 7.7."""
    if facts.faulted:
        return FAULTED
    if facts.transaction:
        if not facts.plugged:
            return SUSPENDED_EV  # pulled out on the EV's side, and the transaction goes on
        if facts.starting:
            return PREPARING
        if not facts.offering:
            return SUSPENDED_EVSE
        return CHARGING if facts.drawing else SUSPENDED_EV
    if facts.finishing:
        return FINISHING
    if not facts.operative:
        return UNAVAILABLE
    return PREPARING if facts.plugged or facts.authorised else AVAILABLE


def steps(start: str, end: str, plugged: bool = False) -> list[str]:
    """The statuses to announce on the way: one where the table has the row, else through a legal one between.

    With a cable in it is never Available on the way. Raises ValueError where no single stop is legal.
    """
    if start == end:
        return []
    if (start, end) in TRANSITIONS:
        return [end]
    for between in (PREPARING, FINISHING, AVAILABLE) if plugged else (PREPARING, AVAILABLE, FINISHING):
        if (start, between) in TRANSITIONS and (between, end) in TRANSITIONS:
            return [between, end]
    raise ValueError(f"OCPP 1.6 4.9 has no way from {start} to {end}")
