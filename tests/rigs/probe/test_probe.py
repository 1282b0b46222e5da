"""evc5 probe on the twin: the published sheet comes out as it went in, and the unit stays as it was."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from probed import ALL, probed, twin

from evc5.rigs.keeper.danger import protected
from evc5.rigs.keeper.keeper import FIRST_ID, LOWEST_LEVEL
from evc5.rigs.probe.catalogue import catalogue
from evc5.rigs.probe.groups.bisect import edge, highest
from evc5.rigs.probe.hands import TwinHands
from evc5.rigs.probe.line import Line
from evc5.rigs.probe.probe import CAR, DISRUPTIVE, IDLE, Options
from evc5.rigs.probe.results.compare import compare
from evc5.rigs.probe.runner import DONE, GIVEN_UP
from evc5.rigs.probe.session import Probed, probe
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.rows import Key, Message

Found = tuple[Probed, dict[str, Any], Path]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The twin of the published sheet, probed with all that there is."""
    out = tmp_path_factory.mktemp("published")
    found = probed(out)
    return found, json.loads((out / "sheet.json").read_text()), out


def frames(sheet: dict[str, Any]) -> list[list[Any]]:
    """What was sent down, of all probes."""
    return [
        frame for one in sheet["probes"] for way, frame in one["frames"] if way == "down" and frame[0] == 2
    ]


@pytest.mark.slow
def test_the_twin_of_the_published_sheet_differs_from_it_in_nothing(published: Found) -> None:
    assert published[1]["differences"] == []


@pytest.mark.slow
def test_every_message_that_the_back_office_sends_is_seen_as_published(published: Found) -> None:
    behaviour = Behaviour.load("evc5-v32r30")
    seen = {(row["table"], row["name"]): row["cells"][0]["seen"] for row in published[1]["sheet"]}
    for row in behaviour.rows():
        if isinstance(row, Message) and row.initiator == "Central System":
            assert seen[row.table, row.name] == row.support, row


@pytest.mark.slow
def test_every_key_is_seen_with_its_access(published: Found) -> None:
    """But for those of table 23, of which the sheet gives none."""
    behaviour = Behaviour.load("evc5-v32r30")
    rows = {(row["table"], row["name"]): row["cells"] for row in published[1]["sheet"]}
    for row in behaviour.rows():
        if not isinstance(row, Key) or row.table == 23:
            continue
        cells = {cell["column"]: cell["seen"] for cell in rows[row.table, row.name]}
        assert cells["Key"] == ("missing" if row.support == "missing" else "there"), row
        assert cells.get("Access") == (None if row.support == "missing" else row.access), row


@pytest.mark.slow
def test_what_could_not_be_seen_says_why(published: Found) -> None:
    hidden = published[1]["not_observable"]
    assert all(one["why"] for one in hidden if one["column"] != "Type"), hidden
    assert {one["row"] for one in hidden} >= {"Get15118EVCertificate", "WeakSignal"}
    page = (published[2] / "sheet.md").read_text()
    assert "| the values of clock-aligned data | instant | `session.clock_values` |" in page
    assert "| TLS | not seen: a twin in memory has no socket" in page


@pytest.mark.slow
def test_every_probe_is_done_and_the_unit_is_as_it_was(published: Found) -> None:
    found = published[0]
    assert [one.probe for one in found.findings.values() if one.state != DONE] == []
    assert (found.left, found.gone) == ([], "")


@pytest.mark.slow
def test_no_protected_key_is_written_and_nothing_is_cleared_without_id(published: Found) -> None:
    sent = frames(published[1])
    written = {frame[3]["key"] for frame in sent if frame[2] == "ChangeConfiguration"}
    assert len(written) > 40
    assert [key for key in written if protected(key)] == []
    assert all("id" in frame[3] for frame in sent if frame[2] == "ClearChargingProfile")


@pytest.mark.slow
def test_only_profiles_of_our_own_are_sent(published: Found) -> None:
    sent = [
        frame[3]["csChargingProfiles"] for frame in frames(published[1]) if frame[2] == "SetChargingProfile"
    ]
    assert len(sent) > 60
    assert all(one["chargingProfileId"] >= FIRST_ID for one in sent)
    assert all(one["stackLevel"] >= LOWEST_LEVEL for one in sent)


@pytest.mark.slow
def test_the_answer_to_the_open_issue_names_limits_and_forms(published: Found) -> None:
    page = (published[2] / "set-charging-profile.md").read_text()
    assert "| highest stack level | 99 |" in page
    assert "the offer follows within 1 s, the current follows within 5 s" in page
    assert "| … of 5.9 A: by an instrument | 0 A | `session.followed` |" in page
    assert "| periods of a schedule | 96 | 96 |" in page
    assert "| profiles installed | 18 | 18 |" in page
    assert "| a limit of 6.15 A | no, or left open | CALLERROR PropertyConstraintViolation |" in page


# What the twin does, from the tests of the twin: OCPP 1.6 4.1, 4.2, 9.1; the vendor's keys as on an EVC4.
EFFECTS = {
    "boot.pending.calls": "answered",
    "boot.rejected.calls": "no answer",
    "boot.pending.again": "after its interval",
    "boot.rejected.says": "nothing",
    "boot.interval": "followed",
    "link.returns.boots": "no",
    "clock.follows": "yes",
    "effect.LocalAuthorizeOffline.true": "begins",
    "effect.LocalAuthorizeOffline.false": "begins nothing",
    "effect.AllowOfflineTxForUnknownId.true": "begins",
    "effect.AllowOfflineTxForUnknownId.false": "begins nothing",
    "effect.BlockBeforeBoot": "begins nothing",
    "effect.StopTransactionOnInvalidId.true": "stops, DeAuthorized",
    "effect.StopTransactionOnInvalidId.false": "goes on",
    "effect.TransactionMessageAttempts": "1 sent",
    "effect.chg_MinChargingCurrent": "0 A under a limit of 8 A",
    "effect.chg_Mode3Current": "followed",
    "session.sharing": "10 A and 10 A of 20 A",
}


@pytest.mark.slow
def test_what_keys_and_answers_bring_about_is_seen(published: Found) -> None:
    facts = published[0].facts
    assert {name: facts.get(name) for name in EFFECTS} == EFFECTS


@pytest.mark.slow
def test_whether_a_key_is_used_is_told_or_why_that_cannot_be_seen(published: Found) -> None:
    rows = {row["name"]: row["cells"] for row in published[1]["sheet"] if 13 <= row["table"] <= 18}
    seen = {
        name: cell["seen"] or cell["why"]
        for name, cells in rows.items()
        for cell in cells
        if cell["column"] == "Effect"
    }
    assert seen["LocalAuthorizeOffline"] == seen["StopTransactionOnInvalidId"] == "used"
    assert seen["TransactionMessageAttempts"] == seen["TransactionMessageRetryInterval"] == "none"
    assert seen["UnlockConnectorOnEVSideDisconnect"] == "only the lock shows it"


@pytest.mark.slow
def test_another_behaviour_is_learned_and_then_probes_the_same(tmp_path: Path) -> None:
    probed(tmp_path / "a", "ocpp16")
    learned = tomllib.loads((tmp_path / "a" / "behaviour.toml").read_text())
    assert learned["policies"]["remote_start_profile"] == "applied"
    assert set(learned["table"]["5"]) == {"HighTemperature", "UnderVoltage"}
    probed(tmp_path / "b", tmp_path / "a" / "behaviour.toml")
    compared = compare(tmp_path / "a", tmp_path / "b")
    assert compared.changes == ()
    assert compared.only_one == ()


@pytest.mark.slow
def test_the_owners_profiles_in_force_keep_ours_away(tmp_path: Path) -> None:
    owners = {
        "chargingProfileId": 5, "stackLevel": 30, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {"startSchedule": "2026-03-02T09:00:00Z", "chargingRateUnit": "A",
                             "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]},
    }  # fmt: skip
    bench = twin()
    bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": owners})
    found = probe(Line.of_twin(bench), "CP1", tmp_path / "a", Options(only=("charging",)))
    installed = [
        f
        for one in found.findings.values()
        for _, f in one.frames
        if f[0] == 2 and f[2] == "SetChargingProfile"
    ]
    assert installed == []
    assert "--stack-above" in found.findings["charging.levels"].why
    told = probe(Line.of_twin(bench), "CP1", tmp_path / "b", Options(only=("charging",), stack_above=30))
    assert told.facts["charging.max_stack_level"] == "99"
    assert told.left == []


@pytest.mark.slow
def test_a_car_that_charged_before_anybody_asked_is_left_alone_and_the_rest_probed_when_it_has_gone(
    tmp_path: Path,
) -> None:
    bench = twin()
    bench.plug_in(1, "vw-id3-58")
    bench.present_tag(1, "OWNER")
    bench.advance(600)
    line = Line.of_twin(bench)
    options = Options(only=("keys", "charging"), session=True)
    found = probe(line, "CP1", tmp_path, options, TwinHands(bench))
    asked = [one.frame for one in line.since(0) if not one.is_up and one.frame[0] == 2]
    harmless = {"GetConfiguration", "GetCompositeSchedule", "TriggerMessage", "ChangeConfiguration"}
    assert {frame[2] for frame in asked} <= harmless
    written = {frame[3]["key"] for frame in asked if frame[2] == "ChangeConfiguration"}
    assert {f"key.{key}.told" for key in written} & set(found.facts) == set()  # none that it has
    assert found.findings["charging.levels"].why.startswith("a car charges at connector 1")
    bench.present_tag(1, "OWNER")
    bench.advance(60)
    bench.unplug(1)
    bench.advance(60)
    again = probe(line, "CP1", tmp_path, options, TwinHands(bench))
    assert again.facts["charging.max_stack_level"] == "99"
    assert (found.left, again.left) == ([], [])


@pytest.mark.slow
def test_the_owners_local_list_is_not_put_at_risk(tmp_path: Path) -> None:
    bench = twin()
    owners = [{"idTag": "OWNER", "idTagInfo": {"status": "Accepted"}}]
    bench.call("SendLocalList", {"listVersion": 7, "updateType": "Full", "localAuthorizationList": owners})
    allowed = Options(only=("keys", "messages", "list"), disruptive=True)
    found = probe(Line.of_twin(bench), "CP1", tmp_path, allowed)
    sent = [
        frame
        for one in found.findings.values()
        for way, frame in one.frames
        if way == "down" and frame[0] == 2
    ]
    written = [frame[3] for frame in sent if frame[2] == "ChangeConfiguration"]
    assert {"key": "LocalAuthListEnabled", "value": "true"} in written
    assert {"key": "LocalAuthListEnabled", "value": "false"} not in written
    assert found.findings["list.updates"].state == GIVEN_UP
    assert bench.call("GetLocalListVersion") == {"listVersion": 7}


@pytest.mark.slow
def test_a_reset_leaves_the_owners_heartbeat_interval(tmp_path: Path) -> None:
    """BootNotification.conf sets it, and the answer is ours."""
    bench = twin()
    bench.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "777"})
    found = probe(Line.of_twin(bench), "CP1", tmp_path, Options(only=("keys",), disruptive=True))
    assert found.facts["reset.Soft"] == "boots"
    assert found.left == []


@pytest.mark.slow
def test_a_probe_that_was_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    bench = twin()
    first = probe(Line.of_twin(bench), "CP1", tmp_path, Options(only=("triggers",)))
    lines = (tmp_path / "probes.jsonl").read_text().splitlines()
    (tmp_path / "probes.jsonl").write_text("\n".join(lines[:3]) + '\n{"probe": "trig')
    asked: list[str] = []
    again = probe(
        Line.of_twin(bench),
        "CP1",
        tmp_path,
        Options(only=("triggers",)),
        told=lambda _, of, one: asked.append(one.name),
    )
    assert asked == [one["probe"] for one in map(json.loads, lines[3:])]
    assert again.facts == first.facts


def test_every_probe_says_what_it_asks_needs_and_puts_back() -> None:
    found = catalogue(Behaviour.load("evc5-v32r30"))
    assert len(found) >= 130
    assert all(one.asks.endswith("?") or one.asks for one in found)
    assert {one.needs for one in found} >= {IDLE, DISRUPTIVE, CAR}
    assert all(one.disturbs != "nothing" for one in found if one.needs == DISRUPTIVE)
    assert ALL.session


@pytest.mark.parametrize("last", [21, 22, 37, 99, 1000, 2**31 - 1])
def test_the_highest_that_is_taken_is_found(last: int) -> None:
    asked: list[int] = []

    def takes(number: int) -> bool:
        asked.append(number)
        return number <= last

    assert highest(21, 2**31 - 1, takes) == last
    assert len(asked) < 70


def test_the_lowest_that_is_taken_is_found() -> None:
    assert edge(60, -(2**31), lambda number: number >= -7) == -7
