"""A boot answered otherwise, a lost link, another time. Source: OCPP 1.6 4.2, 6.4; OCPP-J 5."""

from datetime import UTC, datetime
from functools import partial

from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.line import Heard
from evc5.rigs.probe.probe import DISRUPTIVE, Context, GivenUp, Probe, outcome

GROUP = "boot"
INTERVAL_S = 20
WAITS_S = 3.0 * INTERVAL_S  # for a boot that should come after one interval
LATE_S = 10.0  # assumed: a boot may be late by so much
SETTLES_S = 10.0  # after an accepted boot it tells of its connectors; assumed
AHEAD_S = 600.0  # by which a clock is set forward for a moment
SAME_S = 60.0  # two clocks that differ by less follow one another; assumed
RETURNS_S = (5, 15, 30, 60, 120, 200, 300)  # how soon a unit dials again is told no more exactly


def confirmation(context: Context, status: str, interval_s: int) -> Payload:
    """BootNotification.conf."""
    return {"status": status, "currentTime": _iso(context, 0.0), "interval": interval_s}


def _iso(context: Context, ahead_s: float) -> str:
    moment = datetime.fromtimestamp(context.line.epoch_s + ahead_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def boots(context: Context, answer: Payload) -> int:
    """Have it boot and answer that: the mark before the boot; GivenUp where none can be triggered."""
    mark = context.line.mark()
    context.line.script("BootNotification", answer, times=1)
    asked = outcome(context.ask("TriggerMessage", {"requestedMessage": "BootNotification"}))
    if asked != "Accepted" or context.line.call_within(mark, "BootNotification") is None:
        context.line.script("BootNotification")
        raise GivenUp("no trigger brings a BootNotification")
    return mark


def accepted_again(context: Context) -> None:
    """The next boot is accepted: wait for it, or bring it about."""
    context.line.script("BootNotification")
    context.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    context.line.wait(SETTLES_S)


def _not_accepted(status: str, context: Context) -> None:
    """Is a CALL answered, is anything said, and when does the next boot come?"""
    mark = boots(context, confirmation(context, status, INTERVAL_S))
    begin_s = context.line.epoch_s
    after = context.line.mark()
    name = f"boot.{status.lower()}"
    try:
        id_ = f"probe-{status.lower()}"
        text = f'[2,"{id_}","GetConfiguration",{{"key":["HeartbeatInterval"]}}]'
        context.note(f"{name}.calls", outcome(context.line.raw(text, id_)))
        came = context.line.call_within(after, "BootNotification", WAITS_S)
        after_s = context.line.epoch_s - begin_s
        context.note(f"{name}.again", _when(after_s) if came is not None else "none in three intervals")
        said = sorted({one.frame[2] for one in _calls(context, mark)} - {"BootNotification"})
        context.note(f"{name}.says", " ".join(said) or "nothing")
    finally:
        accepted_again(context)


def _calls(context: Context, mark: int) -> list[Heard]:
    """What it said by itself up to the boot that was accepted."""
    found: list[Heard] = []
    boots = 0
    for one in context.line.since(mark):
        if not one.is_up or one.frame[0] != 2:
            continue
        boots += one.frame[2] == "BootNotification"
        if boots > 1:
            break
        found.append(one)
    return found


def _when(after_s: float) -> str:
    if after_s < INTERVAL_S - 1.0:
        return "earlier than its interval"
    return "after its interval" if after_s <= INTERVAL_S + LATE_S else "later than its interval"


def _interval(context: Context) -> None:
    """An accepted boot's interval: do heartbeats follow it?"""
    own = context.keeper.values.get("HeartbeatInterval")
    if own is None:
        raise GivenUp("it tells no HeartbeatInterval, which so could not be put back")
    context.keeper.write("HeartbeatInterval", own)  # so that it is put back
    boots(context, confirmation(context, "Accepted", INTERVAL_S))
    mark = context.line.mark()
    context.line.wait(2.5 * INTERVAL_S)
    beats = len(context.line.calls(mark, "Heartbeat"))
    context.note("boot.interval", "followed" if beats in (2, 3) else f"{beats} beats in 2.5 intervals")


def _hung_up(context: Context) -> None:
    """How soon does it dial again, and does it boot then? OCPP-J 5.4: it should not."""
    mark = context.line.mark()
    context.line.cut()
    context.line.wait(1.0)
    context.line.mend()
    after_s = context.line.back_after_s()
    if after_s is None:
        raise GivenUp(context.line.gone)
    within_s = next((one for one in RETURNS_S if after_s <= one), RETURNS_S[-1])
    context.note("link.returns", f"within {within_s} s")
    context.line.wait(SETTLES_S)
    again = context.line.calls(mark, "BootNotification")
    context.note("link.returns.boots", "yes" if again else "no")


def _clock(context: Context) -> None:
    """Policy follow_csms_time: a Heartbeat answered with another time."""
    if not _beat(context):
        raise GivenUp("no trigger brings a Heartbeat, with which its clock could be put right again")
    moved_s = _moved_s(context)
    if abs(moved_s) < SAME_S:
        moved_s = _moved_s(context)  # one odd answer alone may be taken for a mistake
    follows = abs(moved_s - AHEAD_S) < SAME_S
    context.note("clock.follows", "yes" if follows else "no")
    if follows or abs(moved_s) < SAME_S:
        context.note("policy.follow_csms_time", "real-time" if follows else "never")


def _moved_s(context: Context) -> float:
    """By how much a Heartbeat that is answered with a later time moves its clock; then it is put right."""
    before_s = _ahead_s(context)
    context.line.script("Heartbeat", {"currentTime": _iso(context, AHEAD_S)}, times=1)
    try:
        _beat(context)
        return _ahead_s(context) - before_s
    finally:
        context.line.script("Heartbeat")
        _beat(context)


def _beat(context: Context) -> bool:
    """Have it send a Heartbeat: does one come?"""
    mark = context.line.mark()
    asked = outcome(context.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}))
    came = asked == "Accepted" and context.line.call_within(mark, "Heartbeat") is not None
    context.line.wait(2.0)
    return came


def _ahead_s(context: Context) -> float:
    """By how much its clock, as a StatusNotification is stamped, is ahead of ours."""
    mark = context.line.mark()
    context.ask("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})
    told = context.line.call_within(mark, "StatusNotification") or {}
    stamped_s = context.line.moment_s(told.get("timestamp"))
    if stamped_s is None:
        raise GivenUp("no StatusNotification with a timestamp shows its clock")
    return stamped_s - context.line.epoch_s


def probes() -> list[Probe]:
    refused = [
        Probe(
            f"boot.{status.lower()}",
            GROUP,
            f"what does it do after a boot that is {status}?",
            partial(_not_accepted, status),
            decides="by what it says, and by when it boots again",
            needs=DISRUPTIVE,
            disturbs="answers a boot so that it waits a moment",
            restores="the next boot is accepted",
        )
        for status in ("Pending", "Rejected")
    ]
    return [
        *refused,
        Probe(
            "boot.interval",
            GROUP,
            "do heartbeats follow the interval of an accepted boot?",
            _interval,
            decides="by how many come",
            needs=DISRUPTIVE,
            disturbs="HeartbeatInterval, for a minute",
            restores="the value it had",
        ),
        Probe(
            "boot.hung_up",
            GROUP,
            "how soon does it dial again when it is hung up on, and does it boot?",
            _hung_up,
            decides="by when it is back",
            needs=DISRUPTIVE,
            disturbs="hangs up once",
        ),
        Probe(
            "boot.clock",
            GROUP,
            "does its clock follow ours?",
            _clock,
            decides="by the timestamp of a StatusNotification",
            needs=DISRUPTIVE,
            disturbs="sets its clock ten minutes forward for a moment",
            restores="the true time",
        ),
    ]
