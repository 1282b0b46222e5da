"""The diagnostics store: what is noted while an upload runs is kept; a location that is none fails."""

import pytest

from evc5 import Bench
from evc5.twin.services.diagnostics import Log


def test_what_is_noted_after_the_reading_stays() -> None:
    log = Log(1000)
    log.note(1.0, "t1", "before")
    assert b"before" in log.read(None, None)
    log.note(2.0, "t2", "meanwhile")
    log.drop_read()
    assert log.read(None, None) == b"time\tevent\nt2\tmeanwhile\n"


def test_what_had_to_go_for_want_of_room_is_not_counted_twice() -> None:
    log = Log(60)
    for number in range(3):
        log.note(number, f"t{number}", "x" * 10)
    log.read(None, None)
    log.note(3.0, "t3", "y" * 10)  # gives up the oldest
    log.drop_read()
    assert log.read(None, None) == b"time\tevent\nt3\tyyyyyyyyyy\n"


def test_an_event_during_an_upload_is_in_the_next_one() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.plug_in(1)
    bench.advance(60)
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.advance(60)
    first, second = bench.files.values()
    assert b"1 Preparing" not in first and b"1 Preparing" in second


@pytest.mark.parametrize("location", ["bad://files.example/", "files.example", "file:///tmp/"])
def test_a_location_that_is_none_fails_on_simulated_servers_too(location: str) -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.plug_in(1)
    bench.call("GetDiagnostics", {"location": location})
    bench.advance(60)
    told = bench.run_so_far().frames("DiagnosticsStatusNotification")
    assert [frame.payload["status"] for frame in told if frame.kind == "CALL"] == [
        "Uploading",
        "UploadFailed",
    ]
    assert dict(bench.files) == {}
