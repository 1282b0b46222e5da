"""Bugs in transactions: why they begin and end, what is told of them, and what an outage leaves."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import (
    accepts,
    always,
    answers,
    around,
    constant,
    never,
    nothing,
    says,
    status_told,
)

MEMORY = "evc5.twin.ocpp.memory:Memory"
OUTBOX = "evc5.twin.ocpp.outbox:Outbox"
Payload = dict[str, Any]


def _goes_on(_: Any, session: Any) -> None:
    session._miss_cable()


def _next_id(payload: Payload) -> Payload:
    return payload | {"transactionId": payload["transactionId"] + 1}


def _local_as_utc(original: Any, clock: Any, epoch_s: float) -> str:
    text: str = original(clock, epoch_s + 3600.0)
    return text


def _long_ago(payload: Payload) -> Payload:
    return payload | {"timestamp": "2024-03-01T09:00:00.000Z"}


def _of_other_connector(payload: Payload) -> Payload:
    return payload | {"connectorId": 3 - payload["connectorId"]} if "transactionId" in payload else payload


def _no_transaction(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name != "transactionId"}


def _never_told(original: Any, memory: Any, transaction: Any, message: Any) -> None:
    """The transaction ends without a word."""
    del memory.transactions[transaction.connector]


def _power_loss_untold(original: Any, memory: Any, transaction: Any, message: Any) -> None:
    if message.payload["reason"] == "PowerLoss":
        _never_told(original, memory, transaction, message)
    else:
        original(memory, transaction, message)


def _ends_now(original: Any, transactions: Any, channel: Any, reason: str, *_: Any, **__: Any) -> Any:
    return original(transactions, channel, reason)


def _reason(**others: str) -> Patch:
    def change(payload: Payload) -> Payload:
        return payload | {"reason": others.get(payload["reason"], payload["reason"])}

    return says("StopTransaction", change)


def _closed_twice(original: Any, memory: Any, transaction: Any, message: Any) -> None:
    from evc5.twin.ocpp.memory import Message

    original(memory, transaction, message)
    memory.post(Message(message.action, message.payload, message.transaction))


def _not_shown(payload: Payload) -> Payload:
    return payload | {"idTag": "SOMEBODY"}


def _needs_no_car(original: Any, session: Any, *case: Any) -> None:
    original(session, *case)
    if session._waiting is not None:
        session._start()


def _hasty(original: Any, outbox: Any, *case: Any) -> float | None:
    return None if original(outbox, *case) is None else 10.0


def _given_up(original: Any, outbox: Any, message: Any, reply: Any, connected: bool) -> float | None:
    wait_s: float | None = original(outbox, message, reply, connected)
    return None if reply.arrived else wait_s


def _sits_on_stops(original: Any, outbox: Any) -> Any:
    """A stop goes when a minute has passed and something else is to be sent."""
    head = outbox._memory.queue[0] if outbox._memory.queue else None
    if head is not None and head.action == "StopTransaction":
        since = outbox.__dict__.setdefault("_since", {}).setdefault(id(head), outbox._timeline.now)
        if outbox._timeline.now < since + 60.0:
            return None
    return original(outbox)


BUGS: tuple[Bug, ...] = (
    Bug(
        "emergency-goes-on",
        "a transaction goes on after the emergency stop",
        check="transaction.emergency",
        clause="7.36: EmergencyStop",
        rig="faults",
        patches=(Patch("evc5.twin.sessions.session:Session._fault_sensed", around(_goes_on)),),
    ),
    Bug(
        "transaction-id-off-by-one",
        "StopTransaction names another transaction",
        check="transaction.pair",
        clause="6.49",
        rig="charge",
        patches=(says("StopTransaction", _next_id),),
    ),
    Bug(
        "timestamps-local-as-utc",
        "timestamps are local time with a Z",
        check="clock.station",
        clause="3.14",
        rig="charge",
        patches=(Patch("evc5.twin.clock:StationClock.iso_epoch", around(_local_as_utc)),),
    ),
    Bug(
        "stop-before-start",
        "the timestamp of StopTransaction lies before the start",
        check="transaction.times",
        clause="6.49",
        rig="charge",
        patches=(says("StopTransaction", _long_ago),),
    ),
    Bug(
        "values-of-other-connector",
        "MeterValues of a transaction name the other connector",
        check="transaction.belongs",
        clause="ER 3.16",
        rig="charge",
        patches=(says("MeterValues", _of_other_connector),),
    ),
    Bug(
        "transaction-id-missing",
        "MeterValues in a transaction do not carry its id",
        check="transaction.carries-id",
        clause="6.33, ER 3.16",
        rig="charge",
        patches=(says("MeterValues", _no_transaction),),
    ),
    Bug(
        "stop-lost-on-power-loss",
        "the StopTransaction of a transaction that the power loss cut off is not sent",
        check="transaction.delivered",
        clause="4.8, 7.36",
        rig="power",
        patches=(Patch(f"{MEMORY}.close", around(_power_loss_untold)),),
    ),
    Bug(
        "stop-never-sent",
        "StopTransaction is not sent",
        check="transaction.delivered",
        clause="4.8",
        rig="charge",
        patches=(Patch(f"{MEMORY}.close", around(_never_told)),),
    ),
    Bug(
        "reason-always-local",
        "every stop is told as Local",
        check="transaction.stop-reason",
        clause="7.36",
        rig="remote",
        patches=(_reason(Remote="Local", SoftReset="Local", UnlockCommand="Local"),),
    ),
    Bug(
        "reason-of-power-loss",
        "a card held up is told as PowerLoss",
        check="transaction.stop-reason",
        clause="7.36",
        rig="charge",
        patches=(_reason(Local="PowerLoss"),),
    ),
    Bug(
        "power-loss-of-the-boot",
        "a transaction that lost its power is told to have ended as the power returned",
        check="transaction.stop-reason",
        clause="7.36",
        rig="power",
        patches=(Patch("evc5.twin.sessions.transactions:Transactions.close", around(_ends_now)),),
    ),
    Bug(
        "stops-when-full",
        "a transaction ends when the car is full, whatever chg_Ch1Options says",
        check="transaction.stop-reason",
        clause="7.36",
        rig="full",
        patches=(Patch("evc5.twin.sheet.vendor:stops_when_complete", constant(always)),),
    ),
    Bug(
        "remote-stop-ignored",
        "RemoteStopTransaction is accepted and nothing happens",
        check="transaction.remote-stop",
        clause="5.12",
        rig="remote",
        patches=(answers("RemoteStopTransaction", accepts),),
    ),
    Bug(
        "remote-stop-refused",
        "a remote stop of a running transaction is refused",
        check="transaction.remote-stop-known",
        clause="5.12, TC_012_CS",
        rig="orders",
        patches=(answers("RemoteStopTransaction", status_told("Rejected")),),
    ),
    Bug(
        "stop-sent-twice",
        "StopTransaction is sent twice",
        check="transaction.repeat",
        clause="4.8, ER 3.18",
        rig="charge",
        patches=(Patch(f"{MEMORY}.close", around(_closed_twice)),),
    ),
    Bug(
        "start-on-another-tag",
        "a transaction is told under an idTag that nobody showed",
        check="transaction.start-cause",
        clause="4.8",
        rig="charge",
        patches=(says("StartTransaction", _not_shown),),
    ),
    Bug(
        "no-car-needed",
        "a transaction begins as its card is accepted, without a car",
        check="transaction.with-a-car",
        clause="2.2, 4.8, TC_004_1_CS",
        rig="waiting",
        patches=(Patch("evc5.twin.sessions.session:Session._accept", around(_needs_no_car)),),
    ),
    Bug(
        "unplugging-ignored",
        "a transaction outlives its cable though the key says otherwise",
        check="transaction.unplugged",
        clause="4.10, 9.1.28, TC_068_CS",
        rig="authorisation",
        patches=(Patch("evc5.twin.sessions.session:Session._stops_on_disconnect", constant(never)),),
    ),
    Bug(
        "retry-in-ten-seconds",
        "a refused transaction message is sent again after ten seconds",
        check="transaction.retry",
        clause="3.7.1, 9.1.30",
        rig="errors",
        patches=(Patch(f"{OUTBOX}._wait_before_repeat", around(_hasty)),),
    ),
    Bug(
        "given-up-at-once",
        "a refused transaction message is not sent again",
        check="transaction.retry",
        clause="3.7.1, 9.1.29",
        rig="errors",
        patches=(Patch(f"{OUTBOX}._wait_before_repeat", around(_given_up)),),
    ),
    Bug(
        "never-given-up",
        "a refused transaction message is sent again for ever",
        check="transaction.retry",
        clause="3.7.1, 9.1.29",
        rig="errors",
        patches=(Patch(f"{OUTBOX}._wait_before_repeat", constant(lambda *_: 180.0)),),
    ),
    Bug(
        "silence-remembered",
        "a stop that met silence waits for three minutes though the CSMS answers again",
        check="transaction.resumed",
        clause="3.7, 4.10",
        rig="refused",
        patches=(Patch(f"{OUTBOX}.retry_now", constant(nothing)),),
    ),
    Bug(
        "stop-told-late",
        "a stop waits for a minute",
        check="transaction.prompt",
        clause="4.10",
        rig="charge",
        patches=(Patch(f"{OUTBOX}.next", around(_sits_on_stops)),),
    ),
)
