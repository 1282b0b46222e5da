"""Behaviours with a few random changes: each that shows is named, nothing else is, and the twin learns it."""

import json
import re
from pathlib import Path
from random import Random

import pytest
from probed import probed
from random_behaviours import BASE, Drawn, draw, file

from evc5.rigs.probe.probe import Options
from evc5.rigs.probe.results.compare import difference
from evc5.rigs.probe.results.learned import learn
from evc5.rigs.probe.session import Probed
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.rows import Message

STAMP = re.compile(r'"\d{4}-\d\d-\d\dT[^"]*"')
ID = re.compile(r'^(\["(?:up|down)", \[\d, )"[^"]*"')


def spoken(found: Probed) -> dict[str, list[str]]:
    """Each probe's frames without ids and times."""
    return {
        name: [ID.sub(r"\1", STAMP.sub("T", json.dumps(f))) for f in one.frames]
        for name, one in found.findings.items()
    }


def named(found: Probed) -> set[str]:
    """What of the published behaviour the probe says is otherwise; table 1 repeats the others."""
    learned = learn(found.facts, Behaviour.load(BASE))
    policies = {f"policy {name}" for name in learned.policies}
    return policies | {f"row {name}" for table, name in learned.rows if table != 1}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Probed:
    return probed(tmp_path_factory.mktemp("base"))


def check(seed: int, base: Probed, folder: Path) -> None:
    changes = draw(Random(seed))
    found = probed(folder / "many", file(changes, folder / "many.toml"))
    if len(changes) == 1:
        expected = {changes[0].subject} if spoken(found) != spoken(base) else set()
    else:
        expected = {one.subject for one in changes if shows(one, base, folder)}
    assert found.left == []
    assert named(found) == expected, changes
    again = probed(folder / "again", folder / "many" / "behaviour.toml")
    compared = difference(found.facts, again.facts)
    assert compared.alike, (changes, compared.changes, compared.only_one)


def shows(change: Drawn, base: Probed, folder: Path) -> bool:
    """Does some probe's conversation differ where this change is the only one?"""
    alone = probed(folder / change.name, file([change], folder / "one.toml"))
    return spoken(alone) != spoken(base)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 21])
def test_a_change_is_named(seed: int, base: Probed, tmp_path: Path) -> None:
    """Two that are one change each: of a policy, and of a row."""
    check(seed, base, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(30))
def test_thirty_behaviours_are_named_and_learned(seed: int, base: Probed, tmp_path: Path) -> None:
    check(seed, base, tmp_path)


@pytest.mark.slow
def test_a_measurand_is_named_by_another_list_where_there_is_none_of_samples(tmp_path: Path) -> None:
    """Keys are tried with Voltage: that it is not measured is no fault of each of them."""
    both = [
        Drawn(3, "Voltage", (("support", "no"),)),
        Drawn(13, "MeterValuesSampledData", (("support", "missing"),)),
    ]
    found = probed(tmp_path / "a", file(both, tmp_path / "both.toml"))
    assert named(found) == {one.subject for one in both}
    assert found.left == []


TAKEN_FROM_IT = [
    (row.table, row.name)
    for table in (2, 6, 7, 9, 10)
    for row in Behaviour.load(BASE).rows(table)
    if isinstance(row, Message) and row.initiator == "Central System"
]


@pytest.mark.soak
@pytest.mark.parametrize(("table", "name"), TAKEN_FROM_IT)
def test_a_message_that_is_missing_is_named_alone_and_nothing_is_left(
    table: int, name: str, tmp_path: Path
) -> None:
    """Whatever else a probe does through it must not be taken for something that the unit lacks."""
    missing = Drawn(table, name, (("support", "no"),))
    found = probed(tmp_path / "a", file([missing], tmp_path / "missing.toml"))
    assert named(found) == {missing.subject}
    assert found.left == []


# How a key is repeated, shared, blocked, sensed: each shows in one probe alone.
ONE_PROBE = [
    Drawn(0, "transaction_message_retry", (("choice", "attempts"),)),
    Drawn(0, "station_share", (("choice", "first-come"),)),
    Drawn(0, "clock_stamp", (("choice", "interval-start"),)),
    Drawn(0, "clock_values", (("choice", "averaged"),)),
    Drawn(0, "follow_csms_time", (("choice", "never"),)),
    Drawn(0, "assumed_keys", (("choice", "as-named"),)),
    Drawn(0, "hardcoded_write", (("choice", "Rejected"),)),
    Drawn(3, "Power.Active.Import", (("phases", False),)),
    Drawn(0, "bare_measurand", (("choice", "total"),)),
    Drawn(13, "MeterValueSampleInterval", (("reboot", True),)),
    Drawn(5, "GroundFailure", (("support", "no"),)),
]


@pytest.mark.soak
@pytest.mark.parametrize("change", ONE_PROBE, ids=lambda change: change.name)
def test_what_shows_in_one_probe_alone_is_named(change: Drawn, base: Probed, tmp_path: Path) -> None:
    found = probed(tmp_path / "a", file([change], tmp_path / "one.toml"))
    assert spoken(found) != spoken(base)
    assert named(found) == {change.subject}
    again = probed(tmp_path / "b", tmp_path / "a" / "behaviour.toml")
    assert difference(found.facts, again.facts).alike


@pytest.mark.soak
@pytest.mark.parametrize("repeats", [[], [ONE_PROBE[0]]])
def test_how_a_message_is_repeated_is_named_though_no_key_can_be_read(
    repeats: list[Drawn], tmp_path: Path
) -> None:
    """Nor set then: the published interval is waited for, and one sending alone says nothing."""
    unreadable = Drawn(2, "GetConfiguration", (("support", "no"),))
    found = probed(tmp_path / "a", file([unreadable, *repeats], tmp_path / "two.toml"))
    assert named(found) == {one.subject for one in (unreadable, *repeats)}
    assert ("policy.transaction_message_retry" in found.facts) == bool(repeats)


NO_TRIGGER = Drawn(11, "MeterValues", (("support", "no"),))
NO_CLOCK = Drawn(0, "clock_outside_transaction", (("choice", "transaction-only"),))
TOTAL = Drawn(0, "bare_measurand", (("choice", "total"),))


@pytest.mark.soak
@pytest.mark.parametrize(
    "changes",
    [
        [NO_TRIGGER, TOTAL],
        [NO_TRIGGER, NO_CLOCK, TOTAL],
        [NO_TRIGGER, Drawn(0, "clock_values", (("choice", "averaged"),))],
        [NO_TRIGGER, Drawn(3, "Power.Active.Import", (("phases", False),))],
        [NO_TRIGGER, Drawn(0, "station_share", (("choice", "first-come"),))],
    ],
)
def test_values_that_no_trigger_brings_are_seen_on_the_clock_or_in_a_session(
    changes: list[Drawn], tmp_path: Path
) -> None:
    found = probed(tmp_path / "a", file(changes, tmp_path / "changes.toml"))
    assert named(found) == {one.subject for one in changes}
    again = probed(tmp_path / "b", tmp_path / "a" / "behaviour.toml")
    assert difference(found.facts, again.facts).alike


@pytest.mark.slow
def test_local_midnight_is_seen_where_the_zone_is_not_that_of_utc(tmp_path: Path) -> None:
    local = file([Drawn(0, "clock_midnight", (("choice", "local"),))], tmp_path / "local.toml")
    here = probed(tmp_path / "a", local, Options(only=("effects",)), timezone="Asia/Kolkata")
    assert here.facts["effect.ClockAlignedDataInterval.midnight"].startswith("40 s after")  # 18.5 h % 128 s
    assert named(here) == {"policy clock_midnight"}
    there = probed(tmp_path / "b", local, Options(only=("effects",)))
    assert named(there) == set()
    assert "timezone" in (tmp_path / "a" / "behaviour.toml").read_text()
