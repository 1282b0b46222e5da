"""What the back office answers: changes of mind, errors until a message is given up, silence, nonsense."""

from typing import Any

from random_days.acting import TAGS, Act, Stage

FROM_STATIONS = ("Authorize", "StartTransaction", "StopTransaction", "MeterValues", "StatusNotification")
FOREIGN: dict[str, dict[str, Any]] = {  # no field of OCPP 1.6
    "Authorize": {"idTagInfo": {"status": "Accepted", "vendorSays": 1}},
    "StopTransaction": {"transactionId": 7},
    "MeterValues": {"status": "Accepted"},
    "StatusNotification": {"currentTime": "2024-03-01T00:00:00Z"},
}


def verdicts(stage: Stage) -> None:
    """The back office changes its mind about a card."""
    status = stage.random.choice(("Accepted", "Accepted", "Blocked", "Expired", "ConcurrentTx"))
    action = stage.random.choice(("Authorize", "StartTransaction"))
    info = {"idTagInfo": {"status": status}}
    if status == "Accepted":
        stage.do("csms.reply", action)
    elif action == "Authorize":
        stage.do("csms.reply", action, info, times=1)
    else:
        numbered = {"transactionId": stage.random.randint(1000, 9999), **info}
        stage.do("csms.reply", action, numbered, times=1)


def errors(stage: Stage) -> None:
    """CALLERRORs, a few or until the station gives the message up."""
    action = stage.random.choice(FROM_STATIONS)
    stage.do("csms.reply", action, error="InternalError", times=stage.random.choice((1, 2, 8)))
    stage.wait(0.0, 1500.0)


def given_up(stage: Stage) -> None:
    """A start that is refused until it is given up, and the transaction goes on without an id."""
    connector = stage.free()
    if connector is None:
        return
    stage.do("csms.reply", "StartTransaction", error="InternalError", times=12)
    stage.plug(connector)
    stage.wait(1.0, 10.0)
    stage.tag(connector, TAGS[0])
    stage.wait_between(100.0, 2500.0)
    if stage.random.random() < 0.6:
        stage.tag(connector, TAGS[0])
        stage.unplug(connector)
    stage.wait(0.0, 1500.0)
    stage.do("csms.reply", "StartTransaction")


def silence(stage: Stage) -> None:
    action = stage.random.choice((*FROM_STATIONS, "Heartbeat", "BootNotification"))
    stage.do("csms.reply", action, silent=True, times=stage.random.choice((1, 1, 3)))
    stage.wait(0.0, 300.0)


def foreign(stage: Stage) -> None:
    """Replies with fields that OCPP does not have."""
    action = stage.random.choice(list(FOREIGN))
    stage.do("csms.reply", action, FOREIGN[action], times=stage.random.choice((1, 5)))


def one_id(stage: Stage) -> None:
    """Two transactions that run at a time are given one id: the back office's fault."""
    if stage.connectors < 2 or stage.cars:
        return
    same = {"transactionId": stage.random.randint(1000, 9999), "idTagInfo": {"status": "Accepted"}}
    stage.do("csms.reply", "StartTransaction", same, times=2)
    for connector in (1, 2):
        stage.plug(connector)
        stage.do("advance", 5.0)
        stage.tag(connector, TAGS[connector - 1])
        stage.wait(30.0, 600.0)
    for connector in (1, 2):
        stage.tag(connector, TAGS[connector - 1])
        stage.wait(30.0, 600.0)


ACTS: dict[Act, float] = {
    verdicts: 2,
    errors: 0.5,
    given_up: 0.4,
    silence: 1.2,
    foreign: 0.5,
    one_id: 0.3,
}
