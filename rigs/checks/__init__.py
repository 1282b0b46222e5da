"""The judge: reads only what was recorded, and says requirement by requirement whether it held.

It shares no rules with the twin: every expectation is computed afresh, so that it may judge a real EVC5 too.
"""

from rigs.checks.judging import finish, judge
from rigs.checks.verdict import Verdict

__all__ = ["Verdict", "finish", "judge"]
