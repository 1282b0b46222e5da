"""Behaviours: the two that ship, and those a user writes to model another firmware."""

from pathlib import Path

import pytest
from specification import Line, spec

from evc5.twin.sessions.metering import QUANTITIES
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration
from evc5.twin.sheet.policies import POLICIES
from evc5.twin.sheet.rows import MEASURED
from evc5.twin.sheet.timing import LEAST_S, LONGEST_S, TIMING, check


def written(tmp_path: Path, text: str, name: str = "mine.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ValueError) as caught:
        Behaviour.load(written(tmp_path, text))
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("line", spec("policies"), ids=lambda line: line["policy"])
def test_each_open_question_has_its_answers_and_both_behaviours_give_one(line: Line) -> None:
    policy = line["policy"]
    assert set(POLICIES[policy].choices) == set(line["choices"].split())
    for name in ("evc5-v32r30", "ocpp16"):
        assert Behaviour.load(name).policy(policy) == line[name]


def test_there_is_no_policy_that_the_list_does_not_know() -> None:
    assert set(POLICIES) == {line["policy"] for line in spec("policies")}


def test_policies_can_be_answered_otherwise_without_touching_the_behaviour() -> None:
    behaviour = Behaviour.load("ocpp16")
    other = behaviour.with_policies({"gap": "unlimited"})
    assert (behaviour.policy("gap"), other.policy("gap")) == ("local-limit", "unlimited")
    assert other.name == "ocpp16"


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ({"gap": "none"}, "gap must be one of local-limit, unlimited, got 'none'"),
        ({"gaps": "unlimited"}, "gaps is no policy; there are gap, "),
    ],
)
def test_an_unknown_policy_or_choice_is_refused(policies: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Behaviour.load("ocpp16").with_policies(policies)


def test_a_users_firmware_changes_rows_and_policies_and_inherits_the_rest(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        name = "evc5-v33"
        inherits = "evc5-v32r30"
        [policies]
        gap = "unlimited"
        [table.5.HighTemperature]
        support = "yes"
        remark = "New in V33."
        [table.21.ChargeProfileMaxStacklevel]
        support = "yes"
        default = "7"
        [table.13]
        HeartbeatInterval = { min = 10 }
        MinimumStatusDuration = { access = "RW", type = "Int", default = "0", min = 0 }
        """,
    )
    behaviour = Behaviour.load(path)
    assert (behaviour.name, behaviour.title) == ("evc5-v33", "Ecotap EVC5, application V32R30")
    assert (behaviour.policy("gap"), behaviour.policy("remote_start_profile")) == ("unlimited", "ignored")
    assert "HighTemperature" in behaviour.error_codes and "WeakSignal" not in behaviour.error_codes
    configuration = Configuration(behaviour)
    assert configuration.integer("ChargeProfileMaxStackLevel") == 7
    assert configuration.change("HeartbeatInterval", "9").status == "Rejected"
    assert configuration.change("HeartbeatInterval", "10").status == "Accepted"
    assert configuration.change("MinimumStatusDuration", "3").status == "Accepted"


def test_a_behaviour_may_inherit_a_file_that_lies_beside_it(tmp_path: Path) -> None:
    written(tmp_path, 'inherits = "ocpp16"\n[policies]\ngap = "unlimited"\n', "base.toml")
    behaviour = Behaviour.load(written(tmp_path, 'inherits = "base.toml"\n'))
    assert (behaviour.name, behaviour.policy("gap")) == ("mine", "unlimited")
    assert behaviour.policy("remote_start_profile") == "applied"


def test_a_key_spelt_otherwise_on_the_wire_is_the_same_key_inside(tmp_path: Path) -> None:
    text = 'inherits = "evc5-v32r30"\n[table.23.com_OCPCID]\nwire = "com_OCPPID"\ndefault = "CP1"\n'
    configuration = Configuration(Behaviour.load(written(tmp_path, text)))
    assert configuration.text("com_OCPCID") == "CP1"
    known, unknown = configuration.get(["com_ocppid", "com_OCPCID"])
    assert [entry["key"] for entry in known] == ["com_OCPPID"]
    assert unknown == ["com_OCPCID"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[policies]\ngap = 3", "mine.toml: policies.gap must be one of local-limit, unlimited, got 3"),
        ("[policy]\ngap = 'unlimited'", "mine.toml: policy is unknown; allowed: name, title, inherits,"),
        ("[table.24.X]\naccess = 'R'", "mine.toml: table.24 is unknown; allowed: 1, 2, 3,"),
        (
            "[table.5.Overheated]\nsupport = 'yes'",
            "mine.toml: table.5.Overheated is no row of table 5; it has",
        ),
        (
            "[table.13.com_Endpoint]\ndefault = 'ws://other/ocpp'",
            "mine.toml: table.13.com_Endpoint is a row of table 23: change table.23.com_Endpoint",
        ),
        ("[table.5]\nHighTemperature = true", "mine.toml: table.5.HighTemperature must be a table, got bool"),
        (
            "[table.5.HighTemperature]\nsupport = 'maybe'",
            "mine.toml: table.5.HighTemperature.support must be one of 'yes', 'no', got 'maybe'",
        ),
        (
            "[table.13.HeartbeatInterval]\nmin = '10'",
            "mine.toml: table.13.HeartbeatInterval.min must be a whole number, got '10'",
        ),
        (
            "[table.13.HeartbeatInterval]\nminimum = 10",
            "mine.toml: table.13.HeartbeatInterval.minimum is no field of a row of table 13; allowed:",
        ),
        (
            "[table.13.HeartbeatInterval]\ndefault = '-5'",
            "mine.toml: table.13.HeartbeatInterval.default must be >= 0, got -5",
        ),
        (
            "[table.13.MinimumStatusDuration]\ntype = 'Int'\ndefault = '0'",
            "mine.toml: table.13.MinimumStatusDuration.access is missing: a row of table 13 needs it",
        ),
        (
            "[table.20.ReserveConnectorZeroSupport]\nsupport = 'yes'",
            "mine.toml: table.20.ReserveConnectorZeroSupport.default is missing",
        ),
        (
            "[table.8.ReserveNow]\nsupport = 'yes'",
            'mine.toml: table.8.ReserveNow.support must be "no" (the twin has no model of ReserveNow)',
        ),
        (
            "[table.7.SendLocalList]\nsupport = 'no'",
            "mine.toml: table.1.SendLocalList.support is 'yes', table.7.SendLocalList.support is 'no': ",
        ),
        (
            "[table.23.'chg_Reader[1,2]']\ndefault = ['one']",
            "mine.toml: table.23.chg_Reader[1,2].default must have 2 texts, one for each key of chg_Reader",
        ),
        (
            "[meter.X]\nmeasures = 'Voltage'",
            "mine.toml: meter.X.measures must be a list of measurands, got 'Voltage'",
        ),
        (
            "[table.3.Voltage]\ntotal = true",
            "mine.toml: table.3.Voltage.total must be false (the twin has no such value of Voltage), got",
        ),
        (
            "[table.3.SoC]\nphases = true",
            "mine.toml: table.3.SoC.phases must be false (the twin has no such value of SoC), got true",
        ),
        (
            "[table.3.SoC]\ntotal = false",
            "mine.toml: table.3.SoC.phases or total must be true: else there is nothing to send",
        ),
        (
            "[table.3.'Power.Active.Import']\nunit = 'kW'",
            "mine.toml: table.3.Power.Active.Import.unit must be 'W', which the twin sends, got 'kW'",
        ),
        ("[timing]\nboot_s = 3", "mine.toml: timing.boot_s is no time; times are reset_soft_s,"),
        (
            "[timing]\nreset_soft_s = 0.9",
            "mine.toml: timing.reset_soft_s must be 1 to 3600 seconds, got 0.9",
        ),
        (
            "[timing]\npower_on_s = 'long'",
            "mine.toml: timing.power_on_s must be 0 to 3600 seconds, got 'long'",
        ),
        ("title = 7", "mine.toml: title must be text, got 7"),
    ],
)
def test_a_behaviour_file_at_fault_is_refused_in_one_line(tmp_path: Path, lines: str, message: str) -> None:
    head = 'inherits = "evc5-v32r30"\n'
    assert refusal(tmp_path, head + lines).startswith(message)


def test_a_file_that_is_no_toml_is_refused_by_its_name(tmp_path: Path) -> None:
    assert refusal(tmp_path, "inherits = ").startswith("mine.toml: Invalid value (")


def test_a_file_that_inherits_itself_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, 'inherits = "mine.toml"') == "mine.toml: inherits leads back to the file itself"


def test_a_name_that_is_neither_shipped_nor_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="must be evc5-v32r30, ocpp16 or a behaviour file, got 'evc6'"):
        Behaviour.load("evc6")


def test_a_message_switched_off_in_both_its_tables_is_off(tmp_path: Path) -> None:
    off = 'SendLocalList.support = "no"'
    path = written(tmp_path, f'inherits = "ocpp16"\n[table.1]\n{off}\n[table.7]\n{off}\n')
    assert not Behaviour.load(path).supports("SendLocalList")


def test_a_behaviour_may_tell_of_a_measurand_what_the_samples_have_values_for() -> None:
    assert MEASURED.keys() == QUANTITIES.keys()
    for name, measured in MEASURED.items():
        quantity = QUANTITIES[name]
        assert (quantity.phases is not None, quantity.total is not None) == measured[1:], name


@pytest.mark.parametrize("name", TIMING)
def test_a_time_may_be_the_least_and_the_longest_there_is(name: str) -> None:
    for edge_s, beyond_s in ((LEAST_S[name], LEAST_S[name] - 1e-9), (LONGEST_S, LONGEST_S + 1e-9)):
        check(name, edge_s)
        with pytest.raises(ValueError, match=name):
            check(name, beyond_s)
