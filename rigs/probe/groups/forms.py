"""The forms of a charging profile that are tried, and each as it is sent. Source: OCPP 1.6 7.7 to 7.14."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.probe import Context

DAY_S = 86_400
LIMIT_A = 10.0  # of most forms: above 6 A, below what any such unit is rated for


@dataclass(frozen=True, slots=True)
class Form:
    """A profile as it is sent: what it has beside the plainest one. `start_s` counts from now; None: none."""

    name: str
    asks: str
    connector: int = 1
    profile: Mapping[str, Any] = field(default_factory=dict)
    schedule: Mapping[str, Any] = field(default_factory=dict)
    periods: tuple[Mapping[str, Any], ...] = ({"startPeriod": 0, "limit": LIMIT_A},)
    start_s: float | None = -60.0
    valid_s: tuple[float | None, float | None] = (None, None)  # validFrom, validTo, from now
    standard: bool = True  # a form that the standard has; False: one that it forbids or leaves open
    policy: tuple[str, Mapping[str, str]] | None = None  # which answer to an open question its status is


def _purpose(name: str, connector: int, **more: Any) -> Form:
    at = f"{name}@{connector}"
    return Form(
        f"purpose.{at}",
        f"a {name} at connector {connector}",
        connector,
        {"chargingProfilePurpose": name},
        **more,
    )


def _limit(limit: float, **more: Any) -> Form:
    return Form(
        f"limit.{limit:g}", f"a limit of {limit:g} A", periods=({"startPeriod": 0, "limit": limit},), **more
    )


def _kind(name: str, asks: str, **more: Any) -> Form:
    return Form(f"kind.{name}", asks, **more)


RECURRING = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
WEEKLY = {"chargingProfileKind": "Recurring", "recurrencyKind": "Weekly"}
WATTS = {"chargingRateUnit": "W"}
RELATIVE = {"chargingProfileKind": "Relative"}
OF_A_DAY = {"duration": DAY_S}
REFUSED = "CALLERROR PropertyConstraintViolation"
STEPS = ({"startPeriod": 0, "limit": 10.0}, {"startPeriod": 3600, "limit": 8.0})

FORMS = (
    _purpose("TxDefaultProfile", 0),
    _purpose("TxDefaultProfile", 1),
    _purpose("ChargePointMaxProfile", 0),
    _purpose("ChargePointMaxProfile", 1, standard=False),  # 3.13.1
    _purpose("TxProfile", 1, standard=False),  # without a transaction, 5.16.2
    _purpose("TxProfile", 0, standard=False),
    _kind("Absolute", "an absolute schedule of two steps", periods=STEPS),
    _kind(
        "Absolute.no_start", "an absolute schedule without start", start_s=None, standard=False,
        policy=("absolute_without_start", {"Accepted": "from-charging", "Rejected": "rejected"}),
    ),
    _kind("Daily", "a schedule that recurs every day", profile=RECURRING, schedule=OF_A_DAY, periods=STEPS),
    _kind("Weekly", "a schedule that recurs every week", profile=WEEKLY, schedule={"duration": 7 * DAY_S}),
    _kind(
        "Daily.no_start", "a daily schedule without start", profile=RECURRING, start_s=None, standard=False,
        policy=("recurring_without_start", {"Accepted": "from-receipt", "Rejected": "rejected"}),
    ),
    _kind("Daily.later", "a daily schedule that begins tomorrow", profile=RECURRING, start_s=DAY_S + 3600.0),
    _kind("Relative", "a relative schedule while nothing charges", profile=RELATIVE, start_s=None,
          periods=STEPS),
    Form("unit.W", "a limit in W without numberPhases", schedule=WATTS,
         periods=({"startPeriod": 0, "limit": 6900.0},)),
    *(
        Form(f"unit.W.phases{n}", f"a limit in W over {n} phase(s)", schedule=WATTS,
             periods=({"startPeriod": 0, "limit": 2760.0, "numberPhases": n},))
        for n in (1, 2, 3)
    ),
    *(
        Form(f"phases.{n}", f"a limit in A on {n} phase(s)",
             periods=({"startPeriod": 0, "limit": LIMIT_A, "numberPhases": n},))
        for n in (1, 2, 3)
    ),
    _limit(0.0),
    _limit(5.9),
    _limit(6.0),
    _limit(6.1),
    _limit(6.15, standard=False),  # one decimal at most, 7.14
    _limit(100.0),
    _limit(-1.0, standard=False),
    Form("periods.unsorted", "periods that are out of order", standard=False,
         periods=({"startPeriod": 3600, "limit": 8.0}, {"startPeriod": 0, "limit": LIMIT_A})),
    Form("periods.late", "a first period that begins later", standard=False,
         periods=({"startPeriod": 600, "limit": LIMIT_A},)),  # 7.14: it shall be 0
    Form("periods.equal", "two periods that begin together", standard=False,
         periods=({"startPeriod": 0, "limit": LIMIT_A}, {"startPeriod": 0, "limit": 8.0})),
    Form("periods.none", "no period at all", standard=False, periods=()),
    Form("min_rate", "a minChargingRate", schedule={"minChargingRate": 6.0}),
    Form("duration", "a duration after which it ends", schedule={"duration": 3600}),
    Form("valid.from", "a profile that is valid from tomorrow on", valid_s=(DAY_S * 1.5, None)),
    Form("valid.to", "a profile that was valid until an hour ago", valid_s=(None, -3600.0)),
    Form("valid.now", "a profile that is valid for the next hour", valid_s=(-3600.0, 3600.0)),
    Form("connector.9", "a connector that is not there", 9, standard=False,
         policy=("bad_connector", {"Rejected": "Rejected", REFUSED: "CALLERROR"})),
)  # fmt: skip


def _time(context: Context, from_now_s: float) -> str:
    moment_s = round(context.line.epoch_s + from_now_s)
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wire(context: Context, form: Form, level: int) -> Payload:
    """The form as csChargingProfiles, without its id."""
    schedule = {
        "chargingRateUnit": "A",
        **form.schedule,
        "chargingSchedulePeriod": [dict(p) for p in form.periods],
    }
    if form.start_s is not None:
        schedule["startSchedule"] = _time(context, form.start_s)
    profile: Payload = {
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        **form.profile,
        "chargingSchedule": schedule,
    }
    for name, from_now_s in zip(("validFrom", "validTo"), form.valid_s, strict=True):
        if from_now_s is not None:
            profile[name] = _time(context, from_now_s)
    return profile
