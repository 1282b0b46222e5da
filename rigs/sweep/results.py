"""A sweep's directory: what it is, a journal that no kill cuts short, and the data set of its results.

`sweep.json` says which sweep it is; `rows.jsonl` gains a line as each run ends; `results.parquet` is written
when the sweep ends or is interrupted.
"""

import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import LOCK, replace
from evc5.rigs.sweep.task import Row, Task

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "evc5-sweep/1"
ABOUT = "sweep.json"
ROWS = "rows.jsonl"
RESULTS = "results.parquet"
WORK = ".work"  # where runs lie that are not kept, while they last
TYPES = {
    "run": "Int64",
    "seed": "Int64",
    "passed": "boolean",
    "errors": "Int64",
    "warnings": "Int64",
    "judged": "Int64",
    "energy_wh": "float64",
    "peak_w": "float64",
    "unserved_wh": "float64",
    "wall_s": "float64",
    "error": "str",
}


class Results:
    """The directory of one sweep, new or gone on with; BadInput where it holds anything else."""

    def __init__(self, directory: Path, about: Mapping[str, Any], keys: Sequence[str]) -> None:
        self.directory = directory
        self._keys = keys
        _claim(directory, about)
        self.rows = {row["run"]: row for row in _read(directory / ROWS)}
        whole = "".join(f"{_line(row)}\n" for row in self.rows.values())
        replace(directory / ROWS, whole.encode())  # without the line that a kill cut
        self._file = (directory / ROWS).open("a", encoding="utf-8")

    @property
    def work(self) -> Path:
        """A folder for what goes when the sweep ends; what a kill left there is gone already."""
        return self.directory / WORK

    def add(self, row: Row) -> None:
        """Note a run's row: it stands whatever happens next."""
        self.rows[row["run"]] = row
        self._file.write(f"{_line(row)}\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal, and write what there is as the data set: interrupted, too."""
        self._file.close()
        shutil.rmtree(self.work, ignore_errors=True)
        packed = io.BytesIO()
        self.table().to_parquet(packed, index=False)
        replace(self.directory / RESULTS, packed.getvalue())

    def table(self) -> "pd.DataFrame":
        """The rows so far."""
        return table(self.rows.values(), self._keys)


def about(tasks: Sequence[Task], version: str) -> dict[str, Any]:
    """By what a sweep is known: two are the same if every run of theirs is."""
    first = tasks[0]
    whole = [_line([task.run, task.changes, task.seed]) for task in tasks]
    said = {"rig": first.table, "path": first.path, "version": version, "keeps": first.out is not None}
    told = [_line(said), *whole]
    return {
        "format": FORMAT,
        "digest": hashlib.sha256("\n".join(told).encode()).hexdigest(),
        "runs": len(tasks),
        **json.loads(_line(said)),
    }


def table(rows: Iterable[Row], keys: Sequence[str]) -> "pd.DataFrame":
    """The rows by run, a column a key; a column whose values are neither numbers nor texts alone is JSON."""
    import pandas as pd

    ordered = sorted(rows, key=lambda row: row["run"])
    names = ["run", "seed", *keys, *(name for name in TYPES if name not in ("run", "seed"))]
    told = {name: [row.get(name) for row in ordered] for name in names}
    types = {name: _type(told[name]) if name in keys else TYPES[name] for name in names}
    for name in keys:
        if types[name] == "json":
            told[name] = [_text(value) for value in told[name]]
            types[name] = "str"
    return pd.DataFrame(told, columns=names, dtype="object").astype(types)


def _type(values: Sequence[Any]) -> str:
    """Of a key's column, by what its values are."""
    kinds = {type(value) for value in values if value is not None}
    for wanted, name in (({bool}, "boolean"), ({int}, "Int64"), ({int, float}, "float64"), ({str}, "str")):
        if kinds <= wanted:
            return name
    return "json"


def _text(value: Any) -> str | None:
    return None if value is None else value if isinstance(value, str) else _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, default=_shown, ensure_ascii=False)


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _claim(directory: Path, what: Mapping[str, Any]) -> None:
    """Make the directory this sweep's, or see that it is."""
    path = directory / ABOUT
    if path.exists():
        _same(path, what)
    elif any(other.name != LOCK and not other.name.endswith(".partial") for other in directory.iterdir()):
        raise BadInput(f"{directory} exists and holds no sweep; choose another, or empty it")
    else:
        replace(path, json.dumps(what, indent=2).encode())
    shutil.rmtree(directory / WORK, ignore_errors=True)
    (directory / WORK).mkdir()


def _same(path: Path, what: Mapping[str, Any]) -> None:
    try:
        held = json.loads(user_files.content(path))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise BadInput(f"{path}: format must be {FORMAT}")
    if held["digest"] != what["digest"]:
        differs = [key for key in what if key != "digest" and held.get(key) != what[key]]
        where = ", ".join(differs) or "what is varied"
        raise BadInput(f"{path.parent} holds another sweep (other in {where}); choose another, or remove it")


def _read(path: Path) -> list[Row]:
    """The whole lines; the last one may have been cut by a kill."""
    if not path.exists():
        return []
    lines = user_files.content(path).split(b"\n")[:-1]
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise BadInput(f"{path} cannot be read: {error}") from None
