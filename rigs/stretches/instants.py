"""Many moments as text at once, a small part of the work of writing each by itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from evc5.twin.clock import Calendar

LEAST_S, MOST_S = 1.0, 1e15  # within, JSON writes a number as Python does; exponents look otherwise


def run_seconds(t_s: Sequence[float]) -> list[str]:
    """What `repr` says of each of these run seconds, one at the least."""
    seconds = np.array(t_s, float)
    if seconds.min() < LEAST_S or seconds.max() > MOST_S:
        return list(map(repr, seconds.tolist()))
    return orjson.dumps(seconds, option=orjson.OPT_SERIALIZE_NUMPY).decode()[1:-1].split(",")


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
    if not len(epoch_ms):
        return []
    # A microsecond more, as a fraction of 0 would be left out; its place is where the zone comes to stand.
    moments = (epoch_ms.astype("int64") * 1000 + 1).view("datetime64[us]")
    written = orjson.dumps(moments, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return written.replace('001"', 'Z"')[2:-2].split('","')
