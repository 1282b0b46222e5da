"""The diagnostics store: what is noted while an upload runs is kept; a location that is none fails."""

import re

import pytest

from evc5 import Bench
from evc5.twin.services.diagnostics import Log


def test_what_is_noted_after_the_reading_stays() -> None:
    log = Log(1000)
    log.note(1.0, "t1", "before")
    assert b"before" in log.read(None, None)
    log.note(2.0, "t2", "meanwhile")
    log.drop_read()
    assert log.read(None, None).rstrip(b"\0") == b"t2:meanwhile\n"


def test_what_had_to_go_for_want_of_room_is_not_counted_twice() -> None:
    log = Log(45)  # room for three of the lines
    for number in range(3):
        log.note(number, f"t{number}", "x" * 10)
    log.read(None, None)
    log.note(3.0, "t3", "y" * 10)  # gives up the oldest
    log.drop_read()
    assert log.read(None, None).rstrip(b"\0") == b"t3:yyyyyyyyyy\n"


def test_an_event_during_an_upload_is_in_the_next_one() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.plug_in(1)
    bench.advance(60)
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.advance(60)
    first, second = bench.files.values()
    assert b"1 Preparing" not in first and b"1 Preparing" in second


@pytest.mark.parametrize("location", ["bad://files.example/", "files.example", "file:///tmp/", "//[/x"])
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


def uploaded(bench: Bench) -> bytes:
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.advance(60)
    content: bytes = list(bench.files.values())[-1]
    return content


LINE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\S.*")


def test_a_start_is_told_as_an_evc4_tells_it() -> None:
    """Meters, memories and load balancing, as logs of EVC4 and Homebox stations have them (V32R10 to R18)."""
    keys = {
        "chg_KWH1": "EASTR_SDM72D,1,9600,N,1",
        "chg_KWH2": "None",
        "com_OCPCInfo": "modelname=EVC5,vendorname=Ecotap,CpSn=1,meterserial=12345678",
        "chg_StationMaxCurrent": 25,
        "grid_InstallationMaxcurrent": 32,
    }
    content = uploaded(Bench(start="2024-03-01T10:00:00Z", keys=keys))
    lines = content.rstrip(b"\0").decode().splitlines()
    assert all(LINE.fullmatch(line.encode()) for line in lines)
    texts = [line[len("2024-03-01 10:00:00:") :] for line in lines]
    for text in (
        "Protocol [CH][TYPE]:[6:ETH][2:OCPP1.6]",
        "PGrid[0:STATION CTRL]MIN.I[6]STATION[25]INSTALLATION[32]SUPERVISOR[0]",
        "RAM SIZE/CEILING:128KB/122732",
        "FLASH SIZE/CEILING:4096KB/3674112",
        "EVENT FLASH MANAGER START [WRID:0][0/2048]MEM USAGE[0]",
        "Meter0:SN[12345678]Type[23]Speed[9600]Addr[1]Opt[0]",
        "KWH:AD[1]RG[FC00]R[1]OK",
        "KWH METER [CH][SERIAL][TYPE]:[0][12345678][Eastron SDM72D]",
        "KWH:AD[1]RG[48]R[1]OK",
    ):
        assert text in texts
    assert not any(text.startswith("Meter1") for text in texts), "there is none"
    assert len(content) % 256 == 0


def test_a_meter_that_falls_silent_leaves_bytes_that_are_no_text() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.inject("power-meter-failure", connector=2)
    bench.advance(60)
    content = uploaded(bench)
    assert b"KWH:AD[2]JU:[237,0,0]\xed\0\0\n" in content
    assert b"KWH:AD[2]RG[48]REC[9,9]ERR[TO]\n" in content
    with pytest.raises(UnicodeDecodeError):
        content.decode()
    bench.clear("power-meter-failure", connector=2)
    bench.advance(60)
    assert b"KWH:AD[2]RG[48]R[1]OK\n" in uploaded(bench)


def test_a_transaction_message_that_will_be_sent_again_is_noted_with_its_wait() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.csms.reply("StartTransaction", error="InternalError", times=2)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(200)
    content = uploaded(bench)
    assert b"10:00:00:EV RETRY [1] DELAY [3] Min\n" in content
    assert b"10:03:00:EV RETRY [2] DELAY [3] Min\n" in content
