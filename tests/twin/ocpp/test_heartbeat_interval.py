"""HeartbeatInterval is what the last boot's answer says; where that is 0, the station's own (6.4)."""

from typing import Any

from evc5 import Bench

OWN = 1440  # the sheet's default, seen on an EVC4


def told(bench: Bench) -> int:
    keys = bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"]
    return int(keys[0]["value"])


def booted_with(bench: Bench, interval: int) -> Bench:
    def answer(_: dict[str, Any]) -> dict[str, Any]:
        at = bench.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"status": "Accepted", "currentTime": at, "interval": interval}

    bench.csms.reply("BootNotification", answer)
    bench.call("Reset", {"type": "Hard"})
    return bench.advance(120)


def test_a_boot_that_gives_no_interval_brings_the_stations_own_back() -> None:
    bench = booted_with(Bench(), 300)
    assert told(bench) == 300
    assert told(booted_with(bench, 0)) == OWN


def test_an_interval_that_the_back_office_has_set_since_stays() -> None:
    bench = booted_with(Bench(), 300)
    bench.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "77"})
    assert told(booted_with(bench, 0)) == 77
