"""Bugs in transactions: who may begin, what is told of them, and what an outage leaves."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch, answers, around, constant, says

SESSION, CLOSE = "evc5.twin.sessions.session:Session", "evc5.twin.ocpp.memory:Memory.close"
WAIT = "evc5.twin.ocpp.outbox:Outbox._wait_before_repeat"
Payload = dict[str, Any]


def _forgetful(original: Any, station: Any) -> None:
    """The queue is kept in RAM."""
    station.memory.queue.clear()
    original(station)


def _never_told(original: Any, memory: Any, transaction: Any, message: Any) -> None:
    """The transaction ends without a word."""
    del memory.transactions[transaction.connector]


def _power_loss_untold(original: Any, memory: Any, transaction: Any, message: Any) -> None:
    if message.payload["reason"] == "PowerLoss":
        _never_told(original, memory, transaction, message)
    else:
        original(memory, transaction, message)


def _trusting(original: Any, session: Any, profile: Any, id_tag: str, info: Payload) -> None:
    original(session, profile, id_tag, {**info, "status": "Accepted"})


def _unmoved(original: Any, session: Any, transaction: Any, info: Payload) -> None:
    original(session, transaction, {**info, "status": "Accepted"})


def _always_asks(original: Any, session: Any, running: Any, id_tag: str) -> None:
    session._ask(id_tag, lambda tag, info: session.stop("Local", tag))


def _reason(**others: str) -> Patch:
    def change(payload: Payload) -> Payload:
        return payload | {"reason": others.get(payload["reason"], payload["reason"])}

    return says("StopTransaction", change)


def _same_for_all(original: Any, station: Any, payload: Payload) -> Payload:
    return {"status": "Accepted"}


def _stops_any(original: Any, station: Any, payload: Payload) -> Payload:
    answer: Payload = original(station, payload)
    return answer if answer["status"] == "Accepted" else {"status": "Accepted"}


def _hasty(original: Any, outbox: Any, *case: Any) -> float | None:
    return None if original(outbox, *case) is None else 10.0


def _given_up(original: Any, outbox: Any, message: Any, reply: Any, connected: bool) -> float | None:
    wait_s: float | None = original(outbox, message, reply, connected)
    return None if reply.arrived else wait_s


def _twice(original: Any, memory: Any, transaction: Any, message: Any) -> None:
    from evc5.twin.ocpp.memory import Message

    original(memory, transaction, message)
    memory.post(Message(message.action, message.payload, message.transaction))


def _next_id(payload: Payload) -> Payload:
    return payload | {"transactionId": payload["transactionId"] + 1}


def _other_connector(payload: Payload) -> Payload:
    return payload | {"connectorId": 3 - payload["connectorId"]} if "transactionId" in payload else payload


def _long_ago(payload: Payload) -> Payload:
    return payload | {"timestamp": "2024-03-01T09:00:00.000Z"}


BUGS: tuple[Bug, ...] = (
    Bug(
        "queue-lost-on-power-loss",
        "what waits to be sent is lost with the power",
        "metering.sample-interval",
        "4.10",
        "power",
        (Patch("evc5.twin.charge_point:ChargePoint._die", around(_forgetful)),),
    ),
    Bug(
        "stop-lost-on-power-loss",
        "the StopTransaction of a transaction that the power loss cut off is not sent",
        "transaction.delivered",
        "4.8, 7.36",
        "power",
        (Patch(CLOSE, around(_power_loss_untold)),),
    ),
    Bug(
        "stop-never-sent",
        "StopTransaction is not sent",
        "transaction.delivered",
        "4.8",
        "charge",
        (Patch(CLOSE, around(_never_told)),),
    ),
    Bug(
        "stop-sent-twice",
        "StopTransaction is sent twice",
        "transaction.repeat",
        "4.8, ER 3.18",
        "charge",
        (Patch(CLOSE, around(_twice)),),
    ),
    Bug(
        "transaction-id-off-by-one",
        "StopTransaction names another transaction",
        "transaction.pair",
        "6.49",
        "charge",
        (says("StopTransaction", _next_id),),
    ),
    Bug(
        "values-of-other-connector",
        "MeterValues of a transaction name the other connector",
        "transaction.belongs",
        "ER 3.16",
        "charge",
        (says("MeterValues", _other_connector),),
    ),
    Bug(
        "stop-before-start",
        "the timestamp of StopTransaction lies before the start",
        "transaction.times",
        "6.49",
        "charge",
        (says("StopTransaction", _long_ago),),
    ),
    Bug(
        "reason-always-local",
        "every stop is told as Local",
        "transaction.stop-reason",
        "7.36",
        "remote",
        (_reason(Remote="Local", SoftReset="Local", UnlockCommand="Local"),),
    ),
    Bug(
        "reason-of-power-loss",
        "a card held up is told as PowerLoss",
        "transaction.stop-reason",
        "7.36",
        "charge",
        (_reason(Local="PowerLoss"),),
    ),
    Bug(
        "blocked-card-charges",
        "a card that the CSMS blocks may charge",
        "authorisation.respected",
        "3.5, 4.1",
        "authorisation",
        (Patch(f"{SESSION}._admitted", around(_trusting)),),
    ),
    Bug(
        "refused-start-goes-on",
        "a transaction whose idTag the CSMS refused goes on with energy",
        "authorisation.ended",
        "9.1.26, ER 3.17",
        "authorisation",
        (Patch(f"{SESSION}.confirmed", around(_unmoved)),),
    ),
    Bug(
        "own-card-asked-again",
        "the card that started is asked for again when it stops",
        "authorisation.own-stop",
        "3.10",
        "charge",
        (Patch(f"{SESSION}._present_to", around(_always_asks)),),
    ),
    Bug(
        "remote-stop-ignored",
        "RemoteStopTransaction is accepted and nothing happens",
        "transaction.remote-stop",
        "5.12",
        "remote",
        (answers("RemoteStopTransaction", _same_for_all),),
    ),
    Bug(
        "retry-in-ten-seconds",
        "a refused transaction message is sent again after ten seconds",
        "transaction.retry",
        "3.7.1, 9.1.30",
        "errors",
        (Patch(WAIT, around(_hasty)),),
    ),
    Bug(
        "given-up-at-once",
        "a refused transaction message is not sent again",
        "transaction.retry",
        "3.7.1, 9.1.29",
        "errors",
        (Patch(WAIT, around(_given_up)),),
    ),
    Bug(
        "never-given-up",
        "a refused transaction message is sent again for ever",
        "transaction.retry",
        "3.7.1, 9.1.29",
        "errors",
        (Patch(WAIT, constant(lambda *_: 180.0)),),
    ),
)
