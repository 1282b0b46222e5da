"""Scripts of what gets lost: the link, the mains, answers, and a CSMS that lets the station wait."""

from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.verbs import ask, begin, change, end


def outage(bench: Bench) -> None:
    """The link is gone while a car charges, and a second car leaves meanwhile."""
    bench.advance(30.0)
    begin(bench, 1)
    begin(bench, 2)
    bench.advance(400.0)
    bench.link.down()
    bench.advance(500.0)
    end(bench, 2)
    bench.advance(200.0)
    bench.link.up()
    bench.advance(600.0)
    end(bench, 1)
    bench.advance(4000.0)


def silent(bench: Bench) -> None:
    """The socket stays open and nothing passes, as behind a dead modem."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(300.0)
    bench.link.silent()
    bench.advance(400.0)
    bench.link.up()
    bench.advance(900.0)
    end(bench)
    bench.advance(4000.0)


def refused(bench: Bench) -> None:
    """The back office loses one answer to a MeterValues and one to a StopTransaction."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(200.0)
    bench.csms.reply("MeterValues", silent=True, times=1)
    bench.advance(600.0)
    bench.csms.reply("StopTransaction", silent=True, times=1)
    end(bench)
    bench.advance(4000.0)


def errors(bench: Bench) -> None:
    """The back office answers a start twice with a CALLERROR, and its stop until it is given up."""
    bench.advance(30.0)
    bench.csms.reply("StartTransaction", error="InternalError", times=2)
    begin(bench)
    bench.advance(1200.0)
    bench.csms.reply("StopTransaction", error="InternalError", times=6)
    end(bench)
    bench.advance(1500.0)
    begin(bench)
    bench.advance(120.0)
    end(bench)


def power(bench: Bench) -> None:
    """The mains fail under charge; after it the car gets a new transaction."""
    bench.advance(30.0)
    begin(bench)
    bench.advance(900.0)
    bench.link.down()
    bench.advance(100.0)
    bench.power.cut()
    bench.advance(200.0)
    bench.link.up()
    bench.power.restore()
    bench.advance(400.0)
    bench.unplug(1)
    bench.advance(60.0)
    begin(bench)
    bench.advance(400.0)
    end(bench)
    bench.advance(4000.0)


def idle(bench: Bench) -> None:
    """Nobody comes; without clock-aligned data only the heartbeat is heard, before an outage and after it."""
    bench.advance(1700.0)
    ask(bench, "GetConfiguration")
    bench.advance(750.0)
    change(bench, "HeartbeatInterval", "300")
    bench.advance(1500.0)
    bench.link.down()
    bench.advance(100.0)
    bench.link.up()
    bench.advance(1500.0)


def booting(bench: Bench) -> None:
    """The CSMS lets the station wait: Rejected, then Pending, then Accepted; a car charges meanwhile."""
    bench.advance(70.0)
    ask(bench, "TriggerMessage", {"requestedMessage": "StatusNotification"})
    bench.plug_in(2, "vw-id3-58", 0.5)
    bench.advance(200.0)
    bench.unplug(2)
    bench.advance(20.0)
    begin(bench)
    bench.advance(300.0)
    end(bench)
