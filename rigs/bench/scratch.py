"""A temporary directory that goes when nobody holds it any more."""

import shutil
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path


class Scratch:
    """Goes with the process that made it at the latest, a pool's worker too (`weakref.finalize` runs in none).

    A fork of it leaves it alone. (`tempfile.TemporaryDirectory` warns where it is left to go by itself.)
    """

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        Finalize(self, shutil.rmtree, args=(self.path,), kwargs={"ignore_errors": True}, exitpriority=0)
