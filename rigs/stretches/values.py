"""What meters tell at many instants of a stretch, by the formulas that tell it at one."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from evc5.models.functions import MANY
from evc5.twin.connector.channel import Channel
from evc5.twin.sessions.metering import CLOCK, Row, flat, whole
from evc5.twin.sessions.samples import Samples, Telling

Columns = list[Any]
"""In the order of a `Row`: a list with a value for each instant, or the one value of all of them."""


def columns(samples: Samples, telling: Telling, t_s: Sequence[float], channels: Sequence[Channel]) -> Columns:
    """A telling's rows, by column, at these ascending instants; Mixed where no one formula holds for all."""
    if telling.channel is None:
        each = [rows(_many(samples, channel, t_s), len(t_s)) for channel in channels]
        return _turned([whole(together) for together in zip(*each, strict=True)])
    return _many(samples, telling.channel, t_s)


def rows(told: Columns, count: int) -> list[Row]:
    """The same, instant by instant."""
    return list(zip(*[one if isinstance(one, list) else [one] * count for one in told], strict=True))


def means(
    samples: Samples, tellings: Iterable[Telling], t_s: Sequence[float], channels: Sequence[Channel]
) -> dict[Telling, Columns]:
    """What clock-aligned tellings say at these boundaries where values are averaged over the interval."""
    found: dict[Telling, list[Row]] = {telling: [] for telling in tellings}
    for boundary_t_s in t_s:
        for telling, told in found.items():
            some = channels if telling.channel is None else [telling.channel]
            means_of = [samples.told(samples.averages[one.connector].mean(boundary_t_s)) for one in some]
            told.append(whole(means_of) if telling.channel is None else means_of[0])
        for average in samples.averages.values():
            average.begin(boundary_t_s)
    return {telling: _turned(told) for telling, told in found.items()}


def is_averaged(samples: Samples, telling: Telling) -> bool:
    return bool(samples.averages) and telling.plan.context == CLOCK


def _many(samples: Samples, channel: Channel, t_s: Sequence[float]) -> Columns:
    outlet = channel.outlet
    metered = outlet.spec.meter.tells(outlet.segment, np.array(t_s), MANY)
    row = samples.told(flat(metered, channel.offered_a, MANY))
    return [_column(one) for one in row]


def _column(told: Any) -> Any:
    """What is the same at every instant is one value, and written into the pattern once."""
    if not isinstance(told, np.ndarray):
        return told
    each = told.tolist()
    return each if each.count(each[0]) < len(each) else each[0]


def _turned(told: Sequence[Row]) -> Columns:
    return [None if one[0] is None else list(one) for one in zip(*told, strict=True)]
