"""Local lists that nobody may send: the CSMS's fault, and that of a station which takes one."""

from pathlib import Path
from typing import Any

import pytest
from foreign import Log, found

ACCEPTED = {"status": "Accepted"}


def tags(*names: str, info: bool = True) -> list[dict[str, Any]]:
    return [{"idTag": name} | ({"idTagInfo": ACCEPTED} if info else {}) for name in names]


def sent(entries: list[dict[str, Any]], kind: str = "Full", version: int = 5, answer: str = "Failed") -> Log:
    """To a station that says it takes four at a time, and three in all."""
    log = Log()
    keys = {"SendLocalListMaxLength": "4", "LocalAuthListMaxLength": "3"}
    rows = [{"key": key, "readonly": True, "value": value} for key, value in keys.items()]
    log.down(10, "GetConfiguration", {}, {"configurationKey": rows})
    update = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
    log.down(20, "SendLocalList", update, {"status": answer})
    return log


WRONG: dict[str, tuple[Any, ...]] = {
    "an idTag twice": (tags("A", "B", "a"),),
    "too many at a time": (tags(*"ABCDE"), "Differential"),
    "too many in all": (tags(*"ABCD"),),
    "a full list without idTagInfo": (tags("A", info=False),),
    "version 0": (tags("A"), "Full", 0),
}
RIGHT: dict[str, tuple[Any, ...]] = {
    "a full list": (tags(*"ABC"), "Full", 5, "Accepted"),
    "an empty one": ([], "Full", 5, "Accepted"),
    "an update that deletes": (tags("A", info=False), "Differential", 5, "Accepted"),
    "as many at a time as it takes": (tags(*"ABCD"), "Differential", 5, "Failed"),
}


@pytest.mark.parametrize("answer", ["Failed", "Accepted"])
@pytest.mark.parametrize("name", WRONG)
def test_a_list_that_nobody_may_send_is_a_warning(name: str, answer: str, tmp_path: Path) -> None:
    verdict = sent(*WRONG[name], **{"answer": answer}).verdict(tmp_path)
    assert (found(verdict), found(verdict, "warning")) == (set(), {"list.answer"})
    (finding,) = verdict.findings
    assert finding["blames"] == ("csms" if answer == "Failed" else ["csms", "station"])


@pytest.mark.parametrize("name", RIGHT)
def test_a_list_that_may_be_sent_is_none(name: str, tmp_path: Path) -> None:
    verdict = sent(*RIGHT[name]).verdict(tmp_path)
    assert verdict.findings == []


def test_what_follows_on_a_list_that_nobody_may_send_is_left_open(tmp_path: Path) -> None:
    log = sent(tags("A", "a"), answer="Accepted")
    update = {"listVersion": 3, "updateType": "Differential", "localAuthorizationList": tags("C")}
    log.down(30, "SendLocalList", update, ACCEPTED)
    log.down(40, "GetLocalListVersion", {}, {"listVersion": 3})
    assert found(log.verdict(tmp_path)) == set()


@pytest.mark.parametrize(("version", "asked"), [(0, "list.answer"), (4, "")])
def test_after_version_0_nothing_is_listed_and_after_another_nobody_knows_what(
    version: int, asked: str, tmp_path: Path
) -> None:
    log = Log()
    log.down(10, "GetLocalListVersion", {}, {"listVersion": version})
    update = {"listVersion": 1, "updateType": "Differential", "localAuthorizationList": tags("A")}
    log.down(20, "SendLocalList", update, {"status": "VersionMismatch"})
    assert found(log.verdict(tmp_path)) == ({asked} if asked else set())
