"""The judge: reads only what was recorded, and says requirement by requirement whether it held.

It shares no rules with the twin: every expectation is computed afresh, so that it may judge a real EVC5 too.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evc5.rigs.checks.verdict.judging import finish, judge
    from evc5.rigs.checks.verdict.verdict import Verdict

__all__ = ["Verdict", "finish", "judge"]

_HOMES = {"Verdict": "verdict", "finish": "judging", "judge": "judging"}


def __getattr__(name: str) -> Any:
    """Load the judge when it is first asked for: its room holds what needs none of its checks."""
    if name not in _HOMES:
        raise AttributeError(f"module 'evc5.rigs.checks' has no attribute {name!r}")
    return getattr(import_module(f"evc5.rigs.checks.verdict.{_HOMES[name]}"), name)
