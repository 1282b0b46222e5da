"""Stamps and contexts that are not those of what is told, and samples that are missing or come twice."""

from tampering.kinds import (
    Change,
    Kind,
    doubled,
    dropped,
    kind,
    moved,
    put,
    stamped,
)
from tampering.recorded import Recorded, answer, call, later, payload, sample, samples

AT = "meterValue.0.timestamp"
HOUR_S = 3600.0
CLOCK = "Sample.Clock"


def _context(text: str, n: int = 8) -> Change:
    def change(told: Recorded) -> None:
        for one in payload(samples(told)[n])["meterValue"][0]["sampledValue"]:
            one["context"] = text

    return change


def _all_later(seconds: float) -> Change:
    """Every stamp of the station, as of a clock that is wrong throughout."""

    def change(told: Recorded) -> None:
        for row in told.rows:
            if row["dir"] == "up" and row["frame"][0] == 2:
                _later(payload(row), seconds)

    return change


def _later(part: dict | list, seconds: float) -> None:
    inside = part.values() if isinstance(part, dict) else part
    for one in inside:
        if isinstance(one, dict | list):
            _later(one, seconds)
    if isinstance(part, dict) and "timestamp" in part:
        part["timestamp"] = later(part["timestamp"], seconds)


def _drifts(told: Recorded) -> None:
    """Each sample is taken 2 s later than its interval asks."""
    for n, row in enumerate(samples(told)[4:14]):
        block = payload(row)["meterValue"][0]
        block["timestamp"] = later(block["timestamp"], 2.0 * n)


def _exchanged(told: Recorded) -> None:
    one, other = (payload(row)["meterValue"][0] for row in samples(told)[8:10])
    one["timestamp"], other["timestamp"] = other["timestamp"], one["timestamp"]


def _no_clock(told: Recorded) -> None:
    """Connector 1 has no clock-aligned data at all."""
    for row in samples(told, CLOCK, None):
        if payload(row)["connectorId"] == 1:
            told.drop(row)


def _both_in_one(told: Recorded) -> None:
    """Two samples are told in one message, the later first."""
    one, other = samples(told)[8:10]
    payload(one)["meterValue"].insert(0, payload(other)["meterValue"][0])
    told.drop(other)


STAMPS: tuple[Kind, ...] = (
    kind("a sample is 20 s late", stamped(sample(8), 20.0, AT), "metering.sample-interval"),
    kind("a sample is stamped 1970", put(sample(8), AT, "1970-01-01T00:00:00Z"), "clock.station"),
    kind("a sample is stamped 2099", put(sample(8), AT, "2099-01-01T00:00:00Z"), "clock.station"),
    kind("a stamp has no zone", put(sample(8), AT, lambda old: old.rstrip("Z")), "frame.timestamp"),
    kind("a stamp is no date", put(sample(8), AT, "2024-13-45T99:00:00Z"), "frame.timestamp", "frame.schema"),
    kind("a stamp is epoch seconds", put(sample(8), AT, "1709287686"), "frame.timestamp", "frame.schema"),
    kind("all stamps are an hour ahead", _all_later(HOUR_S), "clock.station"),
    kind("local time is told as Z", _all_later(2 * HOUR_S), "clock.station"),
    kind("all stamps are a day behind", _all_later(-24 * HOUR_S), "clock.station"),
    kind(
        "a start is stamped an hour ahead",
        stamped(call("StartTransaction", 1), HOUR_S),
        "clock.station",
        "transaction.times",
    ),
    kind(
        "a stop is stamped ten minutes ahead",
        stamped(call("StopTransaction", 1), 600.0),
        "clock.station",
        "transaction.times",
    ),
    kind(
        "a stop is stamped before its start",
        stamped(call("StopTransaction"), -3 * HOUR_S),
        "transaction.times",
    ),
    kind(
        "a status is stamped 1970",
        put(call("StatusNotification", status="Charging"), "timestamp", "1970-01-01T00:00:00Z"),
        "clock.station",
    ),
    kind("samples drift", _drifts, "metering.sample-interval"),
    kind("two samples exchange their stamps", _exchanged, "metering.order", "metering.sample-interval"),
    kind(
        "two samples are told in one message, the later first",
        _both_in_one,
        "metering.order",
        "metering.sample-interval",
        "metering.register-monotonic",
    ),
    kind("a sample is missing", dropped(sample(8)), "metering.sample-interval"),
    kind(
        "a sample told after an outage is missing",
        dropped(sample(5, transaction=3)),
        "metering.sample-interval",
    ),
    kind(
        "samples told after an outage change places",
        moved(sample(4, transaction=3), sample(6, transaction=3)),
        "metering.order",
    ),
    kind("a sample comes twice", doubled(sample(8), with_its_id=True), "rpc.id", "metering.sample-interval"),
    kind(
        "a sample comes twice under two ids", doubled(sample(8)), "metering.sample-interval", "metering.order"
    ),
    kind(
        "a sample is stamped before its transaction",
        stamped(sample(0), -3600.0, AT),
        "metering.sample-interval",
        "transaction.belongs",
        "metering.order",
    ),
    kind("a periodic sample is told as clock-aligned", _context(CLOCK), "metering.clock-boundary"),
    kind("a periodic sample is told as the begin", _context("Transaction.Begin"), "metering.context"),
    kind("a periodic sample is told as triggered", _context("Trigger"), "metering.sample-interval"),
    kind(
        "a clock-aligned sample is off its boundary",
        stamped(sample(0, CLOCK, None), 7.0, AT),
        "metering.clock-boundary",
    ),
    kind(
        "clock-aligned samples are missing",
        dropped(sample(2, CLOCK, None), sample(3, CLOCK, None)),
        "metering.clock-complete",
    ),
    kind("one connector has no clock-aligned samples", _no_clock, "metering.clock-complete"),
    kind(
        "a clock-aligned sample comes twice",
        doubled(sample(0, CLOCK, None)),
        "metering.clock-complete",
        "metering.order",
        "metering.clock-boundary",
    ),
    kind(
        "the values of the begin are told as of the end",
        put(call("StopTransaction"), "transactionData.0.sampledValue.0.context", "Transaction.End"),
        "metering.stop-data",
        "metering.context",
    ),
    kind(
        "the values of the end are of another day",
        stamped(call("StopTransaction"), 24 * HOUR_S, "transactionData.1.timestamp"),
        "metering.stop-data",
        "clock.station",
    ),
    kind(
        "the values of the begin differ",
        put(call("StopTransaction"), "transactionData.0.sampledValue.0.value", "777"),
        "metering.start-stop",
    ),
    kind(
        "the CSMS tells another hour once",
        put(answer(call("Heartbeat", 3)), "currentTime", lambda old: later(old, 10 * HOUR_S)),
        "clock.csms",
    ),
    kind(
        "the CSMS tells another hour at the boot",
        put(answer(call("BootNotification")), "currentTime", lambda old: later(old, -HOUR_S)),
        "clock.csms",
    ),
    kind(
        "no Heartbeat is sent at the end",
        lambda told: [told.drop(row) for row in told.calls("Heartbeat")[-6:]] and None,
        "heartbeat.interval",
    ),
)
