"""How long something lasted, as people say it."""

from collections.abc import Sequence

from evc5.models.units import DAY_S

Unit = tuple[str, float]  # its name, and how many seconds it has

HOURS: tuple[Unit, ...] = (("h", 3600.0), ("min", 60.0), ("s", 1.0))
DAYS: tuple[Unit, ...] = (("days", DAY_S), *HOURS)
WORDS: tuple[Unit, ...] = (("day", DAY_S), ("hour", 3600.0), ("minute", 60.0), ("second", 1.0))


def lasts(seconds: float, units: Sequence[Unit] = DAYS) -> str:
    """In short, in the largest unit of which it is two at least."""
    unit, of_it_s = _largest(seconds, units, 2.0)
    return f"{seconds / of_it_s:.3g} {unit}"


def lasted(seconds: float) -> str:
    """In words, in the largest unit of which it is one at least: a run that is interrupted may be minutes."""
    unit, of_it_s = _largest(seconds, WORDS, 1.0)
    count = f"{seconds / of_it_s:.4g}"
    return f"{count} {unit}{'s' * (count != '1')}"


def _largest(seconds: float, units: Sequence[Unit], least: float) -> Unit:
    return next((unit for unit in units if seconds >= least * unit[1]), units[-1])
