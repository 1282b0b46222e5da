"""A run of a sweep that takes its worker with it: to be found by processes that know nothing of a test."""

import os
from dataclasses import dataclass

from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.sweep.task import Task


@dataclass(frozen=True)
class Deadly(Task):
    """Ends its process as the system does when memory runs out."""

    def file(self) -> RigFile:
        os._exit(9)
