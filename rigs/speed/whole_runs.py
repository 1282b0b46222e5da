"""What runs in a process of its own: an import, a shipped rig, a judgement, the reference load."""

from pathlib import Path

from evc5.rigs.speed.cold import Cost, cold, together
from evc5.rigs.speed.reference_load import LOAD_DAYS

IMPORT = "from evc5 import Bench"
LIVE = """
import sys
from evc5 import Rig
rig = Rig.load(sys.argv[1]).revised({"recording.report": sys.argv[3] == "True"})
rig.run(out=sys.argv[2])
"""
JUDGE = """
import sys
from evc5 import judge
if not judge(sys.argv[1]).passed:
    sys.exit("a shipped rig must be without a fault")
"""
REFERENCE = """
import sys
from evc5.rigs.speed.reference_load import measured
times, days = int(sys.argv[1]), float(sys.argv[2])
print(sum([measured(days).wall_s for _ in range(times + 1)][1:]))
"""
TIMES = 5  # the reference load in each process, after one that warms up


def imported() -> Cost:
    return cold(IMPORT)


def lived(rig: str, directory: Path, *, report: bool = False) -> Cost:
    """A shipped rig, run and judged as `evc5 run` does, into this directory."""
    return cold(LIVE, rig, str(directory), str(report))


def judged(directory: Path) -> Cost:
    return cold(JUDGE, str(directory))


def two_processes(times: int = TIMES, days: float = LOAD_DAYS) -> float:
    """How much of the reference load two processes get through, as a multiple of one's; 2 at best."""
    program = (REFERENCE, str(times), str(days))
    (alone,) = together([program])
    both = together([program, program])
    return sum(float(alone.said) / float(one.said) for one in both)


def size_mb(directory: Path) -> float:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()) / 1e6
