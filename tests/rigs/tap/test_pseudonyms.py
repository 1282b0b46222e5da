"""Cards have other names in a recording: the same card the same, over restarts, in whatever they come."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.rigs.errors import BadInput
from evc5.rigs.tap.pseudonyms import Pseudonyms

START = '[2,"1","StartTransaction",{"connectorId":1,"idTag":"04AB12CD","meterStart":0,"timestamp":"x"}]'


def test_the_same_card_has_the_same_name_after_a_restart_in_whatever_letters(tmp_path: Path) -> None:
    first = Pseudonyms(tmp_path).frame(START)
    again = Pseudonyms(tmp_path).frame(START.replace("04AB12CD", "04ab12cd"))
    other = Pseudonyms(tmp_path / "elsewhere").frame(START)
    assert "04AB12CD" not in first
    assert json.loads(first) == json.loads(again) != json.loads(other)
    name = json.loads(first)[3]["idTag"]
    assert len(name) <= 20  # IdToken is a CiString20


def test_all_else_stays_as_it_was(tmp_path: Path) -> None:
    found = json.loads(Pseudonyms(tmp_path).frame(START))
    was = json.loads(START)
    del found[3]["idTag"], was[3]["idTag"]
    assert found == was
    plain = '[2, "2",  "Heartbeat", {}]'
    assert Pseudonyms(tmp_path).frame(plain) == plain


def test_cards_of_lists_of_parents_of_broken_frames_and_in_free_text_are_renamed(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path)
    info = {"idTag": "04AB12CD", "idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
    local = json.dumps([2, "3", "SendLocalList", {"localAuthorizationList": [info]}])
    said = [
        local,
        '[2,"4","Authorize",{"idTag":"04AB12CD"',
        '[2,"5","DataTransfer",{"vendorId":"v","data":"card 04AB12CD shown"}]',
    ]
    for text in map(names.frame, said):
        assert "04AB12CD" not in text
        assert "FAMILY" not in text


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    Pseudonyms(tmp_path)
    (key,) = tmp_path.iterdir()
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("card", ["2026", "1000", "Available", "connectorId"])
def test_a_card_that_reads_like_something_else_is_renamed_in_free_text_alone(
    tmp_path: Path, card: str
) -> None:
    names = Pseudonyms(tmp_path)
    names.frame(f'[2,"1","Authorize",{{"idTag":"{card}"}}]')
    rest = '"connectorId":10000,"status":"Available","timestamp":"2026-11-28T07:00:00Z"'
    told = names.frame(f'[2,"2","StatusNotification",{{"info":"shown {card}",{rest}}}]')
    assert told == f'[2,"2","StatusNotification",{{"info":"shown {names.of(card)}",{rest}}}]'


@pytest.mark.parametrize(
    "rest", ['"transactionId":123456789012345678901234567890', '"meterStop":1.50', '"a" : 1, "a": 2']
)
def test_beside_the_card_no_character_changes(tmp_path: Path, rest: str) -> None:
    names = Pseudonyms(tmp_path)
    frame = '[2, "1", "StopTransaction", {"idTag": "%s", %s}]'
    assert names.frame(frame % ("04AB", rest)) == frame % (names.of("04AB"), rest)


@pytest.mark.parametrize("member", [r'"id\u0054ag":"04AB12CD"', r'"idTag":"\u003004AB12CD"'])
def test_cards_written_with_escapes_are_renamed(tmp_path: Path, member: str) -> None:
    assert "04AB12CD" not in Pseudonyms(tmp_path).frame(f'[2,"1","Authorize",{{{member}}}]')


def test_what_a_string_quotes_is_no_member(tmp_path: Path) -> None:
    said = r'[2,"1","DataTransfer",{"vendorId":"\"idTag\":\"X\"","idTag2":"Y"}]'
    assert Pseudonyms(tmp_path).frame(said) == said


TEXT = st.text(max_size=12)


@pytest.mark.slow
@given(rest=st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.lists(TEXT))), tag=TEXT.filter(bool))
def test_whatever_else_is_said_only_the_card_is_another(
    tmp_path_factory: pytest.TempPathFactory, rest: dict[str, object], tag: str
) -> None:
    names = Pseudonyms(tmp_path_factory.getbasetemp() / "cards")
    said = {**rest, "idTag": tag}
    found = json.loads(names.frame(json.dumps([2, "1", "X", said])))
    assert found == [2, "1", "X", {**said, "idTag": names.of(tag)}]


def test_a_key_cut_short_is_refused_for_its_names_could_be_guessed(tmp_path: Path) -> None:
    (tmp_path / ".pseudonyms").write_bytes(b"")
    with pytest.raises(BadInput, match=r"must hold 32 bytes, got 0"):
        Pseudonyms(tmp_path)
