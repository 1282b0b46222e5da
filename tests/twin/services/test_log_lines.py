"""Lines of the diagnostics store in the forms that EVC4 and Homebox stations write (V32R10 to R18)."""

from typing import Any

import pytest

from evc5.models.faults import Fault
from evc5.twin.services import log_lines
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration


def keys(connectors: int = 2, **values: Any) -> Configuration:
    return Configuration(Behaviour.load("evc5-v32r30"), values, connectors, allow=True)


def start(waiting: int = 0, **values: Any) -> list[str]:
    return list(log_lines.of_start(keys(**values), "V32R30", waiting))


@pytest.mark.parametrize(
    ("pilot", "faults", "line"),
    [  # state and pilot in tenths of a volt; 0 and −11.2 V stand in a log, the other numbers are assumed
        ("A", [], "1 M3[1/120]S[00000000:]"),
        ("B", [], "1 M3[2/90]S[00000000:]"),
        ("C", [], "1 M3[3/60]S[00000000:]"),
        ("D", [], "1 M3[4/30]S[00000000:]"),
        ("F", [], "1 M3[0/-120]S[00000000:]"),
        ("B", [Fault.READER], "1 M3[2/90]S[00000800:RFID]"),
        ("B", [Fault.METER], "1 M3[2/90]S[12000000:KWH error]"),
        ("B", [Fault.METER, Fault.READER], "1 M3[2/90]S[12000800:KWH error,RFID]"),
        ("B", [Fault.GROUND], "1 M3[2/90]S[00000000:]"),
    ],
)
def test_a_state_of_mode_3_is_written_with_its_volts_and_faults(
    pilot: str, faults: list[str], line: str
) -> None:
    assert log_lines.of_mode3(1, pilot, faults) == line


@pytest.mark.parametrize(
    ("waiting", "line"),
    [
        (0, "EVENT FLASH MANAGER START [WRID:0][0/2048]MEM USAGE[0]"),
        (20, "EVENT FLASH MANAGER START [WRID:20][20/2048]MEM USAGE[0]"),
        (21, "EVENT FLASH MANAGER START [WRID:21][21/2048]MEM USAGE[1]"),
        (1024, "EVENT FLASH MANAGER START [WRID:1024][1024/2048]MEM USAGE[50]"),
        (2048, "EVENT FLASH MANAGER START [WRID:2048][2048/2048]MEM USAGE[100]"),
    ],
)
def test_a_start_tells_how_full_the_transaction_log_is_in_percent(waiting: int, line: str) -> None:
    assert line in start(waiting)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"com_ProtCh": "GSM"}, "Protocol [CH][TYPE]:[1:GSM][2:OCPP1.6]"),
        ({"com_ProtCh": "eth"}, "Protocol [CH][TYPE]:[6:ETH][2:OCPP1.6]"),
        ({"com_ProtType": "Lms"}, "Protocol [CH][TYPE]:[6:ETH][1:LMS]"),
        ({"com_ProtCh": "GSM"}, "GSM SIGQ[99]"),
        ({"grid_Role": "Station_ctrl", "chg_StationMaxCurrent": 25, "grid_InstallationMaxcurrent": 32},
         "PGrid[0:STATION CTRL]MIN.I[6]STATION[25]INSTALLATION[32]SUPERVISOR[0]"),
        ({"com_OCPCID": "NL*ECO*1000"}, "OCPP ID [NL*ECO*1000]"),
        ({"chg_KWH2": "EASTR_SDM630,2,19200,N,1"}, "Meter1:SN[0]Type[0]Speed[19200]Addr[2]Opt[0]"),
        ({"chg_KWH1": "eastr_sdm72d,1,9600,N,1"}, "Meter0:SN[0]Type[23]Speed[9600]Addr[1]Opt[0]"),
    ],
)  # fmt: skip
def test_a_start_tells_what_the_keys_say(values: dict[str, Any], line: str) -> None:
    assert line in start(**{"com_OCPCInfo": "modelname=EVC5", **values})


@pytest.mark.parametrize(
    ("meter", "lines"), [("None", 0), ("SDM,1", 0), ("SDM,1,9600", 5), ("SDM,1,9600,N,1", 5)]
)
def test_a_meter_is_told_of_where_its_type_address_and_speed_are_known(meter: str, lines: int) -> None:
    assert len(list(log_lines.of_meter(keys(chg_KWH1=meter), 1))) == lines


@pytest.mark.parametrize(("wait_s", "minutes"), [(1, 1), (60, 1), (61, 2), (180, 3)])
def test_a_retry_tells_its_wait_in_minutes_begun(wait_s: float, minutes: int) -> None:
    assert log_lines.of_retry(4, wait_s) == f"EV RETRY [4] DELAY [{minutes}] Min"


@pytest.mark.parametrize(("temp_c", "text"), [(29.4, "29C"), (29.6, "30C"), (-5.0, "-5C")])
def test_a_temperature_is_of_a_channel_counted_from_nought(temp_c: float, text: str) -> None:
    assert log_lines.of_temperature(1, temp_c) == f"Temperature [CH]:[0] {text}"
    assert log_lines.of_temperature(2, temp_c) == f"Temperature [CH]:[1] {text}"
