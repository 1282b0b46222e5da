"""A temporary directory that goes when nobody holds it any more."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """`tempfile.TemporaryDirectory` warns where it is left to go by itself, which is the point here."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
