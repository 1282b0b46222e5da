"""A temporary directory that goes when nobody holds it any more."""

import shutil
import tempfile
from pathlib import Path


class Scratch:
    """Goes with its process at the latest, a worker of a pool included; a fork leaves it alone.

    `tempfile.TemporaryDirectory` warns where it is left to go by itself, which is the point here.
    """

    def __init__(self, prefix: str) -> None:
        # Here, as it takes ten milliseconds to load, and a run with a directory of its own needs it not.
        from multiprocessing.util import Finalize

        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        Finalize(self, shutil.rmtree, args=(self.path,), kwargs={"ignore_errors": True}, exitpriority=0)
