"""A shipped rig is copied and changed, wherever the copy lies."""

from pathlib import Path

import pytest

from evc5 import BadInput
from evc5.rigs.rigfile.file import RigFile, copy, names


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_a_copy_in_a_foreign_folder_plans_what_the_shipped_rig_plans(name: str, tmp_path: Path) -> None:
    here, there = RigFile.load(copy(name, tmp_path / "new")), RigFile.load(name)
    assert (here.name, here.plan()) == (there.name, there.plan())
    assert here.configuration().dump() == there.configuration().dump()


def test_a_copy_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    assert copy("week", tmp_path / "mine.toml") == tmp_path / "mine.toml"
    assert RigFile.load(tmp_path / "mine.toml").name == "week"


def test_what_stands_where_the_copy_would_go_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "week.toml"
    kept.write_text("mine")
    with pytest.raises(BadInput, match=r"week\.toml is there already"):
        copy("week", tmp_path)
    assert kept.read_text() == "mine"


def test_only_a_shipped_rig_is_copied(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="weak is not a shipped rig; did you mean week"):
        copy("weak", tmp_path)
    with pytest.raises(BadInput, match=r"\.\./week is not a shipped rig"):
        copy("../week", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sessions_beside_the_rig_come_before_the_shipped_ones(tmp_path: Path) -> None:
    """A user's file of the same name is the one that is read."""
    (tmp_path / "trondheim-selection.csv").write_text("User_ID;Start_plugin;End_plugout;El_kWh\n")
    with pytest.raises(BadInput, match=r"must be a user of trondheim-selection\.csv"):
        RigFile.load(copy("week", tmp_path))


def test_sessions_that_are_nowhere_are_named_by_where_they_should_be(tmp_path: Path) -> None:
    path = copy("week", tmp_path)
    path.write_text(path.read_text("utf-8").replace("trondheim-selection.csv", "ours.csv"), "utf-8")
    with pytest.raises(BadInput, match=r"ours\.csv: No such file"):
        RigFile.load(path)
