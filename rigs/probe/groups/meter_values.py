"""What a MeterValues holds, of a unit that may send anything. Source: OCPP 1.6 6.31, 7.33, 7.43."""

from collections.abc import Iterable, Iterator
from typing import Any

from evc5.rigs.keeper.state import Payload


def samples(calls: Iterable[Payload]) -> list[Payload]:
    """The meter values, each with its timestamp."""
    return [sample for call in calls for sample in _objects(call.get("meterValue"))]


def sampled(calls: Iterable[Payload]) -> list[Payload]:
    """The sampled values of all of them."""
    return [value for sample in samples(calls) for value in _objects(sample.get("sampledValue"))]


def contexts(calls: Iterable[Payload]) -> str:
    """The contexts of the values, in order; "" where there is no value."""
    return " ".join(sorted({str(value.get("context", "none")) for value in sampled(calls)}))


def _objects(told: object) -> Iterator[dict[str, Any]]:
    """Those of a list that are objects; a unit may send anything else."""
    yield from (one for one in (told if isinstance(told, list) else ()) if isinstance(one, dict))
