"""Temperatures in and around the charge point."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ambient:
    """The air around the charge point."""

    mean_c: float = 15.0
