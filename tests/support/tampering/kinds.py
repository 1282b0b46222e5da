"""What a kind of tampering is, and the changes that the tables put together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tampering.recorded import Pick, Recorded, Row, later, payload, samples, values

FRAMES, BENCH, CONFIGURATION = "frames", "bench", "configuration"
Change = Callable[[Recorded], None]


@dataclass(frozen=True)
class Kind:
    """One way to tamper with a recording, and the requirements of which one at least must then fail.

    `shown_by`: what contradicts it: the FRAMES themselves, whoever wrote them; frames with the whole
    CONFIGURATION; or what was done at the BENCH from the station's first moment on, and its telemetry.
    """

    name: str
    change: Change
    speaks: tuple[str, ...]
    shown_by: str = FRAMES


def kind(name: str, change: Change, *speaks: str, shown_by: str = FRAMES) -> Kind:
    return Kind(name, change, speaks, shown_by)


# -- changes, as the tables name them -----------------------------------------------------------------


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(told: Recorded) -> None:
        for one in changes:
            one(told)

    return change


def put(pick: Pick, path: str, value: Any) -> Change:
    """Another value of a field, or what a function makes of the one that stands there."""

    def change(told: Recorded) -> None:
        *way, last = path.split(".")
        place = payload(pick(told))
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        key = int(last) if last.isdigit() else last
        place[key] = value(place[key]) if callable(value) else value

    return change


def without(pick: Pick, field: str) -> Change:
    return lambda told: payload(pick(told)).pop(field)


def stamped(pick: Pick, seconds: float, path: str = "timestamp") -> Change:
    """Its stamp is so many seconds later."""
    return put(pick, path, lambda old: later(old, seconds))


def dropped(*picks: Pick) -> Change:
    def change(told: Recorded) -> None:
        for row in [pick(told) for pick in picks]:
            told.drop(row)

    return change


def doubled(pick: Pick, with_its_id: bool = False, **answered: Any) -> Change:
    """Told and answered twice; the second answer differs by these fields."""

    def change(told: Recorded) -> None:
        _, second = told.again(pick(told), None if with_its_id else str(next(told.new_ids)))
        payload(second).update(answered)

    return change


def moved(pick: Pick, after: Pick) -> Change:
    """It comes only after another's answer."""
    return lambda told: told.move(pick(told), told.reply_to(after(told)))


def element(pick: Pick, n: int, value: Any) -> Change:
    """Another element of the frame itself."""

    def change(told: Recorded) -> None:
        pick(told)["frame"][n] = value

    return change


def id_of_both(pick: Pick, value: Any) -> Change:
    """Another message id, of the CALL and its answer."""

    def change(told: Recorded) -> None:
        row = pick(told)
        told.reply_to(row)["frame"][1] = value
        row["frame"][1] = value

    return change


Which = Callable[[Recorded], list[Row]]


def some(first: int, end: int | None = None, transaction: int = 1) -> Which:
    """The samples of a transaction from one to another."""
    return lambda told: samples(told, transaction=transaction)[first:end]


LATER, ONE = some(3, 12), some(8, 9)


def scaled(measurand: str, factor: float, which: Which = LATER) -> Change:
    """All values of a measurand are so many times what they were."""
    return told_as(measurand, lambda old: f"{float(old) * factor:g}", which)


def told_as(measurand: str, value: Any, which: Which = ONE, field: str = "value") -> Change:
    """Another value, unit or phase of a measurand, or what a function makes of the one that stands there."""

    def change(told: Recorded) -> None:
        for row in which(told):
            for one in values(row, measurand):
                one[field] = value(one[field]) if callable(value) else value

    return change


def untold(measurand: str, phase: str | None = None, which: Which = ONE) -> Change:
    """A measurand, or one of its phases, is missing."""

    def change(told: Recorded) -> None:
        for row in which(told):
            block = payload(row)["meterValue"][0]
            gone = [one for one in values(row, measurand) if phase in (None, one.get("phase"))]
            block["sampledValue"] = [one for one in block["sampledValue"] if one not in gone]

    return change
