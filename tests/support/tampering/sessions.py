"""Transactions and statuses that do not fit together."""

from tampering.kinds import (
    BENCH,
    Kind,
    both,
    doubled,
    dropped,
    kind,
    moved,
    put,
    without,
)
from tampering.recorded import Recorded, answer, call, order, payload, sample, samples
from tampering.story import APP, BLOCKED

START, STOP = "StartTransaction", "StopTransaction"
GOES_ON = ("transaction.delivered", "transaction.remote-stop", "status.in-transaction", "transaction.pair")


def status(told: str, n: int = 0, connector: int = 1):
    return call("StatusNotification", n, status=told, connectorId=connector)


def _no_status(told: Recorded) -> None:
    """Out of service was accepted and never taken back, and no status follows."""
    told.drop(order("ChangeAvailability", 1)(told))
    for row in told.calls("StatusNotification"):
        if payload(row)["status"] == "Unavailable":
            told.drop(row)


def _samples_of(told: Recorded, transaction: int, **fields: object) -> None:
    for row in samples(told, transaction=transaction):
        payload(row).update(fields)


SESSIONS: tuple[Kind, ...] = (
    kind("values carry another transaction's id", put(sample(8), "transactionId", 77), "transaction.belongs"),
    kind("values carry no id", without(sample(8), "transactionId"), "transaction.carries-id"),
    kind("values are told for another connector", put(sample(8), "connectorId", 2), "transaction.belongs"),
    kind(
        "all values of a transaction are told for connector 0",
        lambda told: _samples_of(told, 1, connectorId=0),
        "transaction.belongs",
        "metering.sample-interval",
    ),
    kind(
        "values are told for a connector that there is not",
        put(sample(8), "connectorId", 9),
        "transaction.belongs",
    ),
    kind("a stop names another transaction", put(call(STOP), "transactionId", 99), "transaction.pair"),
    kind("a stop names no id that there is", put(call(STOP), "transactionId", -1), "transaction.pair"),
    kind(
        "two stops change their ids",
        both(put(call(STOP), "transactionId", 2), put(call(STOP, 1), "transactionId", 1)),
        "transaction.pair",
        "transaction.times",
        "metering.start-stop",
    ),
    kind("a stop is missing", dropped(call(STOP)), *GOES_ON),
    kind("a stop is missing after an unlocking", dropped(call(STOP, 1)), *GOES_ON, "unlock.answer"),
    kind(
        "a stop is missing after an outage",
        dropped(call(STOP, 2)),
        *GOES_ON,
        "transaction.carries-id",
        "card.stops",
    ),
    kind(
        "a start is missing",
        dropped(call(START)),
        *("transaction.pair", "transaction.belongs", "status.needs-transaction"),
    ),
    kind("a stop comes twice", doubled(call(STOP)), "transaction.repeat"),
    kind("a start comes twice", doubled(call(START), transactionId=66), "transaction.repeat"),
    kind(
        "a start is told after its samples",
        moved(call(START), sample(3)),
        "transaction.belongs",
        "transaction.pair",
        "transaction.prompt",
        "status.needs-transaction",
        "metering.continuity",
    ),
    kind(
        "a stop is told before its last samples",
        moved(sample(18), call(STOP)),
        "metering.order",
        "transaction.belongs",
        "metering.prompt",
        "metering.sample-interval",
    ),
    kind(
        "a start is on a connector that there is not",
        put(call(START, 3), "connectorId", 7),
        "status.needs-transaction",
        "transaction.belongs",
    ),
    kind("a start is on connector 0", put(call(START, 3), "connectorId", 0), "frame.schema"),
    kind(
        "a start is on the other connector",
        put(call(START), "connectorId", 2),
        "status.needs-transaction",
        "transaction.belongs",
    ),
    kind(
        "a start has another card than was accepted",
        put(call(START), "idTag", "OTHER"),
        "card.asked",
        "transaction.start-cause",
        shown_by=BENCH,
    ),
    kind(
        "a start has the card that was refused", put(call(START), "idTag", BLOCKED), "authorisation.respected"
    ),
    kind(
        "a start has a card refused by the answer",
        put(answer(call("Authorize", 1)), "idTagInfo.status", "Blocked"),
        "authorisation.respected",
    ),
    kind(
        "a start answered Invalid goes on",
        put(answer(call(START)), "idTagInfo.status", "Invalid"),
        "authorisation.ended",
    ),
    kind(
        "a start names a reservation that nobody made",
        put(call(START), "reservationId", 5),
        "reservation.kept",
        shown_by=BENCH,
    ),
    kind("a remote start has another's idTag", put(call(START, 1), "idTag", "OTHER"), "remote.started"),
    kind(
        "two starts are given one id",
        put(answer(call(START, 1)), "transactionId", 1),
        "transaction.pair",
        "transaction.belongs",
    ),
    kind("a reason has no cause", put(call(STOP), "reason", "Reboot"), "transaction.stop-reason"),
    kind("a stop from afar tells no reason", without(call(STOP), "reason"), "transaction.stop-reason"),
    kind(
        "an unlocking is told as local",
        put(call(STOP, 1), "reason", "Local"),
        "transaction.stop-reason",
        "unlock.answer",
        shown_by=BENCH,
    ),
    kind(
        "a stop by card is told as power lost",
        put(call(STOP, 3), "reason", "PowerLoss"),
        "transaction.stop-reason",
    ),
    kind(
        "a stop by its own card names another",
        put(call(STOP, 3), "idTag", APP),
        "card.stops",
        "authorisation.own-stop",
        shown_by=BENCH,
    ),
    kind("an idTag is too long", put(call(STOP), "idTag", "X" * 21), "frame.schema"),
    kind("values of the stop are missing", without(call(STOP), "transactionData"), "metering.stop-data"),
    kind(
        "a connector is free while it charges",
        put(status("Charging"), "status", "Available"),
        "status.in-transaction",
    ),
    kind(
        "a connector finishes while it charges",
        put(status("Charging"), "status", "Finishing"),
        "status.in-transaction",
    ),
    kind(
        "a connector is suspended while current flows",
        put(status("Charging"), "status", "SuspendedEV"),
        "status.no-flow",
    ),
    kind(
        "a connector is reserved that nobody reserved",
        put(status("Preparing"), "status", "Reserved"),
        "status.table",
        "reservation.kept",
    ),
    kind(
        "a connector charges after its stop",
        put(status("Finishing"), "status", "Charging"),
        "status.told",
        "status.true",
        shown_by=BENCH,
    ),
    kind("a status is that of 1.5", put(status("Preparing"), "status", "Occupied"), "frame.schema"),
    kind("a fault tells no error", put(status("Charging"), "status", "Faulted"), "status.error-code"),
    kind(
        "a fault ends without a status",
        dropped(status("Available", -1)),
        "status.told",
        "status.fault-code",
        shown_by=BENCH,
    ),
    kind(
        "connector 0 charges",
        put(status("Available", connector=0), "status", "Charging"),
        "status.connector-zero",
    ),
    kind(
        "a status is told for a connector that there is not",
        put(status("Preparing"), "connectorId", 5),
        "status.told",
        "status.timeout",
        shown_by=BENCH,
    ),
    kind("a status is missing after the boot", dropped(status("Available", connector=2)), "boot.status"),
    kind(
        "out of service by nobody's order",
        put(status("Finishing", connector=2), "status", "Unavailable"),
        "status.true",
        "status.told",
        shown_by=BENCH,
    ),
    kind(
        "out of service without a status",
        _no_status,
        "availability.answer",
        "status.told",
        "status.in-service",
    ),
)
