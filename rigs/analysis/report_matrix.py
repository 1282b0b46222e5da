"""The report's matrix: requirement by session; by day, week or month where a run has too many sessions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

MOST_COLUMNS = 31
# A letter for each requirement, as a session of the summary has them.
PASSED = "P"
FAILED = "F"
IDLE = "-"
SIGNS = {PASSED: "✓", FAILED: "✗", IDLE: "·"}
WORDS = {PASSED: "PASS", FAILED: "FAIL", IDLE: "NOT EXERCISED"}

Summary = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One session, or those of one stretch of time; `members` count from 0 in the summary's list."""

    label: str
    title: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one requirement came to in one column, and where to read on."""

    letter: str
    title: str
    link: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.letter]


@dataclass(frozen=True, slots=True)
class Matrix:
    """`rows` are requirements with their cells; those that no session put to the test are left out."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Summary, tuple[Cell, ...]], ...]
    period: str  # what a column is


def session_of(summary: Summary) -> Callable[[Summary], int | None]:
    """Finds the session that a finding fell into: its number from 0."""
    sessions = summary.get("sessions", ())
    spans = [_span(session) for session in sessions]
    start = datetime.fromisoformat(summary["start"])

    def find(finding: Summary) -> int | None:
        at = start + timedelta(seconds=finding["t"])
        for index, (connector, begin, end) in enumerate(spans):
            if connector == finding["connector"] and begin <= at and (end is None or at <= end):
                return index
        return None

    return find


def _span(session: Summary) -> tuple[int, datetime, datetime | None]:
    end = session["unplug"] and datetime.fromisoformat(session["unplug"]) + timedelta(seconds=1)
    return session["connector"], datetime.fromisoformat(session["plug_in"]), end or None


def matrix(summary: Summary, shown: Sequence[Summary]) -> Matrix | None:
    """The matrix of a judged run; `shown` are the findings on the page, with `index` and `session`."""
    columns, period = _columns(summary.get("sessions", ()))
    links = {(row["requirement"], row["session"]): f"finding-{row['index']}" for row in reversed(shown)}
    broken = {(row["requirement"], row["session"]) for row in shown if row["severity"] == "error"}
    rows = []
    for place, row in enumerate(summary.get("requirements", ())):
        letters = [_letter(session, place) for session in summary["sessions"]]
        for index in range(len(letters)):
            letters[index] = FAILED if (row["id"], index) in broken else letters[index]
        if set(letters) != {IDLE} and letters:
            cells = tuple(_cell(row["id"], column, letters, links) for column in columns)
            rows.append((row, cells))
    return Matrix(tuple(columns), tuple(rows), period) if rows else None


def _letter(session: Summary, place: int) -> str:
    judged = session.get("judged", "")
    return judged[place] if place < len(judged) else IDLE


def _cell(id: str, column: Column, letters: Sequence[str], links: Mapping[tuple[str, int], str]) -> Cell:
    mine = {member: letters[member] for member in column.members}
    failed = [member for member, letter in mine.items() if letter == FAILED]
    letter = FAILED if failed else PASSED if PASSED in mine.values() else IDLE
    title = f"{id}, {column.title}: {WORDS[letter]}"
    if len(mine) > 1 and letter != IDLE:
        count = sum(one == letter for one in mine.values())
        title += f" in {count} of {len(mine)} sessions"
    if not failed:
        return Cell(letter, title)
    linked = next((links[id, member] for member in failed if (id, member) in links), f"session-{failed[0]}")
    return Cell(letter, title, linked)


# -- columns -------------------------------------------------------------------------------------


def _columns(sessions: Sequence[Summary]) -> tuple[list[Column], str]:
    """A column a session while they are few, else the shortest of the calendar's stretches that fits."""
    if len(sessions) <= MOST_COLUMNS:
        return [_single(index, session) for index, session in enumerate(sessions)], "session"
    grouped = ((_grouped(sessions, name_of), period) for period, name_of in PERIODS.items())
    return next(found for found in grouped if len(found[0]) <= MOST_COLUMNS or found[1] == LONGEST)


def _single(index: int, session: Summary) -> Column:
    at = datetime.fromisoformat(session["plug_in"])
    car = session.get("vehicle") or "a car"
    title = f"session {index + 1}, connector {session['connector']}, {car}, {at:%a} {at.day} {at:%b %H:%M}"
    return Column(str(index + 1), title, (index,))


def _grouped(sessions: Sequence[Summary], name_of: Callable[[datetime], str]) -> list[Column]:
    begins = [(datetime.fromisoformat(session["plug_in"]), index) for index, session in enumerate(sessions)]
    groups = groupby(sorted(begins), key=lambda pair: name_of(pair[0]))
    return [Column(name, name, tuple(index for _, index in group)) for name, group in groups]


PERIODS: dict[str, Callable[[datetime], str]] = {
    "day": lambda at: f"{at.day} {at:%b %Y}",
    "week": lambda at: f"{at:%G week %V}",
    "month": lambda at: f"{at:%b %Y}",
    "year": lambda at: f"{at:%Y}",
}
LONGEST = "year"
