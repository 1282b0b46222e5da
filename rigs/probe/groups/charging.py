"""SetChargingProfile form by form, with profiles of our own. Source: OCPP 1.6 3.13, 5.5, 5.7, 5.16."""

from collections.abc import Callable
from functools import partial
from typing import Any

from evc5.rigs.keeper.composites import Composite
from evc5.rigs.keeper.keeper import NOBODYS_ID, Refused
from evc5.rigs.probe.groups.bisect import highest
from evc5.rigs.probe.groups.forms import DAY_S, FORMS, LIMIT_A, Form, wire
from evc5.rigs.probe.groups.owners import owners
from evc5.rigs.probe.probe import Context, GivenUp, Probe, outcome

GROUP = "charging"
NO_LIMIT = "no limit found"
HIGHEST_LEVEL = 2**31 - 1  # beyond any that a unit keeps; assumed
MOST_PERIODS = 2_048  # asked for at most; OCPP 1.6 sets no bound
MOST_PROFILES = 128  # installed at most; likewise


def install(context: Context, form: Form, raise_by: int = 0) -> tuple[str, str]:
    """Send it, `raise_by` levels above our lowest: the name by which it is cleared, and the answer."""
    context.check()
    id_, reply = context.keeper.install(form.connector, wire(context, form, level(context) + raise_by))
    return f"profile {id_}", outcome(reply)


def level(context: Context) -> int:
    """Our lowest stack level, which the unit takes; Refused where none may be used."""
    found = context.found.get("charging.level")
    if found is None:
        why = context.found.get("charging.plain", "it was not run")
        raise Refused(f"charging.levels found no stack level to use: {why}")
    context.keeper.lowest_level = min(context.keeper.lowest_level, int(found))  # of an earlier process
    return int(found)


def most_level(context: Context) -> int:
    """The highest that it takes."""
    found = context.found.get("charging.max_stack_level", NO_LIMIT)
    return HIGHEST_LEVEL if found == NO_LIMIT else int(found)


def composite(context: Context, connector: int = 1, unit: str = "A", duration_s: int = DAY_S) -> str:
    """The levels of a composite in order, as "10/3 32/3": limit and numberPhases; "" where there is none."""
    asked = {"connectorId": connector, "duration": duration_s, "chargingRateUnit": unit}
    answer = context.ask("GetCompositeSchedule", asked).payload or {}
    found = Composite.of(answer)
    if found is None:
        return str(answer.get("status", "no answer"))
    return " ".join(
        f"{limit:g}/{phases if phases is not None else '-'}" for _, (limit, phases) in found.since
    )


def is_told(levels: str) -> bool:
    """Are these levels, and not a refusal?"""
    return "/" in levels


# --- probes ---


def _bare(context: Context) -> None:
    """What it says without any profile of ours, and whether the owner's seem to be in force."""
    for connector in (0, *context.connectors, 9):
        for unit in ("A", "W"):
            context.note(f"composite.bare.{connector}.{unit}", composite(context, connector, unit))
    for duration_s in (0, 60, 10 * 365 * DAY_S):
        context.note(f"composite.bare.for_{duration_s}", composite(context, 1, "A", duration_s))
    asked = {"connectorId": 1, "duration": 60}
    answer = context.ask("GetCompositeSchedule", asked).payload or {}
    unit = (answer.get("chargingSchedule") or {}).get("chargingRateUnit", "none")
    context.note("composite.unit_without_asking", str(unit))
    bare = context.facts["composite.bare.1.A"]
    if bare.startswith("-1/"):
        context.note("policy.gap", "unlimited")
    elif bare[:1].isdigit():
        context.note("policy.gap", "local-limit")


def _levels(context: Context) -> None:
    """Which stack levels are taken: from the lowest that is surely ours upwards, by bisection.

    Where even that is refused, downwards to the first that is taken, if no profile of the owner's shows.
    """
    owner = owners(context)
    if owner and context.options.stack_above is None:
        raise Refused(f"{owner}: --stack-above N tells the highest stack level in use")
    lowest = context.keeper.lowest_level
    answer = _answer_at(context, lowest)
    while answer != "Accepted" and context.options.stack_above is None and context.keeper.lowest_level > 0:
        context.keeper.lowest_level -= 1
        answer = _answer_at(context, context.keeper.lowest_level)
    context.note("charging.plain", answer)
    if answer != "Accepted":
        return
    most = context.keeper.lowest_level
    if most == lowest:
        most = highest(lowest, HIGHEST_LEVEL, lambda tried: _answer_at(context, tried) == "Accepted")
    context.note("charging.level", str(context.keeper.lowest_level))
    context.note("charging.max_stack_level", NO_LIMIT if most == HIGHEST_LEVEL else str(most))
    _over_limit(context, most, lowest)


def _answer_at(context: Context, tried: int) -> str:
    """What a plain profile at a stack level gets; it is cleared again."""
    context.check()
    id_, reply = context.keeper.install(1, wire(context, Form("level", ""), tried))
    if (answer := outcome(reply)) == "Accepted":
        context.keeper.undo(f"profile {id_}")
    return answer


def _over_limit(context: Context, most: int, lowest: int) -> None:
    """Policy over_limit: what one level more is answered with."""
    if most == HIGHEST_LEVEL or most + 1 < lowest:
        return
    _, reply = context.keeper.install(1, wire(context, Form("level", ""), most + 1))
    answer = outcome(reply)
    context.note("charging.over_limit", answer)
    if answer == "Rejected" or reply.code:
        context.note("policy.over_limit", "CALLERROR" if reply.code else "Rejected")


def _form(form: Form, context: Context) -> None:
    """The answer, what the composite then says, and that it is gone when it is cleared."""
    what, answer = install(context, form)
    context.note(f"charging.{form.name}", answer)
    if form.policy is not None and answer in form.policy[1]:
        context.note(f"policy.{form.policy[0]}", form.policy[1][answer])
    if answer != "Accepted":
        return
    connector = 1 if form.connector not in (0, *context.connectors) else form.connector
    for unit in ("A", "W"):
        context.note(f"charging.{form.name}.composite.{unit}", composite(context, connector, unit))
    context.keeper.undo(what)
    context.note(f"charging.{form.name}.cleared", composite(context, connector, "A"))


def _later(context: Context) -> None:
    """Policy recurring_before_start, of the form kind.Daily.later."""
    bare = composite(context)
    _, answer = install(context, _named("kind.Daily.later"))
    if answer == "Accepted" and is_told(bare):
        first = composite(context).split()[0]
        context.note("policy.recurring_before_start", "inactive" if first == bare.split()[0] else "backwards")


def _relative(context: Context) -> None:
    """Policy relative_without_transaction, of the form kind.Relative."""
    bare = composite(context)
    _, answer = install(context, _named("kind.Relative"))
    if answer == "Accepted" and is_told(bare):
        same = composite(context) == bare
        context.note("policy.relative_without_transaction", "inactive" if same else "from-query")


def _named(name: str) -> Form:
    return next(form for form in FORMS if form.name == name)


def _plain(limit: float, connector: int = 1, phases: int | None = None, **profile: Any) -> Form:
    period = {"startPeriod": 0, "limit": limit} | ({} if phases is None else {"numberPhases": phases})
    return Form("plain", "", connector, profile, periods=(period,))


def _watts(context: Context) -> None:
    """Policy watts_to_amps: 4 A on each of three phases, or 6 A on those that a car would then use."""
    _, answer = install(context, _named("unit.W.phases3"))
    if answer == "Accepted":
        amps = composite(context).partition("/")[0]
        if amps in ("4", "6"):
            context.note("policy.watts_to_amps", "schedule-phases" if amps == "4" else "phases-in-use")


def _replaced(context: Context) -> None:
    """A second profile of equal purpose, connector and level: which limit holds, and then without it?"""
    first, answer = install(context, _plain(12.0))
    second, again = install(context, _plain(8.0))
    if answer == again == "Accepted":
        context.note("charging.replace.holds", composite(context))
        context.keeper.undo(second)
        context.note("charging.replace.then", composite(context))
        context.keeper.undo(first)


def _stacked(context: Context) -> None:
    """Two of one purpose at two levels: the higher holds, and without it the lower."""
    _, low = install(context, _plain(12.0))
    high, answer = install(context, _plain(8.0), raise_by=_above(context))
    if low == answer == "Accepted":
        context.note("charging.stack.holds", composite(context))
        context.keeper.undo(high)
        context.note("charging.stack.then", composite(context))


def _above(context: Context) -> int:
    """One level more, where the unit has one that is ours."""
    if most_level(context) <= level(context):
        raise GivenUp("it has only one stack level that is surely not the owner's")
    return 1


def _precedence(context: Context) -> None:
    """Policy txdefault_precedence: the connector's own at a lower level against connector 0's (3.13.1)."""
    _, own = install(context, _plain(12.0))
    _, all_ = install(context, _plain(8.0, connector=0), raise_by=_above(context))
    if own == all_ == "Accepted":
        holds = composite(context).partition("/")[0]
        context.note("charging.precedence.holds", holds)
        if holds in ("12", "8"):
            context.note("policy.txdefault_precedence", "connector" if holds == "12" else "stack-level")


def _station_max(context: Context) -> None:
    """A ChargePointMaxProfile over a TxDefaultProfile, above and below it."""
    for limit in (8.0, 14.0):
        _, answer = install(context, _plain(limit, 0, chargingProfilePurpose="ChargePointMaxProfile"))
        _, own = install(context, _plain(12.0))
        if answer == own == "Accepted":
            for connector in (0, 1):
                context.note(f"charging.max_{limit:g}_over_12.{connector}", composite(context, connector))
        context.keeper.undo_all()


def _merged(context: Context) -> None:
    """Policy merge_phases: numberPhases where the lower limit allows more phases than the other."""
    most = _plain(14.0, 0, 1, chargingProfilePurpose="ChargePointMaxProfile")
    _, answer = install(context, most)
    _, own = install(context, _plain(12.0, phases=3))
    if answer == own == "Accepted":
        holds = composite(context)
        context.note("charging.merged_phases", holds)
        phases = holds.partition("/")[2][:1]
        if phases in ("1", "3"):
            context.note("policy.merge_phases", "minimum" if phases == "1" else "lower-limit")


def _cleared(context: Context) -> None:
    """By its id, by an id that nobody has, and by its id with another stack level (errata 3.25, 3.26)."""
    what, answer = install(context, _plain(12.0))
    if answer != "Accepted":
        return
    id_ = int(what.removeprefix("profile "))
    most = most_level(context)
    other = {"id": id_, "stackLevel": most if most != level(context) else 0}
    context.note("charging.clear.unused_id", outcome(context.ask("ClearChargingProfile", {"id": NOBODYS_ID})))
    status = outcome(context.ask("ClearChargingProfile", other))
    context.note("charging.clear.id_and_other_level", status)
    if status in ("Accepted", "Unknown"):
        context.note("policy.clear_id_with_filters", "id" if status == "Accepted" else "all")
    context.note("charging.clear.id", outcome(context.ask("ClearChargingProfile", {"id": id_})))


def _most_periods(context: Context) -> None:
    """The most periods of one schedule, by bisection."""

    def takes(count: int) -> bool:
        periods = tuple({"startPeriod": 60 * n, "limit": 10.0 + n % 2} for n in range(count))
        what, answer = install(context, Form("periods", "", periods=periods))
        context.keeper.undo(what)
        return answer == "Accepted"

    if takes(1):
        most = highest(1, MOST_PERIODS, takes)
        context.note("charging.max_periods", NO_LIMIT if most == MOST_PERIODS else str(most))


def _most_profiles(context: Context) -> None:
    """How many profiles it takes beside the owner's, each at a level of its own."""
    room = most_level(context) - level(context) + 1
    count = 0
    while count < min(room, MOST_PROFILES):
        _, answer = install(context, _plain(LIMIT_A), raise_by=count)
        if answer != "Accepted":
            context.note("charging.too_many_profiles", answer)
            break
        count += 1
    found = str(count) if count < MOST_PROFILES else NO_LIMIT
    context.note("charging.max_profiles", found)


def _switched_off(context: Context) -> None:
    """chg_Options ChgProf=0: is a profile still taken, and does the composite follow it?"""
    told = context.keeper.values.get("chg_Options", "")
    if "ChgProf=1" not in told:
        return
    if outcome(context.keeper.write("chg_Options", told.replace("ChgProf=1", "ChgProf=0"))) != "Accepted":
        return
    _, answer = install(context, _plain(LIMIT_A))
    context.note("charging.ChgProf_0", answer)
    context.note("charging.ChgProf_0.composite", composite(context))


MORE: tuple[tuple[str, str, Callable[[Context], None]], ...] = (
    ("later", "does a daily schedule hold before it begins?", _later),
    ("relative", "does the composite count a relative schedule from now while nothing charges?", _relative),
    ("watts", "over which phases does it spread watts?", _watts),
    ("replace", "does a profile replace one of equal purpose and level?", _replaced),
    ("stack", "does the higher stack level hold?", _stacked),
    ("precedence", "does a connector's own profile go before one of connector 0?", _precedence),
    ("station_max", "does a ChargePointMaxProfile cap the others?", _station_max),
    ("merge_phases", "on how many phases do two profiles agree?", _merged),
    ("clear", "which profile does ClearChargingProfile clear?", _cleared),
    ("max_periods", "how many periods does a schedule take?", _most_periods),
    ("max_profiles", "how many profiles does it keep?", _most_profiles),
    ("ChgProf", "what becomes of profiles when their processing is off?", _switched_off),
)


def probes() -> list[Probe]:
    about = {
        "disturbs": "the limit of connector 1, for a moment",
        "restores": "our profiles are cleared by their ids",
    }
    forms = [
        Probe(
            f"charging.{form.name}",
            GROUP,
            f"does it take {form.asks}?",
            partial(_form, form),
            decides="by the answer, and by what the composite says before and after",
            **about,
        )
        for form in FORMS
    ]
    more = [Probe(f"charging.{name}", GROUP, asks, run, **about) for name, asks, run in MORE]
    return [
        Probe("charging.bare", GROUP, "what does a composite say without profiles of ours?", _bare),
        Probe("charging.levels", GROUP, "which stack levels does it take?", _levels, **about),
        *forms,
        *more,
    ]
