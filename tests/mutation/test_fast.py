"""The run of mutants tells a module that is broken from one that is not, wherever evc5 is installed."""

import fast
import pytest
from mutants import Mutant
from places import ROOT

BOX = ROOT / "models/box.py"


@pytest.mark.slow
@pytest.mark.parametrize(("was", "becomes", "is_noticed"), [
    ("self.draws_a", "self.draws_a", False),
    ("self.draws_a", "-self.draws_a", True),
    ("import inf", "import nothing", True),
])  # fmt: skip
def test_the_tests_of_a_module_meet_its_mutant(was: str, becomes: str, is_noticed: bool) -> None:
    changed = Mutant(BOX, 1, "", BOX.read_text(encoding="utf-8").replace(was, becomes))
    assert fast.noticed("models/box", changed) is is_noticed
