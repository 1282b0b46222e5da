"""How much of a run is recorded: in which form its frames, and whether its telemetry."""

from pathlib import Path
from typing import Any, NamedTuple

from evc5.models.units import DAY_S
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.writing.journal import Journal

PLAIN, PACKED, NONE = FORMS = ("jsonl", "zst", "none")  # of the frames
FLUSH_S = 3600.0  # of rig time
PACKED_BYTES = 1 << 20  # text in a block of a packed file: larger ones pack no better
ZSTD_LEVEL = 1  # a year of 845 MB takes 12 MB; level 9 takes 9 MB and seven times as long


class Levels(NamedTuple):
    """What of a run is written down; events and the summary always are."""

    messages: str = PLAIN
    telemetry: bool = True

    @property
    def keeps_frames(self) -> bool:
        return self.messages != NONE

    @property
    def flush_s(self) -> float:
        """How much rig time waits to be written: a block of an hour would be too small to pack well."""
        return DAY_S if self.messages == PACKED else FLUSH_S

    def journal(self, directory: Path, explained_by: Journal) -> Journal:
        """Where frames are written; where they are not, nothing is, and what explains them still is."""
        if self.messages == PACKED:
            place = directory / run_directory.PACKED_MESSAGES
            return Journal(place, explained_by, pack=_packed, buffer_bytes=PACKED_BYTES)
        return (
            Journal(directory / run_directory.MESSAGES, explained_by) if self.keeps_frames else explained_by
        )

    def told(self) -> dict[str, Any]:
        """As the summary says it."""
        return {"messages": self.messages, "telemetry": self.telemetry}


EVERYTHING = Levels()


def _packed(text: bytes) -> bytes:
    """A block that is read without those before it."""
    import pyarrow as pa  # costly, and of use to packed files only

    return bytes(pa.Codec("zstd", compression_level=ZSTD_LEVEL).compress(text, asbytes=True))
