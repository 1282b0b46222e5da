"""What a Python process of its own costs, from its start to its end."""

import os
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter

from evc5.rigs.speed.reference_load import MAXRSS_MB


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process; of its children as well, but for memory, which is the larger one's."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str  # on stdout


def cold(code: str, *arguments: str) -> Cost:
    """Run these lines of Python, which find `arguments` in sys.argv; RuntimeError where they fail."""
    return together([(code, *arguments)])[0]


def together(programs: list[tuple[str, ...]]) -> list[Cost]:
    """The same of several at once, each in its own process."""
    began = perf_counter()
    running = [
        subprocess.Popen([sys.executable, "-c", *program], stdout=subprocess.PIPE, text=True)
        for program in programs
    ]
    return [_ended(process, began) for process in running]


def _ended(process: "subprocess.Popen[str]", began: float) -> Cost:
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"a measured process must end with 0, got {process.returncode}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(perf_counter() - began, cpu_s, usage.ru_maxrss * MAXRSS_MB, said)
