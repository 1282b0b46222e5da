"""What the stretches of a log between its holes told, together."""

from typing import Any

from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Need
from evc5.rigs.checks.transactions.session_table import Sessions
from evc5.rigs.checks.verdict.telling import MOST_BREAKDOWNS, Telling


class Stretches:
    """Each stretch is judged by itself; the verdict is on all of them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []  # of the table of sessions
        self.breakdowns: list[dict[str, Any]] = []
        self._known: set[str] = set()  # needs that one of them met
        self._transactions = 0
        self._station: dict[str, str] = {}

    def keep(self, context: Context, telling: Telling, sessions: Sessions) -> None:
        """A stretch is over."""
        self.rows += sessions.rows()
        self.breakdowns = [*self.breakdowns, *telling.told_breakdowns()][:MOST_BREAKDOWNS]
        needs = {need.name: need for row in context.ledger.table.values() for need in row.needs}
        self._known |= {name for name, need in needs.items() if context.evidence.knows(need)}
        self._transactions += context.history.transactions.count
        self._station |= context.history.boots.identity

    def knows(self, need: Need) -> bool:
        """Did any stretch tell this?"""
        return need.name in self._known

    @property
    def about(self) -> dict[str, Any]:
        return {"station": self._station, "transactions": self._transactions}
