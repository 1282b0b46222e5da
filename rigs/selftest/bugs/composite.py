"""Bugs in composite schedules: what GetCompositeSchedule tells of the profiles."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import answers, around

Payload = dict[str, Any]


def _as_written(original: Any, rules: Any, cap: Any, *more: Any) -> Any:
    return cap.amps


def _three_phases(original: Any, watts: float, phases: int | None, min_w: float | None = None) -> Any:
    return original(watts, None, min_w)


def _without_station(original: Any, stacks: Any, *more: Any) -> Any:
    return original({**stacks, 0: ()}, *more)


def _cut_to_one(original: Any, station: Any, payload: Payload) -> Payload:
    answer: Payload = original(station, payload)
    del answer["chargingSchedule"]["chargingSchedulePeriod"][1:]
    return answer


def _as_amps(original: Any, station: Any, payload: Payload) -> Payload:
    answer: Payload = original(station, {**payload, "chargingRateUnit": "A"})
    answer["chargingSchedule"]["chargingRateUnit"] = payload.get("chargingRateUnit", "A")
    return answer


def _told(change: Any) -> Patch:
    """A composite schedule with its periods changed."""

    def wrong(original: Any, station: Any, payload: Payload) -> Payload:
        answer: Payload = original(station, payload)
        for period in answer["chargingSchedule"]["chargingSchedulePeriod"]:
            change(period)
        return answer

    return answers("GetCompositeSchedule", wrong)


BUGS: tuple[Bug, ...] = (
    Bug(
        "watts-over-phases-not-wired",
        "a station of one phase takes a third of the watts it may",
        check="charging.composite",
        clause="7.12; errata 3.34",
        rig="one-phase",
        patches=(Patch("evc5.twin.charging.phases:PhaseRules.amps", around(_as_written)),),
    ),
    Bug(
        "watts-number-phases-ignored",
        "watts are always spread over three phases",
        check="charging.composite",
        clause="7.14",
        rig="watts",
        patches=(Patch("evc5.twin.charging.profile:cap_of_watts", around(_three_phases)),),
    ),
    Bug(
        "composite-without-station-profile",
        "the composite schedule leaves out ChargePointMaxProfile",
        check="charging.composite",
        clause="3.13.4, 5.7",
        rig="station-max",
        patches=(Patch("evc5.twin.charging.composite:Layers", around(_without_station)),),
    ),
    Bug(
        "composite-first-period",
        "the composite schedule has one period only",
        check="charging.composite",
        clause="5.7",
        rig="stack",
        patches=(answers("GetCompositeSchedule", _cut_to_one),),
    ),
    Bug(
        "composite-unit-ignored",
        "the composite schedule tells amperes for watts",
        check="charging.composite",
        clause="6.22",
        rig="watts",
        patches=(answers("GetCompositeSchedule", _as_amps),),
    ),
    Bug(
        "composite-a-minute-early",
        "the periods of the composite schedule start a minute early",
        check="charging.composite",
        clause="5.7",
        rig="stack",
        patches=(_told(lambda period: period.update(startPeriod=max(0, period["startPeriod"] - 60))),),
    ),
    Bug(
        "composite-late-from-zero",
        "the first period of the composite schedule begins ten seconds late",
        check="charging.composite-form",
        clause="5.7, ER 3.45",
        rig="stack",
        patches=(_told(lambda period: period.update(startPeriod=period["startPeriod"] + 10)),),
    ),
    Bug(
        "composite-above-profiles",
        "the composite schedule tells half as much again as the profiles allow",
        check="charging.composite-limit",
        clause="3.13.4, 5.7",
        rig="stack",
        patches=(_told(lambda period: period.update(limit=period["limit"] * 1.5)),),
    ),
)
