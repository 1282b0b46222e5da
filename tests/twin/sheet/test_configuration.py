"""What the configuration keys do with the values they are given, beyond what single rows of the sheet say."""

import pytest

from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration, TooManyKeys

WITH_FREQUENCY = "EASTR_SDM630,1,9600,N,1"


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour.load("evc5-v32r30")


@pytest.fixture
def configuration(behaviour: Behaviour) -> Configuration:
    return Configuration(behaviour)


def value(configuration: Configuration, key: str) -> str | None:
    [entry], _ = configuration.get([key])
    return entry.get("value")


def test_keys_are_found_whatever_their_case(configuration: Configuration) -> None:
    change = configuration.change("metervaluesampleINTERVAL", "30")
    assert (change.status, change.key) == ("Accepted", "MeterValueSampleInterval")
    assert configuration.integer("METERVALUESAMPLEINTERVAL") == 30


def test_one_unsupported_measurand_leaves_the_whole_list_unchanged(configuration: Configuration) -> None:
    configuration.change("MeterValuesSampledData", "Voltage,SoC")
    change = configuration.change("MeterValuesSampledData", "Energy.Active.Import.Register,RPM")
    assert change.status == "Rejected"
    assert value(configuration, "MeterValuesSampledData") == "Voltage,SoC"


@pytest.mark.parametrize("item", ["Voltage.L4", "SoC.L1", "Voltage.L1-N", "voltage", "Voltage,,SoC", "L1"])
def test_what_is_no_measurand_of_the_station_is_rejected(configuration: Configuration, item: str) -> None:
    assert configuration.change("MeterValuesSampledData", item).status == "Rejected"


def test_frequency_is_taken_once_a_channel_has_a_meter_that_measures_it(configuration: Configuration) -> None:
    assert configuration.change("MeterValuesAlignedData", "Frequency,Power.Factor").status == "Rejected"
    configuration.change("chg_KWH2", WITH_FREQUENCY)
    configuration.boot()
    assert configuration.change("MeterValuesAlignedData", "Frequency,Power.Factor").status == "Accepted"


def test_a_connector_reports_only_what_its_own_meter_measures(behaviour: Behaviour) -> None:
    keys = {"MeterValuesSampledData": ["Frequency", "SoC"], "chg_KWH2": WITH_FREQUENCY}
    configuration = Configuration(behaviour, keys)
    names = [
        [measurand.name for measurand, _ in configuration.measurands("MeterValuesSampledData", connector)]
        for connector in (1, 2)
    ]
    assert names == [["SoC"], ["Frequency", "SoC"]]


def test_a_channel_whose_meter_is_none_measures_nothing_electrical(configuration: Configuration) -> None:
    configuration.change("MeterValuesSampledData", "Voltage,Energy.Active.Import.Register,Temperature")
    configuration.change("chg_KWH1", "None")
    configuration.boot()
    left = configuration.measurands("MeterValuesSampledData", 1)
    assert [measurand.name for measurand, _ in left] == ["Temperature"]


@pytest.mark.parametrize(
    ("policy", "phases"), [("all", [None, "L1", "L2", "L3"]), ("total", [None])], ids=["all", "total"]
)
def test_a_bare_measurand_stands_for_what_the_policy_says(
    behaviour: Behaviour, policy: str, phases: list[str | None]
) -> None:
    configuration = Configuration(behaviour.with_policies({"bare_measurand": policy}))
    configuration.change("MeterValuesSampledData", "Power.Active.Import")
    assert [phase for _, phase in configuration.measurands("MeterValuesSampledData", 1)] == phases


def test_a_phase_asked_for_twice_is_sampled_once(configuration: Configuration) -> None:
    configuration.change("MeterValuesSampledData", "Voltage.L2,Voltage")
    phases = [phase for _, phase in configuration.measurands("MeterValuesSampledData", 1)]
    assert phases == ["L2", "L1", "L3"]


def test_a_change_that_needs_a_reboot_holds_only_from_the_next_boot(configuration: Configuration) -> None:
    heard: list[str] = []
    configuration.on_change.append(heard.append)
    assert configuration.change("chg_RatedCurrent", "16,16").status == "RebootRequired"
    assert value(configuration, "chg_RatedCurrent") == "16,16"
    assert (configuration.pair("chg_RatedCurrent"), heard) == ([32.0, 32.0], [])
    configuration.boot()
    assert (configuration.pair("chg_RatedCurrent"), heard) == ([16.0, 16.0], ["chg_RatedCurrent"])


def test_listeners_hear_of_changes_and_of_nothing_else(configuration: Configuration) -> None:
    heard: list[str] = []
    configuration.on_change.append(heard.append)
    configuration.change("ConnectionTimeOut", "90")
    configuration.change("ConnectionTimeOut", "90")
    configuration.change("ConnectionTimeOut", "soon")
    configuration.change("ResetRetries", "3")
    assert heard == ["ConnectionTimeOut"]


def test_what_was_set_survives_in_memory_and_the_rest_does_not_clutter_it(behaviour: Behaviour) -> None:
    before = Configuration(behaviour)
    before.change("ConnectionTimeOut", "90")
    before.change("chg_KWH1", WITH_FREQUENCY)
    after = Configuration(behaviour)
    after.load(before.dump())
    assert before.dump() == {"ConnectionTimeOut": "90", "chg_KWH1": WITH_FREQUENCY}
    assert (after.integer("ConnectionTimeOut"), after.text("chg_KWH1")) == (90, WITH_FREQUENCY)


def test_what_a_memory_says_of_meters_and_measurands_holds_from_then_on(behaviour: Behaviour) -> None:
    configuration = Configuration(behaviour)
    assert configuration.measurands("MeterValuesSampledData", 1) != ()
    configuration.load({"MeterValuesSampledData": "Voltage.L2"})
    [(measurand, phase)] = configuration.measurands("MeterValuesSampledData", 1)
    assert (measurand.name, phase) == ("Voltage", "L2")


def test_memory_of_another_firmware_may_hold_keys_this_one_does_not_have(behaviour: Behaviour) -> None:
    configuration = Configuration(behaviour)
    configuration.load({"OldKey": "1", "ConnectionTimeOut": "90"})
    assert configuration.dump() == {"ConnectionTimeOut": "90"}


def test_option_lists_read_as_switches_and_as_entries(configuration: Configuration) -> None:
    configuration.change("chg_Options", "RestartTransOnBoot=1, ZeRdy=0")
    assert configuration.options("chg_Options") == {"RestartTransOnBoot": "1", "ZeRdy": "0"}
    assert configuration.option("chg_Options", "restarttransonboot")
    assert not configuration.option("chg_Options", "ZeRdy")
    assert not configuration.option("chg_Options", "NoBeep")


def test_only_the_first_fifty_asked_for_are_answered(configuration: Configuration) -> None:
    asked = [f"Key{n}" for n in range(49)] + ["ConnectionTimeOut", "HeartbeatInterval", "Key50"]
    known, unknown = configuration.get(asked)
    assert [entry["key"] for entry in known] == ["ConnectionTimeOut"]
    assert unknown == asked[:49]


def test_asking_for_more_than_fifty_keys_is_an_error_where_the_policy_says_so(behaviour: Behaviour) -> None:
    configuration = Configuration(behaviour.with_policies({"too_many_keys": "CALLERROR"}))
    with pytest.raises(TooManyKeys, match=r"at most 50 items .*, got 51"):
        configuration.get([f"Key{n}" for n in range(51)])


def test_a_one_channel_station_has_one_item_where_a_list_goes_by_channel(behaviour: Behaviour) -> None:
    configuration = Configuration(behaviour, connectors=1)
    assert configuration.integer("NumberOfConnectors") == 1
    assert configuration.pair("chg_RatedCurrent") == [32.0]
    assert configuration.change("chg_RatedCurrent", "16,16").status == "Rejected"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"ConnectionTimeOut": 30}, "30"),
        ({"LocalPreAuthorize": True}, "true"),
        ({"MeterValuesSampledData": ["SoC", "Voltage.L1"]}, "SoC,Voltage.L1"),
        ({"chg_RatedCurrent": [16, 20]}, "16,20"),
        ({"chg_Options": {"ChgProf": 0}}, "ChgProf=0"),
        ({"lightintensity": 20}, "50"),
    ],
    ids=str,
)
def test_a_rig_sets_keys_in_its_own_types(
    behaviour: Behaviour, given: dict[str, object], stored: str
) -> None:
    configuration = Configuration(behaviour, given)  # type: ignore[arg-type]
    assert configuration.text(next(iter(given))) == stored


@pytest.mark.parametrize(
    ("key", "given", "message"),
    [
        ("HeartbeatInterval", -3, r"HeartbeatInterval must be >= 0, got -3 \(table 13\)"),
        ("LightIntensity", 101, r"LightIntensity must be <= 100, got 101 \(table 13\)"),
        ("LocalPreAuthorize", "yes", r"LocalPreAuthorize must be true or false, got 'yes' \(table 13\)"),
        ("NumberOfConnectors", 2, r"NumberOfConnectors is read-only: the station's .* \(table 13\)"),
        ("ChargingScheduleMaxPeriods", 4, r"ChargingScheduleMaxPeriods is read-only \(table 16\), got '4'"),
        ("ResetRetries", 3, r"ResetRetries is hard-coded in this charge point \(table 13\), got '3'"),
        ("SupportedFileTransferProtocols", "FTP", r"is missing from this charge point \(table 19\)"),
        ("MinimumStatusDuration", 5, r"MinimumStatusDuration is in no table of the sheet of evc5-v32r30"),
        ("MeterValuesSampledData", "RPM", r"RPM is no measurand of this charge point; it has Current.Import"),
    ],
)
def test_a_rig_that_sets_what_the_sheet_refuses_is_told_the_table(
    behaviour: Behaviour, key: str, given: str | int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Configuration(behaviour, {key: given})


def test_even_an_allowed_override_keeps_the_type(behaviour: Behaviour) -> None:
    with pytest.raises(ValueError, match="ConnectionTimeOut must be a whole number, got 'soon'"):
        Configuration(behaviour, {"ConnectionTimeOut": "soon"}, allow=True)


def test_even_an_allowed_override_has_an_item_for_each_connector(behaviour: Behaviour) -> None:
    with pytest.raises(ValueError, match=r"chg_SktType must have 2 item\(s\), one for each connector"):
        Configuration(behaviour, {"chg_SktType": "CP+PP"}, connectors=2, allow=True)


def test_what_the_station_assigns_is_no_setting_to_remember(configuration: Configuration) -> None:
    configuration.change("HeartbeatInterval", "60")
    heard: list[str] = []
    configuration.on_change.append(heard.append)
    configuration.assign("HeartbeatInterval", 300)  # a BootNotification was answered
    configuration.assign("HeartbeatInterval", 300)
    assert (configuration.integer("HeartbeatInterval"), configuration.dump()) == (300, {})
    assert heard == ["HeartbeatInterval"]  # once: the second is no news


def test_hardware_sets_its_read_only_keys(configuration: Configuration) -> None:
    configuration.assign("ConnectorSwitch3to1PhaseSupported", True)
    assert value(configuration, "ConnectorSwitch3to1PhaseSupported") == "true"
    assert configuration.change("ConnectorSwitch3to1PhaseSupported", "false").status == "Rejected"


def test_a_rig_gives_the_first_values_and_memory_wins_over_them(behaviour: Behaviour) -> None:
    configuration = Configuration(behaviour, {"ConnectionTimeOut": 30, "LocalPreAuthorize": True})
    configuration.load({"ConnectionTimeOut": "90"})
    assert (configuration.integer("ConnectionTimeOut"), configuration.flag("LocalPreAuthorize")) == (90, True)


@pytest.mark.parametrize("policy", ["Accepted", "Rejected"])
def test_writing_a_hard_coded_key_is_answered_by_policy_and_changes_nothing(
    behaviour: Behaviour, policy: str
) -> None:
    configuration = Configuration(behaviour.with_policies({"hardcoded_write": policy}))
    assert configuration.change("ResetRetries", "3").status == policy
    assert value(configuration, "ResetRetries") == "1"


def test_a_value_longer_than_500_characters_is_rejected(configuration: Configuration) -> None:
    assert configuration.change("lcd_language", "x" * 500).status == "Accepted"
    assert configuration.change("lcd_language", "x" * 501).status == "Rejected"


@pytest.mark.parametrize("text", ["2147483648", "٣", "+5", "5 minutes", "", "0x10"])
def test_what_is_no_number_a_controller_holds_is_rejected(configuration: Configuration, text: str) -> None:
    assert configuration.change("ConnectionTimeOut", text).status == "Rejected"


def test_allowed_overrides_make_another_firmware(behaviour: Behaviour) -> None:
    keys = {
        "ChargingScheduleMaxPeriods": 4,
        "ChargeProfileMaxStackLevel": 8,
        "ResetRetries": 3,
        "MinimumStatusDuration": 5,
        "LightIntensity": 500,
    }
    configuration = Configuration(behaviour, keys, allow=True)
    known, unknown = configuration.get(keys)
    assert {entry["key"]: entry["value"] for entry in known} == {
        "ChargingScheduleMaxPeriods": "4",
        "ChargeProfileMaxStacklevel": "8",
        "ResetRetries": "3",
        "MinimumStatusDuration": "5",
        "LightIntensity": "500",
    }
    assert unknown == []
    dark = Configuration(behaviour, {"LightIntensity": 0}, allow=True)
    assert dark.integer("LightIntensity") == 0, "this firmware's own is at least 50"


def test_what_follows_from_keys_is_worked_out_once_until_one_is_set(configuration: Configuration) -> None:
    made: list[str] = []

    def make(keys: Configuration) -> str:
        made.append(keys.text("MeterValueSampleInterval"))
        return made[-1]

    before = configuration.follows(make)
    assert configuration.follows(make) == before and made == [before]
    configuration.change("MeterValueSampleInterval", "30")
    assert (configuration.follows(make), made) == ("30", [before, "30"])
    configuration.assign("MeterValueSampleInterval", 60)
    assert configuration.follows(make) == "60"
    configuration.load({"MeterValueSampleInterval": "45"})
    assert configuration.follows(make) == "45"
