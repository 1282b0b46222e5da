"""Frames that are none, lost, doubled, in disorder or under ids that cannot be."""

from copy import deepcopy

from tampering.kinds import (
    BENCH,
    Change,
    Kind,
    both,
    doubled,
    dropped,
    element,
    id_of_both,
    kind,
    put,
    without,
)
from tampering.recorded import Pick, Recorded, answer, call, order, sample

VERSION = answer(order("GetLocalListVersion"))
BEAT = call("Heartbeat", 1)


def _unanswered(pick: Pick) -> Change:
    def change(told: Recorded) -> None:
        told.rows.remove(told.reply_to(pick(told)))

    return change


def _as_error(pick: Pick) -> Change:
    """A CALLERROR instead of the answer, with a code of its own."""

    def change(told: Recorded) -> None:
        row = pick(told)
        row["frame"] = [4, row["frame"][1], "Nope", "", {}]

    return change


def _answered_twice(told: Recorded) -> None:
    told.add(deepcopy(VERSION(told)), after=VERSION(told))


def _answered_before(told: Recorded) -> None:
    asked = sample(8)(told)
    place = told.place(asked)
    reply = told.reply_to(asked)
    told.rows.remove(reply)
    told.rows.insert(place, reply | {"t": asked["t"], "at": asked["at"]})


def _two_at_a_time(told: Recorded) -> None:
    """The answer to one sample comes after that to the next."""
    reply = told.reply_to(sample(8)(told))
    told.rows.remove(reply)
    told.add(reply, after=told.reply_to(sample(9)(told)))


def _id_again(told: Recorded) -> None:
    id_of_both(sample(8), sample(7)(told)["frame"][1])(told)


def _crossed(told: Recorded) -> None:
    """The answers to two calls change places: each is what the other should get."""
    one, other = VERSION(told), answer(order("ChangeConfiguration"))(told)
    one["frame"][2], other["frame"][2] = other["frame"][2], one["frame"][2]


def _early_heartbeat(told: Recorded) -> None:
    boot = told.rows[0]
    beat = {**boot, "frame": [2, "h1", "Heartbeat", {}]}
    reply = {**boot, "dir": "down", "frame": [3, "h1", {"currentTime": boot["at"]}]}
    told.rows[0:0] = [beat, reply]


def _a_minute_lost(told: Recorded) -> None:
    """All that was said between two samples and the second of them is missing."""
    first, last = (told.place(sample(n)(told)) for n in (8, 11))
    told.rows[first + 2 : last + 2] = []


LOST: tuple[Kind, ...] = (
    kind("a message id is used again", _id_again, "rpc.id"),
    kind("a message id is too long", id_of_both(sample(8), "x" * 40), "rpc.id"),
    kind("a message id is a number", id_of_both(sample(8), 4711), "frame.form", "rpc.id"),
    kind("an answer has an id that nobody used", element(VERSION, 1, "zz"), "rpc.answered", "rpc.matched"),
    kind("an answer of the station is missing", _unanswered(order("GetLocalListVersion")), "rpc.answered"),
    kind("an answer of the CSMS is missing", _unanswered(call("StatusNotification", 3)), "rpc.answered"),
    kind("an answer comes twice", _answered_twice, "rpc.matched"),
    kind("an answer comes before its call", _answered_before, "rpc.matched", "rpc.answered"),
    kind("two calls are under way at a time", _two_at_a_time, "rpc.one-call-station", "rpc.answered"),
    kind("answers to two calls are confused", _crossed, "frame.schema"),
    kind(
        "an answer has the fields of another action",
        element(answer(BEAT), 2, {"status": "Accepted"}),
        "frame.schema",
    ),
    kind("an answer is empty that may not be", element(answer(call("Authorize")), 2, {}), "frame.schema"),
    kind("an error has a code that there is not", _as_error(VERSION), "frame.error-code"),
    kind("a sample is answered by an error", _as_error(answer(sample(8))), "frame.error-code"),
    kind("a frame is of a type that there is not", element(BEAT, 0, 7), "frame.form", "rpc.matched"),
    kind(
        "a call has an action that there is not", element(BEAT, 2, "Heartbeet"), "frame.schema", "frame.form"
    ),
    kind("a call has an action in lower case", element(BEAT, 2, "heartbeat"), "frame.schema", "frame.form"),
    kind("a call has no payload", lambda told: BEAT(told)["frame"].pop(), "frame.form"),
    kind("a payload is a list", element(BEAT, 3, []), "frame.schema", "frame.form"),
    kind(
        "a payload is null that may not be", element(call("Authorize"), 3, None), "frame.schema", "frame.form"
    ),
    kind("a field is foreign", put(call("StartTransaction"), "extra", 1), "frame.schema"),
    kind("a field is missing", without(call("StartTransaction"), "meterStart"), "frame.schema"),
    kind("a number is a text", put(call("StartTransaction"), "meterStart", "12"), "frame.schema"),
    kind("an id is a text", put(call("StopTransaction"), "transactionId", "1"), "frame.schema"),
    kind("a station talks before its boot", _early_heartbeat, "boot.first", shown_by=BENCH),
    kind("a station does not boot at first", dropped(call("BootNotification")), "boot.first", shown_by=BENCH),
    kind("a station boots five times", both(*[doubled(call("BootNotification"))] * 4), "boot.repeated"),
    kind(
        "a boot is refused and the station talks",
        put(answer(call("BootNotification")), "status", "Rejected"),
        "boot.first",
    ),
    kind(
        "a station has another model at its next boot",
        put(call("BootNotification", 1), "chargePointModel", "Other"),
        "boot.identity",
    ),
    kind(
        "a station has another serial number at its next boot",
        put(call("BootNotification", 1), "chargePointSerialNumber", "0000"),
        "boot.identity",
    ),
    kind("three minutes are missing", _a_minute_lost, "metering.sample-interval"),
)
