"""Bugs in the control of current: pilot, contactor, phases, heat, sharing, and what a car is due."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import (
    always,
    around,
    constant,
    never,
    says_values,
    scaled,
)

LIMITS = "evc5.twin.charging.limits_now:LimitsNow"
CHANNEL = "evc5.twin.connector.channel:Channel"


def _without(*names: str) -> Any:
    def wrong(original: Any, *args: Any) -> dict[str, float]:
        return {name: amps for name, amps in original(*args).items() if name not in names}

    return around(wrong)


def _offers_more(original: Any, outlet: Any, amps: float | None, **more: Any) -> None:
    original(outlet, None if amps is None else min(amps * 1.25, 80.0), **more)


def _far_off(original: Any, *args: Any) -> dict[str, Any]:
    return {"station": (1000.0, 1000.0, 1000.0)}


def _each_alone(original: Any, requests: Any, *shared: Any) -> Any:
    """Each channel is granted as if it were alone."""
    granted: dict[int, Any] = {}
    for request in requests:
        granted |= original([request], *shared)
    return granted


def _in_order(original: Any, requests: Any, shared: Any, _: bool, *more: Any) -> Any:
    return original(requests, shared, True, *more)


def _no_room(original: Any, controller: Any, channel: Any, grant: Any, *_: Any) -> Any:
    return grant


def _only_allocated(original: Any, channel: Any) -> float:
    """The grant is taken in, and the pilot forgotten."""
    return 0.0


def _paused(original: Any, *args: Any) -> Any:
    from evc5.twin.connector.limits import Grant

    return {n: Grant(0.0, "none") for n in original(*args)}


def _on_one_phase(channel: Any) -> tuple[float, float, float]:
    return (channel.outlet.offered_a, 0.0, 0.0)


def _stays_charging(original: Any, facts: Any) -> str:
    return "SuspendedEV" if facts.drawing and facts.transaction else str(original(facts))


def _takes_for_open(original: Any, switch: Any, phases: int) -> None:
    original(switch, 0)


def _follows_relays(original: Any, channel: Any) -> None:
    """The contactor's poles are the phase relays: they change with what flows."""
    original(channel)
    if channel.outlet.phases not in (0, channel.switch.phases):
        channel.outlet.set_contactor(channel.switch.phases)


def _half(original: Any, *args: Any) -> Any:
    """Each is granted half of what the limits leave it, as long as that is enough to charge."""
    from evc5.twin.connector.limits import Grant

    grants = original(*args)
    return {n: Grant(max(g.amps / 2, 6.0) if g.amps else 0.0, g.limited_by) for n, g in grants.items()}


def _arbitrates_late(original: Any, station: Any) -> None:
    from evc5.models.timeline import CONTROL, Alarm

    Alarm(station.timeline, station.controller.arbitrate, CONTROL).set(station.timeline.now + 3.0)


def _blames_cable(original: Any, *args: Any) -> Any:
    from evc5.twin.connector.limits import Grant

    return {n: Grant(g.amps, "cable" if g.amps else g.limited_by) for n, g in original(*args).items()}


def _never_nothing(channel: Any) -> tuple[float, float, float]:
    amps = channel.grant.amps or 1.0
    return (amps, amps, amps)


def _stays_live(original: Any, station: Any) -> None:
    original(station)
    for outlet in station.world.outlets:
        outlet.clear("power-loss")


def _wants_always(channel: Any) -> bool:
    return bool(channel.permitted and channel.plugged)


def _opens_soon(original: Any, channel: Any, now: float, offering: bool) -> None:
    channel._contactor.set(now + 0.5)


def _offered(channel: Any) -> float:
    return float(channel.outlet.offered_a)


BUGS: tuple[Bug, ...] = (
    Bug(
        "current-doubled",
        "twice the current is told",
        check="electrical.reported-offer",
        clause="7.31",
        rig="charge",
        patches=(says_values("Current.Import", scaled(2.0)),),
    ),
    Bug(
        "derating-ignored",
        "the offer stays while heat takes from the capability",
        check="electrical.capability",
        clause="sheet: chg_TempCtrl",
        rig="heat",
        patches=(Patch(f"{LIMITS}.own", _without("temperature")),),
    ),
    Bug(
        "cable-ignored",
        "more is offered than the cable may carry",
        check="electrical.capability",
        clause="IEC 61851-1 Annex B",
        rig="cable",
        patches=(Patch(f"{LIMITS}.own", _without("cable")),),
    ),
    Bug(
        "pilot-offers-more",
        "the pilot says a quarter more than was allocated",
        check="electrical.allocation",
        clause="IEC 61851-1 Annex A",
        rig="station-max",
        patches=(Patch("evc5.models.outlet:Outlet.set_pwm", around(_offers_more)),),
    ),
    Bug(
        "station-limit-ignored",
        "both channels together take more than the station may",
        check="electrical.station-limit",
        clause="sheet: chg_StationMaxCurrent",
        rig="sharing",
        patches=(Patch(f"{LIMITS}.shared", around(_far_off)),),
    ),
    Bug(
        "channels-unaware",
        "each channel takes what the station has, as if it were alone",
        check="electrical.station-limit",
        clause="sheet: chg_StationMaxCurrent",
        rig="sharing",
        patches=(
            Patch("evc5.twin.connector.controller:arbitrate", around(_each_alone)),
            Patch("evc5.twin.connector.controller:Controller._within_room", around(_no_room)),
        ),
    ),
    Bug(
        "offer-without-transaction",
        "energy is offered to whoever plugs in",
        check="electrical.permission",
        clause="4.8",
        rig="authorisation",
        patches=(Patch(f"{CHANNEL}.permitted", constant(property(always))),),
    ),
    Bug(
        "pilot-forgotten",
        "current is allocated, and the pilot never says so",
        check="service.offered",
        clause="IEC 61851-1 Annex A",
        rig="charge",
        patches=(Patch(f"{CHANNEL}._target_a", around(_only_allocated)),),
    ),
    Bug(
        "paused-for-nothing",
        "a car in a transaction gets nothing, for no reason",
        check="service.served",
        clause="4.9",
        rig="charge",
        patches=(Patch("evc5.twin.connector.controller:arbitrate", around(_paused)),),
    ),
    Bug(
        "offer-on-one-phase",
        "the offer is taken to stand on one phase, whatever conducts",
        check="service.phases",
        clause="7.14",
        rig="charge",
        patches=(Patch(f"{CHANNEL}.offered_a", constant(property(_on_one_phase))),),
    ),
    Bug(
        "current-under-suspended",
        "current flows under SuspendedEV",
        check="service.told",
        clause="7.7",
        rig="charge",
        patches=(Patch("evc5.twin.connector.status_steps:status_of", around(_stays_charging)),),
    ),
    Bug(
        "contactor-slow-to-close",
        "the contactor closes 8 s after the car asked",
        check="electrical.contactor-close",
        clause="IEC 61851-1 sequence 4: 3 s",
        rig="charge",
        patches=(Patch("evc5.twin.connector.channel:CLOSE_S", constant(8.0)),),
    ),
    Bug(
        "contactor-slow-to-open",
        "the contactor opens 2 s after the car is gone",
        check="electrical.contactor-open",
        clause="IEC 61851-1 sequence 8.1: 0.1 s",
        rig="authorisation",
        patches=(Patch("evc5.twin.connector.channel:OPEN_S", constant(2.0)),),
    ),
    Bug(
        "pwm-hasty",
        "the duty cycle changes more often than every 5 s",
        check="electrical.pwm-period",
        clause="IEC 61851-1 Annex A: 5 s",
        rig="hasty",
        patches=(Patch("evc5.twin.connector.channel:PWM_PERIOD_S", constant(0.0)),),
    ),
    Bug(
        "relay-under-load",
        "the phase relays change under load",
        check="electrical.phase-switch",
        clause="IEC 61851-1 5.3",
        rig="phases",
        patches=(
            Patch("evc5.twin.connector.phase_switch:PhaseSwitch.busy", constant(property(never))),
            Patch("evc5.twin.connector.phase_switch:PhaseSwitch.contactor", around(_takes_for_open)),
            Patch(f"{CHANNEL}._refresh", around(_follows_relays)),
        ),
    ),
    Bug(
        "phase-pause-skipped",
        "the phase relays change without a pause",
        check="electrical.phase-pause",
        clause="EVerest EvseManager: 10 s",
        rig="phases",
        patches=(Patch("evc5.twin.connector.phase_switch:PAUSE_S", constant(0.0)),),
    ),
    Bug(
        "phase-dwell-skipped",
        "it goes back to three phases at once",
        check="electrical.phase-dwell",
        clause="EVerest EnergyManager: 600 s",
        rig="phases",
        patches=(Patch("evc5.twin.connector.phase_switch:DWELL_S", constant(0.0)),),
    ),
    Bug(
        "half-the-current",
        "half of what the limits leave is allocated",
        check="service.full",
        clause="3.13.3",
        rig="charge",
        patches=(Patch("evc5.twin.connector.controller:arbitrate", around(_half)),),
    ),
    Bug(
        "allocated-late",
        "a profile changes the allocation three seconds after it is taken",
        check="service.cut",
        clause="3.13",
        rig="stack",
        patches=(Patch("evc5.twin.charge_point:ChargePoint._arbitrate_soon", around(_arbitrates_late)),),
    ),
    Bug(
        "wrong-reason",
        "telemetry blames the cable whatever limits",
        check="service.reason",
        clause="design: limited_by",
        rig="watts",
        patches=(Patch("evc5.twin.connector.controller:arbitrate", around(_blames_cable)),),
    ),
    Bug(
        "allocated-to-nobody",
        "where nobody charges an ampere is allocated",
        check="service.idle",
        clause="4.8",
        rig="idle",
        patches=(Patch(f"{CHANNEL}.allocated_a", constant(property(_never_nothing))),),
    ),
    Bug(
        "live-without-mains",
        "the mains are gone and the connector stays live",
        check="electrical.mains",
        clause="events power-cut",
        rig="power",
        patches=(Patch("evc5.twin.charge_point:ChargePoint.power_cut", around(_stays_live)),),
    ),
    Bug(
        "charges-through-faults",
        "a fault is told, and the offer stands",
        check="electrical.faulted",
        clause="7.7",
        rig="faults",
        patches=(Patch(f"{CHANNEL}.wants_energy", constant(property(_wants_always))),),
    ),
    Bug(
        "opened-under-load",
        "the contactor opens half a second after the offer ends, whatever flows",
        check="electrical.contactor-load",
        clause="IEC 61851-1, sequence 10.2",
        rig="charge",
        patches=(Patch(f"{CHANNEL}._time_contactor", around(_opens_soon)),),
    ),
    Bug(
        "handed-over-at-once",
        "what is taken from one car is offered to the other at the same instant",
        check="electrical.handover",
        clause="IEC 61851-1 Annex A",
        rig="sharing",
        patches=(Patch(f"{CHANNEL}.committed_a", constant(property(_offered))),),
    ),
    Bug(
        "first-come-first-served",
        "who came first keeps all that it can take of a shared current",
        check="service.full",
        clause="sheet table 23",
        rig="sharing",
        patches=(Patch("evc5.twin.connector.controller:arbitrate", around(_in_order)),),
    ),
    Bug(
        "never-its-turn",
        "where the current is enough for one car, the other waits for ever",
        check="service.full",
        clause="sheet table 23",
        rig="turns",
        patches=(Patch("evc5.twin.connector.controller:TURN_S", constant(1e9)),),
    ),
)
