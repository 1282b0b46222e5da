"""The judge: reads only what was recorded, and says requirement by requirement whether it held.

It shares no rules with the twin: every expectation is computed afresh, so that it may judge a real EVC5 too.
"""

from evc5.rigs.checks.verdict.judging import finish, judge
from evc5.rigs.checks.verdict.verdict import Verdict

__all__ = ["Verdict", "finish", "judge"]
