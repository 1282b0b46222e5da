"""How measured figures are told: no more digits than a noisy machine is good for, and in words."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, field, fields
from typing import Any

WIDTH = 80  # columns of a terminal that everybody has


def figure(words: str, default: float | None = None) -> Any:
    """A field of a result, with what it says of itself in a table; None where it was not measured."""
    return field(default=default, metadata={"words": words})


def four_digits(figures: Mapping[str, float | None]) -> dict[str, float]:
    """Measured figures as they are told: the missing ones left out."""
    return {name: float(f"{value:.4g}") for name, value in figures.items() if value is not None}


def lines(result: Any) -> Iterator[str]:
    """A dataclass of figures as a table of 80 columns: name, value, words."""
    told = result.table()
    for one in fields(result):
        if one.name in told:
            yield f"{one.name:<24}{told[one.name]:>11,}  {_words(one)}".rstrip()


def _words(one: "Field[Any]") -> str:
    return str(one.metadata.get("words", ""))
