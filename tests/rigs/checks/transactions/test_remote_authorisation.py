"""Whether a remote start's idTag was authorised first, judged by AuthorizeRemoteTxRequests (5.11, 9.1.2)."""

import json
from pathlib import Path
from typing import Any

import pytest

from evc5 import Bench
from evc5.rigs.checks import judge

REMOTE = "authorisation.remote"
NOBODY_KNOWS = {"LocalPreAuthorize": False, "AuthorizationCacheEnabled": False, "LocalAuthListEnabled": False}


def remotely_started(into: Path, by_key: bool, card: bool = False, **keys: Any) -> Path:
    bench = Bench(behaviour="ocpp16", keys={**NOBODY_KNOWS, **keys, "AuthorizeRemoteTxRequests": by_key})
    bench.plug_in(1)
    bench.advance(10)
    if card:
        bench.present_tag(1, "TAG1")
    bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"})
    bench.advance(60)
    bench.run_so_far().save(into / "run")
    return into / "run"


def judged(run: Path, set_to_false: bool = False, without: str = "") -> tuple[str, int]:
    """The verdict where the configuration told is another, or an action is missing."""
    told = [json.loads(text) for text in (run / "messages.jsonl").read_text().splitlines()]
    gone = {row["frame"][1] for row in told if without and row["frame"][2:3] == [without]}
    kept = [row for row in told if not (row["frame"][1] in gone and row["frame"][1].isdigit())]
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in kept)
    if set_to_false:
        head = '{"key":"AuthorizeRemoteTxRequests","readonly":false,"value":"'
        text = text.replace(f'{head}true"', f'{head}false"')
    (run / "messages.jsonl").write_text(text)
    row = next(one for one in judge(run).requirements if one["id"] == REMOTE)
    return row["verdict"], row["count"]


@pytest.mark.slow
@pytest.mark.parametrize("by_key", [True, False])
def test_the_twin_asks_where_it_is_set_to(by_key: bool, tmp_path: Path) -> None:
    assert judged(remotely_started(tmp_path, by_key)) == ("PASS", 1)


def test_a_start_without_the_authorisation_it_is_set_to_is_found(tmp_path: Path) -> None:
    assert judged(remotely_started(tmp_path, True), without="Authorize")[0] == "FAIL"


@pytest.mark.slow
def test_an_authorisation_that_nothing_asks_for_is_found(tmp_path: Path) -> None:
    assert judged(remotely_started(tmp_path, True), set_to_false=True)[0] == "FAIL"


def test_a_list_or_cache_may_have_answered_instead(tmp_path: Path) -> None:
    run = remotely_started(tmp_path, True, LocalPreAuthorize=True, AuthorizationCacheEnabled=True)
    assert judged(run, without="Authorize")[0] == "NOT JUDGED"


def test_a_card_shown_as_well_may_be_what_was_authorised(tmp_path: Path) -> None:
    assert judged(remotely_started(tmp_path, False, card=True))[1] == 0
