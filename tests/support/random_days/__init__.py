"""Random days of a bench: hands, back office, network and mains at their worst, the same for the same seed.

`Day(seed).run()` draws a station and lives through a day; `day.script()` is the same day as a program of
Bench verbs; `python -m random_days SEED` (with tests/support on the path) judges it, and `--shrink` finds the
few steps that a finding needs.
"""

from random_days.day import Day
from random_days.steps import Step, play, script

__all__ = ["Day", "Step", "play", "script"]
