"""Many moments as text at once, a ninth of the work of writing each by itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evc5.twin.clock import Calendar


def texts(calendar: Calendar, t_s: Sequence[float]) -> list[str]:
    """What `Calendar.iso` says of each of these run seconds."""
    return _written(round(calendar.start_epoch_s * 1000) + _ms(t_s))


def epoch_texts(epoch_s: Sequence[float]) -> list[str]:
    """What `StationClock.iso_epoch` says of each of these seconds of UTC."""
    return _written(_ms(epoch_s))


def _ms(seconds: Sequence[float]) -> Any:
    """Rounded half to even, as Python does."""
    return np.rint(np.array(seconds, float) * 1000)


def _written(epoch_ms: Any) -> list[str]:
    written: list[str] = np.datetime_as_string(epoch_ms.astype("datetime64[ms]"), timezone="UTC").tolist()
    return written
