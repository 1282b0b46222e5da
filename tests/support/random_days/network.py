"""The line and the mains: gone, silent, back, one before the other."""

from random_days.acting import TAGS, Act, Stage
from random_days.drivers import greet


def outage(stage: Stage) -> None:
    """Nothing passes for a while, and drivers come and go all the same."""
    _sever(stage)
    stage.wait(5.0, 120.0, 2000.0, 5000.0)
    _join(stage)


def alone(stage: Stage) -> None:
    """A car and a card while there is no link."""
    _sever(stage)
    stage.do("advance", 60.0)
    greet(stage)
    _join(stage)
    stage.wait(60.0, 900.0)


def told_later(stage: Stage) -> None:
    """A whole session without a link, told when it is there again."""
    connector = stage.free()
    if connector is None:
        return
    _sever(stage)
    stage.wait(1.0, 60.0)
    stage.plug(connector)
    stage.tag(connector, TAGS[0])
    stage.wait_between(30.0, 2000.0)
    if stage.random.random() < 0.6:
        stage.tag(connector, TAGS[0])
        stage.unplug(connector)
        stage.wait(0.0, 60.0)
    _join(stage)
    stage.wait(0.0, 600.0)


def blackout(stage: Stage) -> None:
    _cut(stage)
    stage.wait(0.0, 5.0, 600.0)
    _return(stage)
    stage.wait(0.0, 1.0, 100.0)


def storm(stage: Stage) -> None:
    """The mains fail, and when they are back the link is not."""
    both = [_cut, _sever]
    stage.random.shuffle(both)
    for fail in both:
        fail(stage)
        stage.wait(0.0, 3.0, 60.0)
    if stage.random.random() < 0.3:
        _swap(stage)
    _return(stage)
    stage.wait(0.0, 20.0, 300.0, 1500.0)
    if stage.random.random() < 0.4:
        greet(stage)
    _join(stage)
    stage.wait(0.0, 300.0)


def restore(stage: Stage) -> None:
    """Whatever is gone is there again."""
    _return(stage)
    _join(stage)


def _swap(stage: Stage) -> None:
    """In the dark a cable is pulled, or a car comes."""
    connector = stage.connector()
    if connector in stage.cars:
        stage.unplug(connector)
    else:
        stage.plug(connector)


def _sever(stage: Stage) -> None:
    if stage.linked:
        stage.do(stage.random.choice(("link.down", "link.silent")))
        stage.linked = False


def _join(stage: Stage) -> None:
    if not stage.linked:
        stage.do("link.up")
        stage.linked = True


def _cut(stage: Stage) -> None:
    if stage.powered:
        stage.do("power.cut")
        stage.powered = False


def _return(stage: Stage) -> None:
    if not stage.powered:
        stage.do("power.restore")
        stage.powered = True


ACTS: dict[Act, float] = {outage: 2, alone: 1.5, told_later: 0.7, blackout: 0.7, storm: 0.5}
