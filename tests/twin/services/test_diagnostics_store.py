"""The diagnostics store: what is noted while an upload runs is kept; a location that is none fails."""

import re

import pytest

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.twin.services.diagnostics import Log

START = "2024-03-01T10:00:00Z"


def test_what_is_noted_after_the_reading_stays() -> None:
    log = Log(1000)
    log.note(1.0, "t1", "before")
    assert b"before" in log.read(None, None)
    log.note(2.0, "t2", "meanwhile")
    log.drop_read()
    assert log.read(None, None).rstrip(b"\0") == b"t2:meanwhile\n"


def test_what_had_to_go_for_want_of_room_is_not_counted_twice() -> None:
    log = Log(3 * 14)  # room for three of the lines, to the byte
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


def test_what_happens_to_a_station_is_noted_as_it_happens() -> None:
    bench = Bench(start=START)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    bench.call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "77"})
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(60)
    content = uploaded(bench)
    for line in (
        b"10:00:00:start of V32R30",
        b"10:00:00:online",
        b"10:00:00:1 Preparing",
        b"10:00:00:1 transaction begins TAG1",
        b"10:01:00:ConnectionTimeOut changed",
        b"10:01:00:1 transaction ends 1",
        b"10:01:00:1 Finishing",
        b"10:02:01:Hard reset",
        b"10:02:31:start of V32R30",
    ):
        assert b" " + line + b"\n" in content, line


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


def test_the_modem_the_bus_the_temperatures_and_mode_3_are_told_as_far_as_they_are_modelled() -> None:
    """M3 as `M3[0/-112]S[12000800:KWH error,RFID]`."""
    bench = Bench(start="2024-03-01T10:00:00Z", keys={"com_ProtCh": "GSM"})
    temp_c = round(bench.reading(2)["temp_c"])
    bench.plug_in(1)
    bench.inject("power-meter-failure", connector=2)
    bench.inject("reader-failure", connector=2)
    bench.inject("pilot-short", connector=2)
    bench.advance(60)
    content = uploaded(bench)
    for line in (
        b"Protocol [CH][TYPE]:[1:GSM][2:OCPP1.6]",
        b"GSM SIGQ[99]",
        b"CAN RX RINGBUFFER CTX",
        b"Temperature [CH]:[1] %dC" % temp_c,
        b"1 M3[2/90]S[00000000:]",
        b"2 M3[0/0]S[12000800:KWH error,RFID]",
    ):
        assert b":" + line + b"\n" in content, (line, content)
    assert b"GSM" not in uploaded(Bench())


def test_heat_that_takes_current_is_noted_with_the_temperature() -> None:
    hot = {"mean_c": 60, "swing_k": 0, "sun_k": 0}
    bench = Bench(rig=RigFile.parse({"name": "hot", "start": START, "days": 1, "ambient": hot}))
    bench.plug_in(1, "renault-zoe-ze50", soc=0.1)
    bench.present_tag(1, "TAG1")
    bench.advance(1800)
    told = [int(t) for t in re.findall(rb"Temperature \[CH\]:\[0\] (\d+)C", uploaded(bench))]
    assert told[0] >= 60 and bench.reading(1)["limited_by"] == "temperature"
    assert max(told) == pytest.approx(bench.reading(1)["temp_c"], abs=3.0) and len(told) > 2


def test_a_transaction_message_that_will_be_sent_again_is_noted_with_its_wait() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    bench.csms.reply("StartTransaction", error="InternalError", times=2)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(200)
    content = uploaded(bench)
    assert b"10:00:00:EV RETRY [1] DELAY [3] Min\n" in content
    assert b"10:03:00:EV RETRY [2] DELAY [3] Min\n" in content
