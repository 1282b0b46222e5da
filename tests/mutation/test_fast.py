"""The run of mutants tells a module that is broken from one that is not, wherever evc5 is installed."""

import subprocess
import sys

import pytest
from places import ROOT

BOX = ROOT / "models/box.py"
TRIED = """
import sys
from pathlib import Path
import fast
from mutants import Mutant
print(fast.noticed("models/box", Mutant(Path(sys.argv[1]), 1, "", sys.stdin.read())))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("was", "becomes", "is_noticed"), [
    ("self.draws_a", "self.draws_a", False),
    ("self.draws_a", "-self.draws_a", True),
    ("import inf", "import nothing", True),
])  # fmt: skip
def test_the_tests_of_a_module_meet_its_mutant(was: str, becomes: str, is_noticed: bool) -> None:
    """In a process that has imported none of ours, as the command does."""
    run = subprocess.run(
        [sys.executable, "-c", TRIED, str(BOX)],
        cwd=ROOT / "tests" / "mutation",
        input=BOX.read_text(encoding="utf-8").replace(was, becomes),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split()[-1] == str(is_noticed)
