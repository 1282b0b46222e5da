"""Sound recordings tampered with in every way that we thought of, and what must then speak."""

from tampering.answers import ANSWERS
from tampering.frames import LOST
from tampering.kinds import BENCH, CONFIGURATION, FRAMES, Kind
from tampering.recorded import Recorded
from tampering.sessions import SESSIONS
from tampering.stamps import STAMPS
from tampering.values import VALUES

KINDS: tuple[Kind, ...] = (*VALUES, *STAMPS, *SESSIONS, *ANSWERS, *LOST)

__all__ = ["BENCH", "CONFIGURATION", "FRAMES", "KINDS", "SEQUENCE", "Kind", "Recorded"]
