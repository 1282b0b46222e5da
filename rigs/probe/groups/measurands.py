"""Measurands: each alone, with phases, all together, and as they come. Source: OCPP 1.6 7.31, 9.1.17."""

from functools import partial

from evc5.rigs.keeper import state
from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.probe import Context, GivenUp, Probe, outcome

GROUP = "measurands"
KEY = "MeterValuesSampledData"
# 7.31 of OCPP 1.6 edition 2
ALL = (
    "Current.Export", "Current.Import", "Current.Offered", "Energy.Active.Export.Register",
    "Energy.Active.Import.Register", "Energy.Reactive.Export.Register", "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval", "Energy.Active.Import.Interval", "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval", "Frequency", "Power.Active.Export", "Power.Active.Import",
    "Power.Factor", "Power.Offered", "Power.Reactive.Export", "Power.Reactive.Import", "RPM", "SoC",
    "Temperature", "Voltage",
)  # fmt: skip
SPELLINGS = ("Voltage.L1", "Voltage.L1-N", "Voltage.L4", "SoC.L1", "voltage", "No.Such", "Voltage,Voltage")
EMPTY = "none came"


def _alone(measurand: str, context: Context) -> None:
    if KEY not in context.keeper.values:
        return
    answer = outcome(context.keeper.write(KEY, measurand))
    context.note(f"measurand.{measurand}", answer)
    if answer in TAKEN:
        values = triggered(context)
        context.note(f"measurand.{measurand}.phases", _phases(measurand, values))
        for field in ("unit", "location", "format"):
            told = sorted({value[field] for value in values if field in value})
            context.note(f"measurand.{measurand}.{field}", " ".join(map(str, told)) or "not told")
        context.note(f"measurand.{measurand}.decimals", _decimals(values))


def _spelled(context: Context) -> None:
    """Phases, other case, what is no measurand, and one that stands twice."""
    if KEY not in context.keeper.values:
        return
    for spelling in SPELLINGS:
        answer = outcome(context.keeper.write(KEY, spelling))
        kept = state.value_of(context.ask, KEY) if answer in TAKEN else spelling
        context.note(f"measurand[{spelling}]", answer if kept == spelling else f"{answer}, kept {kept!r}")


def _together(context: Context) -> None:
    """All that are taken alone, in one list: how many of them does it take at once?"""
    if KEY not in context.keeper.values:
        return
    taken = [one for one in ALL if outcome(context.keeper.write(KEY, one)) in TAKEN]
    count = len(taken)
    while count > 1 and outcome(context.keeper.write(KEY, ",".join(taken[:count]))) not in TAKEN:
        count -= 1
    context.note("measurands.together", "all" if count == len(taken) else str(count))


def _bare(context: Context) -> None:
    """Policy bare_measurand: is any that has both sent with its phases, or the total alone?"""
    if outcome(context.keeper.write(KEY, "Power.Active.Import")) not in TAKEN:
        return
    phases = _phases("Power.Active.Import", triggered(context)).split()
    if "total" in phases:
        told = [phases, *(context.found.get(f"measurand.{name}.phases", EMPTY).split() for name in ALL)]
        every = any(len(one) > 1 and "total" in one for one in told)
        context.note("policy.bare_measurand", "all" if every else "total")


def triggered(context: Context, connector: int = 1) -> list[Payload]:
    """The sampled values of the MeterValues that a trigger brings: none where there are no values to tell.

    GivenUp where the trigger is refused.
    """
    mark = context.line.mark()
    answer = context.ask("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": connector})
    if outcome(answer) != "Accepted":
        raise GivenUp("TriggerMessage brings no MeterValues that would show it")
    came = context.line.call_within(mark, "MeterValues") or {}
    return [
        value
        for sample in came.get("meterValue", ())
        for value in sample.get("sampledValue", ())
        if isinstance(value, dict)
    ]


def _phases(measurand: str, values: list[Payload]) -> str:
    """Which phases its values tell, in order, "total" for a value without; OCPP's defaults filled in."""
    default = "Energy.Active.Import.Register"
    own = [value for value in values if value.get("measurand", default) == measurand]
    return " ".join(value.get("phase", "total") for value in own) or EMPTY


def _decimals(values: list[Payload]) -> str:
    """The most decimals that a value is sent with."""
    return str(max((len(str(value.get("value", "")).partition(".")[2]) for value in values), default=0))


def probes() -> list[Probe]:
    about = {"disturbs": f"{KEY}, for a moment", "restores": "the value it had"}
    alone = [
        Probe(
            f"measurand.{one}",
            GROUP,
            f"does it measure {one}, with which phases and unit?",
            partial(_alone, one),
            decides="by the answer, and by what a triggered MeterValues holds",
            **about,
        )
        for one in ALL
    ]
    return [
        *alone,
        Probe("measurands.spelled", GROUP, "which spellings of measurands does it take?", _spelled, **about),
        Probe("measurands.together", GROUP, "does it take all of them at once?", _together, **about),
        Probe("measurands.bare", GROUP, "what does a measurand without phase bring?", _bare, **about),
    ]
