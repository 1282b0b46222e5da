"""Measurands: each alone, with phases, all together, and as they come. Source: OCPP 1.6 7.31, 9.1.17."""

from functools import partial

from evc5.rigs.keeper import state
from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.groups.meter_values import sampled
from evc5.rigs.probe.line import Heard
from evc5.rigs.probe.probe import Context, GivenUp, Probe, outcome

GROUP = "measurands"
KEY = "MeterValuesSampledData"
ALIGNED_KEY, CLOCK_KEY = "MeterValuesAlignedData", "ClockAlignedDataInterval"
REGISTER = "Energy.Active.Import.Register"  # what a value without a measurand is of, and what there is always
NOTHING_COMES = "neither TriggerMessage nor the clock brings MeterValues that would show it"
CLOCK_S = 10  # of clock-aligned data, where no trigger brings values
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
    """By the answer of another such list where there is none of samples; then no values come."""
    key = next((one for one in (KEY, ALIGNED_KEY) if one in context.keeper.values), None)
    if key is None:
        return
    answer = outcome(context.keeper.write(key, measurand))
    context.note(f"measurand.{measurand}", answer)
    if answer in TAKEN and key == KEY:
        note_values(context, measurand)


def note_values(context: Context, measurand: str) -> None:
    """How the values of the measurand that is in the list come."""
    values = triggered(context)
    context.note(f"measurand.{measurand}.phases", _phases(measurand, values))
    for field in ("unit", "location", "format"):
        told = sorted({str(value[field]) for value in values if field in value})
        context.note(f"measurand.{measurand}.{field}", " ".join(told) or "not told")
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


def bare(context: Context) -> None:
    """Policy bare_measurand: is any that has both sent with its phases, or the total alone?"""
    if outcome(context.keeper.write(KEY, "Power.Active.Import")) not in TAKEN:
        return
    phases = _phases("Power.Active.Import", triggered(context)).split()
    if "total" in phases:
        found = {**context.found, **context.facts}
        told = [phases, *(found.get(f"measurand.{name}.phases", EMPTY).split() for name in ALL)]
        every = any(len(one) > 1 and "total" in one for one in told)
        context.note("policy.bare_measurand", "all" if every else "total")


def triggered(context: Context, connector: int = 1) -> list[Payload]:
    """The sampled values of the MeterValues that a trigger brings: none where there are no values to tell.

    Where the trigger is refused, those of an instant of the clock; GivenUp where none come then either.
    """
    mark = context.line.mark()
    answer = context.ask("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": connector})
    if outcome(answer) != "Accepted":
        return _on_the_clock(context, connector)
    return sampled([context.line.call_within(mark, "MeterValues") or {}])


def _on_the_clock(context: Context, connector: int) -> list[Payload]:
    """What the list would bring, as clock-aligned data; the register is added, so that something comes.

    The first may be a mean over what was before: a new interval is waited for once more.
    """
    wanted = (state.value_of(context.ask, KEY) or "").split(",")
    times = 1 if state.value_of(context.ask, CLOCK_KEY) == str(CLOCK_S) else 2
    written = {ALIGNED_KEY: ",".join(dict.fromkeys((REGISTER, *wanted))), CLOCK_KEY: str(CLOCK_S)}
    for key, value in written.items():
        if key not in context.keeper.values or outcome(context.keeper.write(key, value)) not in TAKEN:
            raise GivenUp(NOTHING_COMES)
    came = [_next(context, connector) for _ in range(times)][-1]
    return [value for value in sampled([came]) if value.get("measurand", REGISTER) in wanted]


def _next(context: Context, connector: int) -> Payload:
    came = context.line.until(context.line.mark(), lambda one: is_of(one, connector), 2.5 * CLOCK_S)
    if came is None:
        raise GivenUp(NOTHING_COMES)
    payload: Payload = came.frame[3]
    return payload


def is_of(one: Heard, connector: int) -> bool:
    """Is it a MeterValues of this connector?"""
    frame = one.frame
    return (
        one.is_up and frame[:1] == [2] and frame[2:3] == ["MeterValues"] and len(frame) == 4
        and isinstance(frame[3], dict) and frame[3].get("connectorId") == connector
    )  # fmt: skip


def _phases(measurand: str, values: list[Payload]) -> str:
    """Which phases its values tell, in order, "total" for a value without; OCPP's defaults filled in."""
    own = [value for value in values if value.get("measurand", REGISTER) == measurand]
    return " ".join(str(value.get("phase", "total")) for value in own) or EMPTY


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
        Probe("measurands.bare", GROUP, "what does a measurand without phase bring?", bare, **about),
    ]
