"""What the values of vendor keys mean to the device, value by value; formats as EVC4 stations have them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evc5.twin.sheet import vendor
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration


def keys(behaviour: str = "evc5-v32r30", assumed: str = "off", **values: Any) -> Configuration:
    known = Behaviour.load(behaviour).with_policies({"assumed_keys": assumed})
    return Configuration(known, values, allow=True)


Asks = Callable[..., Any]


@pytest.mark.parametrize(
    ("asks", "values", "says"),
    [
        (vendor.speaks_ocpp, {"com_ProtType": "OCPP1.6J"}, True),
        (vendor.speaks_ocpp, {"com_ProtType": "Lms"}, False),
        (vendor.uses_tls, {"com_Options": "comMaster=0,UseTLS=1"}, True),
        (vendor.uses_tls, {"com_Options": "useTLS=1"}, True),  # seen in either spelling
        (vendor.uses_tls, {"com_Options": "comMaster=1,UseTLS=0"}, False),
        (vendor.blocks_before_boot, {"com_Options": "BlockBeforeBoot=1,blockLgFull=0"}, True),
        (vendor.blocks_before_boot, {"com_Options": "BlockBeforeBoot=0,blockLgFull=1"}, False),
        (vendor.blocks_when_full, {"com_Options": "BlockBeforeBoot=0,blockLgFull=1"}, True),
        (vendor.blocks_when_full, {"com_Options": "BlockBeforeBoot=1,blockLgFull=0"}, False),
        (vendor.allows_all_cards, {"com_AuthOptions": "StopOnAnyCrd=0,AllowAllCards=1"}, True),
        (vendor.allows_all_cards, {"com_AuthOptions": "StopOnAnyCrd=1,AllowAllCards=0"}, False),
        (vendor.stops_on_any_card, {"com_AuthOptions": "StopOnAnyCrd=1,AllowAllCards=0"}, True),
        (vendor.stops_on_any_card, {"com_AuthOptions": "StopOnAnyCrd=0,AllowAllCards=1"}, False),
        (vendor.asks_online, {"com_AuthOptions": "chkOnlineAuth=0"}, False),
        (vendor.asks_online, {"com_AuthOptions": "StopOnAnyCrd=0"}, True),  # unmentioned: it does
        (vendor.applies_profiles, {"chg_Options": "ChgProf=1,ZeRdy=0"}, True),
        (vendor.applies_profiles, {"chg_Options": "ChgProf=0,ZeRdy=1"}, False),
        (vendor.resumes_transactions, {"chg_Options": "RestartTransOnBoot=1"}, True),
        (vendor.resumes_transactions, {"chg_Options": "RestartTransOnBoot=0,ZeRdy=1"}, False),
        (vendor.updates_in_idle_only, {"com_FwOptions": "FwUpdateInIdleOnly=1"}, True),
        (vendor.updates_in_idle_only, {"com_FwOptions": "FwUpdateInIdleOnly=0,Sfwu=1"}, False),
    ],
)
def test_an_option_of_the_station(asks: Asks, values: dict[str, str], says: bool) -> None:
    assert asks(keys(**values)) is says


@pytest.mark.parametrize(
    ("asks", "values", "says"),
    [  # of connectors 1 and 2
        (vendor.plug_and_charge, {"chg_Ch1Options": "PlugAndCharge=1"}, (True, False)),
        (vendor.plug_and_charge, {"chg_Ch2Options": "PlugAndCharge=1"}, (False, True)),
        (vendor.stops_when_complete, {"chg_Ch2Options": "StopOnChargeComplete=1"}, (False, True)),
        (vendor.stops_offline_on_disconnect, {"chg_Ch1Options": "OfflineStopOnDisconnect=1"}, (True, False)),
        (vendor.is_enabled, {"chg_ChannelsEnabled": "1,2"}, (True, True)),
        (vendor.is_enabled, {"chg_ChannelsEnabled": "2"}, (False, True)),
        (vendor.has_lock, {"chg_SktType": "Lock+CP+PP,CP"}, (True, False)),
        (vendor.has_lock, {"chg_SktType": "CP,cp+lock"}, (False, True)),
        (vendor.has_reader, {"chg_Reader1": "sl032,CH1", "chg_Reader2": "none,any"}, (True, False)),
        (vendor.has_reader, {"chg_Reader1": "none,CH1", "chg_Reader2": "sl032, ch2"}, (False, True)),
        (vendor.has_reader, {"chg_Reader1": "sl032,any", "chg_Reader2": "none,any"}, (True, True)),
        (vendor.has_reader, {"chg_Reader1": "none,any", "chg_Reader2": "None,CH2"}, (False, False)),
    ],
)
def test_an_option_of_a_channel(asks: Asks, values: dict[str, str], says: tuple[bool, bool]) -> None:
    assert (asks(keys(**values), 1), asks(keys(**values), 2)) == says


@pytest.mark.parametrize(
    ("asks", "values", "as_named", "off"),
    [  # of connectors 1 and 2; where the policy is off the names suggest nothing
        (vendor.stops_on_low_cosphi, {"chg_Ch1Options": "StopOnLowCosphi=1"}, (True, False), (False, False)),
        (vendor.senses_over_current, {"chg_Ch1Options": "OvercurrentSens=1"}, (True, False), (True, True)),
        (vendor.senses_residual_current, {"io_InputCfg": "None,RCD2"}, (False, True), (True, True)),
        (vendor.senses_residual_current, {"io_InputCfg": "rcd,None"}, (True, False), (True, True)),
    ],
)
def test_what_a_name_suggests_acts_by_policy_alone(
    asks: Asks, values: dict[str, str], as_named: tuple[bool, bool], off: tuple[bool, bool]
) -> None:
    for policy, says in (("as-named", as_named), ("off", off)):
        configuration = keys(assumed=policy, **values)
        assert (asks(configuration, 1), asks(configuration, 2)) == says


@pytest.mark.parametrize(
    ("outputs", "charging"),
    [
        ("Charging_Ch1,Charging_Ch2", {1: ("Charging_Ch1", 1), 2: ("Charging_Ch2", 2)}),
        ("None,charging_ch1", {2: ("charging_ch1", 1)}),
        ("Fault,Charging_ChX", {}),
        ("Charging_Ch,Chargers_of1", {}),
        ("Something_1,2", {}),
    ],
)
def test_an_output_that_shows_charging_is_known_by_its_name(
    outputs: str, charging: dict[int, tuple[str, int]]
) -> None:
    assert vendor.charging_outputs(keys(assumed="as-named", io_OutputCfg=outputs)) == charging
    assert vendor.charging_outputs(keys(io_OutputCfg=outputs)) == {}


@pytest.mark.parametrize(("amps", "assumed", "limit_a"), [
    (10, "as-named", 10.0), (1, "as-named", 1.0), (0, "as-named", None), (10, "off", None),
])  # fmt: skip
def test_a_supervisors_current_is_a_limit_where_there_is_one(
    amps: int, assumed: str, limit_a: float | None
) -> None:
    assert vendor.supervisor_a(keys(assumed=assumed, grid_SupervisorTotalcurrent=amps)) == limit_a


LONG = "x" * 30
INFO = f"modelname={LONG},vendorname={LONG},CpSn={LONG},meterserial={LONG}"
METER = "EASTR_SDM72D,1,9600,N,1"


@pytest.mark.parametrize(
    ("behaviour", "field", "values", "told"),
    [  # lengths: 6.3
        ("ocpp16", "chargePointVendor", {"com_OCPCInfo": INFO}, "x" * 20),
        ("ocpp16", "chargePointModel", {"com_OCPCInfo": INFO}, "x" * 20),
        ("ocpp16", "chargePointSerialNumber", {"com_OCPCInfo": INFO}, "x" * 25),
        ("ocpp16", "chargeBoxSerialNumber", {"com_OCPCInfo": INFO}, "x" * 25),
        ("ocpp16", "firmwareVersion", {}, "V32R30"),
        ("evc5-v32r30", "meterType", {"chg_KWH1": METER}, None),  # the sheet, 3.1.1: not supported
        ("evc5-v32r30", "meterSerialNumber", {"com_OCPCInfo": INFO}, None),
    ],
)
def test_a_boots_fields_are_as_long_as_they_may_be(
    behaviour: str, field: str, values: dict[str, str], told: str | None
) -> None:
    assert vendor.boot_fields(keys(behaviour, **values), "V32R30").get(field) == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"chg_KWH1": METER, "com_OCPCInfo": INFO}, ("Eastron SDM72D", "x" * 25)),
        ({"chg_KWH1": f"{LONG},1,9600,N,1"}, ("x" * 25, None)),
        ({"chg_KWH1": "None"}, ("None", None)),
    ],
)
def test_what_a_boot_tells_of_the_meter_is_a_row_of_the_behaviour(
    tmp_path: Path, values: dict[str, str], told: tuple[str | None, str | None]
) -> None:
    later = tmp_path / "later.toml"  # as stations of 2026 do
    later.write_text('inherits = "evc5-v32r30"\n[table.2.BootNotification]\nomits = []\n')
    values = {"com_OCPCInfo": "modelname=EVC5", **values}
    fields = vendor.boot_fields(keys(str(later), **values), "V32R30")
    assert (fields.get("meterType"), fields.get("meterSerialNumber")) == told
