"""From one reading of the meter to sampledValue: each measurand of the sheet's table 3 has its own number."""

import pytest

from evc5.models.meter import Metered
from evc5.twin.sessions.metering import PERIODIC, TRIGGER, Plan, flat, whole

READ = Metered(
    (11.111, 12.0, 13.0), (231.04, 232.0, 233.0), (2561.4, 2762.0, 3006.0), 8329.4, 0.98765, 7000.0,
    (2000.0, 2300.0, 2700.0), 0.4567, 31.24, 49.987,
)  # fmt: skip
ROW = flat(READ, (16.0, 15.5, 14.0))
TOLD = {
    ("Current.Import", "L1"): "11.11", ("Current.Import", "L2"): "12.00", ("Current.Import", "L3"): "13.00",
    ("Voltage", "L1"): "231.0", ("Voltage", "L2"): "232.0", ("Voltage", "L3"): "233.0",
    ("Power.Active.Import", "L1"): "2561.4", ("Power.Active.Import", "L2"): "2762.0",
    ("Power.Active.Import", "L3"): "3006.0", ("Power.Active.Import", None): "8329.4",
    ("Power.Factor", "L1"): "0.988", ("Power.Factor", "L3"): "0.988", ("Power.Factor", None): "0.988",
    ("Energy.Active.Import.Register", "L1"): "2000", ("Energy.Active.Import.Register", "L2"): "2300",
    ("Energy.Active.Import.Register", "L3"): "2700", ("Energy.Active.Import.Register", None): "7000",
    ("Current.Offered", "L1"): "16.00", ("Current.Offered", "L2"): "15.50",
    ("Current.Offered", "L3"): "14.00",
    ("SoC", None): "45.7", ("Frequency", None): "49.99", ("Temperature", None): "31.2",
}  # fmt: skip
UNITS = {
    "Current.Import": "A", "Current.Offered": "A", "Voltage": "V", "Power.Active.Import": "W",
    "Energy.Active.Import.Register": "Wh", "SoC": "Percent", "Temperature": "Celsius",
}  # fmt: skip
UNMETERED = {"Current.Offered", "SoC", "Temperature"}  # told although the kWh meter does not answer


@pytest.mark.parametrize("asked", TOLD, ids=str)
def test_a_measurand_is_told_alone_with_its_phase_and_unit(asked):
    measurand, phase = asked
    told = {"value": TOLD[asked], "context": "Sample.Periodic", "measurand": measurand}
    told |= {"phase": phase} if phase else {}
    told |= {"unit": UNITS[measurand]} if measurand in UNITS else {}
    assert Plan([asked], PERIODIC).sampled(ROW) == [told]


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("soc", [0.4567, None])
def test_together_they_are_told_in_order_as_far_as_car_and_meter_tell_them(answers, soc):
    plan = Plan(TOLD, TRIGGER)
    told = plan.sampled(flat(READ._replace(soc=soc), (16.0, 15.5, 14.0)), answers)
    known = {asked: value for asked, value in TOLD.items() if answers or asked[0] in UNMETERED}
    if soc is None:
        del known["SoC", None]
    assert [(one["measurand"], one.get("phase")) for one in told] == list(known)
    assert [one["value"] for one in told] == list(known.values())
    assert {one["context"] for one in told} == {"Trigger"} and plan.is_valid and bool(plan)


def test_a_list_of_nothing_tells_nothing():
    plan = Plan([], PERIODIC)
    assert not plan and plan.sampled(ROW) == []


@pytest.mark.parametrize("asked", [("Current.Import", None), ("Voltage", None), ("SoC", "L1")])
def test_what_has_no_such_value_is_no_plan(asked):
    with pytest.raises(KeyError, match=f"{asked[0]} has no value for"):
        Plan([asked], PERIODIC)


def test_connector_zero_tells_the_sum_of_currents_powers_registers_and_offers():
    station = whole([ROW, ROW])
    told = {
        (one["measurand"], one.get("phase")): one["value"] for one in Plan(TOLD, PERIODIC).sampled(station)
    }
    doubled = ("Current.Import", "Current.Offered", "Power.Active.Import", "Energy.Active.Import.Register")
    for asked, value in TOLD.items():
        if asked[0] in doubled:
            assert float(told[asked]) == pytest.approx(2.0 * float(value), abs=0.011)
        elif asked[0] in ("Voltage", "Frequency", "Temperature"):
            assert told[asked] == value
    assert ("SoC", None) not in told
