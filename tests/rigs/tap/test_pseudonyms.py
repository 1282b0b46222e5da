"""Cards have other names in a recording: the same card the same, over restarts, in whatever they come."""

import json
from pathlib import Path

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
