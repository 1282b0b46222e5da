"""A run as people work with it: its verdict, its tables, its frames, its plots."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.recording.reading import run_directory

if TYPE_CHECKING:
    import pandas as pd

    from evc5.rigs.analysis.plots import Plots


class Run(Recorded):
    """A recorded run. Tables are pandas DataFrames in UTC, read when first asked for and then kept."""

    @classmethod
    def open(cls, directory: str | Path) -> Self:
        """A run directory, complete or as a kill left it; BadInput where it is none."""
        return cls(Path(directory))

    def save(self, directory: str | Path) -> "Run":
        """Copy the run to another directory; a run there is replaced, anything else refused (BadInput)."""
        target = Path(directory)
        if target.exists() and target.samefile(self.directory):
            return self
        run_directory.claim(target, self.summary | {"state": "running"})
        shutil.copytree(self.directory, target, dirs_exist_ok=True, ignore=_summary)
        run_directory.write_summary(target, self.summary)
        return Run.open(target)

    @cached_property
    def telemetry(self) -> "pd.DataFrame":
        from evc5.rigs.analysis.tables import telemetry_table

        return telemetry_table(self.directory)

    @cached_property
    def meter_values(self) -> "pd.DataFrame":
        from evc5.rigs.analysis.meter_values import meter_values_table

        return meter_values_table(self.directory)

    @cached_property
    def transactions(self) -> "pd.DataFrame":
        from evc5.rigs.analysis.tables import transactions_table

        return transactions_table(self.directory)

    @cached_property
    def events(self) -> "pd.DataFrame":
        from evc5.rigs.analysis.tables import events_table

        return events_table(self.directory)

    @cached_property
    def messages(self) -> "pd.DataFrame":
        from evc5.rigs.analysis.tables import messages_table

        return messages_table(self.directory)

    @property
    def plot(self) -> "Plots":
        from evc5.rigs.analysis.plots import Plots

        return Plots(self)

    def __repr__(self) -> str:
        verdict = {True: "passed", False: "failed", None: "not judged"}[self.summary.get("passed")]
        return f"<Run {self.directory}: {self.summary.get('state')}, {verdict}>"


def _summary(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name == run_directory.SUMMARY or name.endswith(".partial")]
