"""A bench leaves nothing in the temporary directory, however its process ends by itself."""

import os
import subprocess
import sys

import pytest

HOLD = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from evc5.rigs.bench.scratch import Scratch
held = []
def hold():
    held.append(Scratch("evc5-left-"))
"""
WAYS = {
    "a script": "hold()",
    "an exception": "hold(); 1 / 0",
    "a worker": "p = get_context('fork').Process(target=hold); p.start(); p.join()",
    "a pool": "with ProcessPoolExecutor(1, get_context('fork')) as pool: pool.submit(hold).result()",
}
FORK = """
hold()
pid = os.fork()
if not pid:
    sys.exit()
os.waitpid(pid, 0)
print(held[0].path.exists())
"""


def python(text, scratch):
    environ = {**os.environ, "TMPDIR": str(scratch)}
    return subprocess.run(
        [sys.executable, "-c", HOLD + text], env=environ, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_ends_leaves_no_scratch(way, tmp_path):
    python(WAYS[way], tmp_path)
    assert list(tmp_path.glob("evc5-left-*")) == []


@pytest.mark.slow
def test_a_fork_that_ends_leaves_the_scratch_of_its_parent(tmp_path):
    assert python(FORK, tmp_path) == "True\n"
