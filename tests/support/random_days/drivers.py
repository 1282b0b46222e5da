"""What drivers do: cars, cables and cards, in every order."""

from random_days.acting import TAGS, Act, Stage


def wait(stage: Stage) -> None:
    stage.wait(0.0, 1.0, 7.3, 60.0, 300.0, 900.0, 3600.0)


def charge(stage: Stage) -> None:
    """The ordinary case: a car, a card, some time."""
    connector = stage.free()
    if connector is None:
        return
    stage.plug(connector)
    stage.wait_between(1.0, 20.0)
    stage.tag(connector, TAGS[0])
    stage.wait_between(300.0, 7200.0)


def stay(stage: Stage) -> None:
    """A car that is full stays plugged in, and wants a card all the same."""
    connector = stage.free()
    if connector is None:
        return
    stage.plug(connector, soc=1.0)
    stage.wait_between(1.0, 60.0)
    stage.tag(connector, TAGS[0])
    stage.wait_between(10.0, 600.0)


def leave(stage: Stage) -> None:
    """The card again, and away."""
    connector = stage.connector()
    stage.tag(connector, TAGS[0])
    stage.wait(0.0, 2.0, 30.0)
    stage.unplug(connector)


def plug(stage: Stage) -> None:
    connector = stage.connector()
    if connector in stage.cars:
        stage.unplug(connector)
    else:
        stage.plug(connector)


def tag(stage: Stage) -> None:
    stage.tag(stage.connector())


def greet(stage: Stage) -> None:
    """A car and a card, or a remote start, and nobody else in sight."""
    connector = stage.free()
    if connector is None:
        return
    stage.do("advance", 30.0)
    stage.plug(connector)
    stage.do("advance", 10.0)
    if stage.linked and stage.random.random() < 0.3:
        order = {"connectorId": connector, "idTag": stage.random.choice(TAGS)}
        stage.ask("RemoteStartTransaction", order)
    else:
        stage.tag(connector)
    stage.do("advance", 300.0)


def regret(stage: Stage) -> None:
    """A card and no cable; the same card again, or another."""
    connector = stage.free()
    if connector is None:
        return
    stage.do("advance", 30.0)
    stage.tag(connector, TAGS[0])
    stage.wait(0.5, 20.0)
    stage.tag(connector, stage.random.choice(TAGS[:2]))
    stage.wait(5.0, 120.0)


def replug(stage: Stage) -> None:
    """The cable is pulled while its card is asked for, or just after, and put in again."""
    connector = stage.free()
    if connector is None:
        return
    stage.plug(connector)
    stage.wait(0.0, 5.0)
    stage.tag(connector)
    stage.wait(0.0, 0.1, 1.0, 3.0, 10.0)
    stage.unplug(connector)
    stage.wait(0.0, 0.5, 4.0, 40.0)
    stage.plug(connector)
    stage.wait(0.0, 60.0)
    if stage.random.random() < 0.5:
        stage.tag(connector)


def refused_cable(stage: Stage) -> None:
    """A transaction that the back office refuses; its cable is kept for the card, and another one comes."""
    connector = stage.free()
    if connector is None:
        return
    refused = {"transactionId": stage.random.randint(1000, 9999), "idTagInfo": {"status": "Invalid"}}
    stage.do("advance", 30.0)
    stage.do("csms.reply", "StartTransaction", refused, times=1)
    stage.plug(connector)
    stage.do("advance", 10.0)
    stage.tag(connector, TAGS[0])
    stage.wait(5.0, 30.0)
    if stage.random.random() < 0.5:
        stage.tag(connector, TAGS[1])
        stage.wait(1.0, 30.0)
    if stage.random.random() < 0.7:
        stage.unplug(connector)
        stage.do("advance", 30.0)
        stage.tag(connector, TAGS[0])
    stage.do("advance", 60.0)


ACTS: dict[Act, float] = {
    wait: 20,
    charge: 12,
    stay: 1,
    leave: 4,
    plug: 5,
    tag: 5,
    greet: 3,
    regret: 1.5,
    replug: 1.5,
    refused_cable: 2,
}
