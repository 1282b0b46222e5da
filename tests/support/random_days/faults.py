"""Faults of every kind, setting in and passing at any moment."""

from evc5.models.faults import Fault
from random_days.acting import TAGS, Act, Stage

MOST = 2  # at a time
SOME = [fault.value for fault in Fault]


def sets_in(stage: Stage) -> None:
    if len(stage.faults) < MOST:
        fault = stage.random.choice(SOME), stage.connector()
        if fault not in stage.faults:
            stage.faults.append(fault)
            stage.do("inject", *fault)
            stage.wait(0.0, 30.0)


def passes(stage: Stage) -> None:
    if stage.faults:
        fault = stage.faults.pop(stage.random.randrange(len(stage.faults)))
        stage.do("clear", *fault)


def blinks(stage: Stage) -> None:
    """A fault that is gone as soon as it is there, under charge or not."""
    if len(stage.faults) < MOST:
        sets_in(stage)
        stage.wait(0.0, 0.2, 3.0, 30.0)
        passes(stage)


def at_the_start(stage: Stage) -> None:
    """A fault between the card and the first energy."""
    connector = stage.free()
    if connector is None or len(stage.faults) >= MOST:
        return
    stage.plug(connector)
    stage.wait(0.0, 5.0)
    stage.tag(connector, TAGS[0])
    stage.wait(0.0, 0.1, 1.0, 4.0)
    sets_in(stage)
    stage.wait(1.0, 60.0)
    if stage.random.random() < 0.6:
        passes(stage)
        stage.wait(0.0, 120.0)


def emergency(stage: Stage) -> None:
    """The button is pressed in a charge, and released."""
    connector = stage.free()
    if connector is None or stage.faults:
        return
    stage.plug(connector)
    stage.wait_between(1.0, 20.0)
    stage.tag(connector, TAGS[0])
    stage.wait_between(10.0, 600.0)
    stage.do("inject", Fault.EMERGENCY.value, connector)
    stage.wait(1.0, 30.0, 300.0)
    stage.do("clear", Fault.EMERGENCY.value, connector)
    stage.wait(0.0, 30.0)


ACTS: dict[Act, float] = {sets_in: 0.7, passes: 1.5, blinks: 0.7, at_the_start: 0.5, emergency: 0.6}
