"""A run that was told to record no frames is not judged, and each requirement says what it lacks."""

from typing import Any

from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.requirement import NOT_JUDGED
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.checks.verdict.recordings import Recording
from evc5.rigs.checks.verdict.verdict import Verdict

LACKS = 'the frames: record them, with recording.messages = "jsonl" or "zst"'


def without_frames(recording: Recording) -> Verdict:
    """The verdict where nothing tells what was said."""
    rows = [row | {"verdict": NOT_JUDGED, "lacks": [LACKS]} for row in Ledger(TABLE).requirements()]
    frames = int(recording.summary.get("frames") or 0)
    about: dict[str, Any] = {"behaviour": recording.summary.get("behaviour"), "station": {}, "notes": []}
    return Verdict(rows, [], [], frames, None, about=about)
