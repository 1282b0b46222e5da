"""What a program loads is what it uses: each case is a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DRAWING = "matplotlib pandas jinja2"
TALKING = "websockets rich http.server ftplib"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "unused"),
    [
        ("import evc5", f"numpy simpy pydantic pyarrow {DRAWING} {TALKING}"),
        ("from evc5 import Bench", f"pydantic pyarrow evc5.rigs.checks {DRAWING} {TALKING}"),
        (
            "from evc5 import Bench; Bench().advance(60)",
            f"evc5.rigs.checks.verdict sqlite3 concurrent.futures {DRAWING} {TALKING}",
        ),
        ("from evc5 import Rig", f"evc5.rigs.bench.replay evc5.rigs.controllers sqlite3 {DRAWING} {TALKING}"),
        (
            "from evc5.rigs.command import cli",
            f"numpy simpy pydantic pyarrow evc5.rigs.checks.verdict {DRAWING}",
        ),
        ("from evc5 import judge", f"simpy pydantic evc5.twin {DRAWING} {TALKING}"),
    ],
)
def test_a_program_loads_no_library_that_it_does_not_use(program: str, unused: str) -> None:
    told = f"import sys\n{program}\nprint(*sorted(set({unused.split()!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
