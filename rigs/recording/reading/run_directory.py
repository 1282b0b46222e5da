"""A run directory: which files it holds, how one is claimed for a run, and its summary."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

MESSAGES = "messages.jsonl"
PACKED_MESSAGES = "messages.jsonl.zst"
EVENTS = "events.jsonl"
TELEMETRY = "telemetry.parquet"
SUMMARY = "summary.json"
REPORT = "report.html"
LOCK = ".lock"  # held while somebody records there

OBJECT, NUMBER = ((dict,), "an object"), ((int, float), "a number")
SHAPES = {  # of what a summary holds and a table or a report goes by
    **dict.fromkeys(("policies", "tolerances", "keys", "versions", "house", "about"), OBJECT),
    **dict.fromkeys(("simulated_s", "days", "wall_s", "clock_step_s"), NUMBER),
}
NO_FRAMES = 'holds no frames: it was recorded with recording.messages = "none"'
NO_TELEMETRY = "holds no telemetry: it was recorded with recording.telemetry = false"

FORMAT = "evc5-run/2"  # stands in summary.json; by it we know a directory as ours
FORMATS = ("evc5-run/1", FORMAT)  # all that can be read; the first held lists of three in its telemetry


def check(directory: Path) -> None:
    """Refuse a directory that exists and is neither empty nor one of our runs; nothing is written."""
    try:
        if not directory.exists():
            return
    except OSError as error:  # a name too long, a folder that nobody may look into
        raise BadInput(f"{directory}: {error.strerror}") from None
    if not directory.is_dir():
        raise BadInput(f"out must be a directory of its own, and {directory} is a file")
    if not is_run(directory) and any(path.name != LOCK for path in directory.iterdir()):
        raise BadInput(f"{directory} exists and is not a run directory; choose another, or empty it")


def claim(directory: Path, summary: Mapping[str, Any]) -> None:
    """Make `directory` the place of a new run: an older run's files go, other files in it stay.

    The new summary comes first, so that a kill at any moment leaves a directory known as ours.
    """
    check(directory)
    directory.mkdir(parents=True, exist_ok=True)
    write_summary(directory, summary)
    for name in (MESSAGES, PACKED_MESSAGES, EVENTS, REPORT):
        (directory / name).unlink(missing_ok=True)
    if (directory / TELEMETRY).exists():
        shutil.rmtree(directory / TELEMETRY)
    (directory / TELEMETRY).mkdir()


def is_run(directory: Path) -> bool:
    try:
        return read_summary(directory).get("format") in FORMATS
    except BadInput:
        return False


def messages(directory: Path) -> Path:
    """The file of its frames, whichever form they have; where there is none, the one that is missing."""
    packed = directory / PACKED_MESSAGES
    return packed if packed.is_file() and not (directory / MESSAGES).is_file() else directory / MESSAGES


def refuse_without_frames(directory: Path) -> None:
    """BadInput where it holds no frames that somebody asks for."""
    if is_without_frames(directory):
        raise BadInput(f"{directory} {NO_FRAMES}")
    if not messages(directory).is_file():
        raise BadInput(f"{directory} is not a run directory: it has no {MESSAGES}")


def is_without_frames(directory: Path) -> bool:
    """Is it a run that was told to record none?"""
    try:
        return not keeps(read_summary(directory), "messages")
    except BadInput:
        return False


def keeps(summary: Mapping[str, Any], part: str) -> bool:
    """Were `messages` or `telemetry` to be recorded? Only what a rig file gives up is not."""
    told = summary.get("recording")
    return not isinstance(told, dict) or told.get(part) not in ("none", False)


def read_summary(directory: Path) -> dict[str, Any]:
    """The summary of a run; BadInput where there is none to read."""
    path = directory / SUMMARY
    try:
        summary = json.loads(user_files.content(path))
    except FileNotFoundError:
        raise BadInput(f"{directory} is not a run directory: it has no {SUMMARY}") from None
    except NotADirectoryError:
        raise BadInput(f"{directory} is not a run directory: it is a file") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(summary, dict):
        raise BadInput(f"{path} must hold a JSON object")
    refuse_foreign_shapes(path, summary)
    return summary


def refuse_foreign_shapes(path: Path, summary: Mapping[str, Any]) -> None:
    """BadInput where a summary is another version's, or holds what tables and reports cannot go by."""
    if (written := summary.get("format", FORMAT)) not in FORMATS:
        raise BadInput(f"{path}: format must be {' or '.join(FORMATS)}, got {written!r:.80}")
    for name, (types, what) in SHAPES.items():
        value = summary.get(name)
        if value is not None and (not isinstance(value, types) or isinstance(value, bool)):
            raise BadInput(f"{path}: {name} must be {what}, got {value!r:.80}")


def write_summary(directory: Path, summary: Mapping[str, Any]) -> None:
    """Write `summary.json` whole or not at all; our mark is added."""
    text = json.dumps({"format": FORMAT, **summary}, indent=2, ensure_ascii=False, allow_nan=False)
    replace(directory / SUMMARY, text.encode() + b"\n")


def replace(path: Path, content: bytes) -> None:
    """Replace a file atomically: a reader sees the old one or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
