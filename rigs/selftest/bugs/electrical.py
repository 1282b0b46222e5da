"""Bugs in the control of current: pilot, contactor, phases, heat and sharing."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch, around, constant

CHANNEL, SITE = "evc5.twin.connector.channel", "evc5.twin.charging.site:Site"
Payload = dict[str, Any]


def _without(*names: str) -> Any:
    def wrong(original: Any, *args: Any) -> dict[str, float]:
        return {name: amps for name, amps in original(*args).items() if name not in names}

    return around(wrong)


def _far_off(original: Any, *args: Any) -> dict[str, Any]:
    return {"station": (1000.0, 1000.0, 1000.0)}


def _each_alone(original: Any, requests: Any, *shared: Any) -> Any:
    """Each channel is granted as if it were alone."""
    granted: dict[int, Any] = {}
    for request in requests:
        granted |= original([request], *shared)
    return granted


def _no_room(original: Any, controller: Any, channel: Any, grant: Any, *_: Any) -> Any:
    return grant


def _never_busy(switch: Any) -> bool:
    return False


def _takes_for_open(original: Any, switch: Any, phases: int) -> None:
    original(switch, 0)


def _follows_relays(original: Any, channel: Any) -> None:
    """The contactor's poles are the phase relays: they change with what flows."""
    original(channel)
    if channel.outlet.phases not in (0, channel.switch.phases):
        channel.outlet.set_contactor(channel.switch.phases)


def _always(channel: Any) -> bool:
    return True


def _offers_more(original: Any, outlet: Any, amps: float | None) -> None:
    original(outlet, None if amps is None else min(amps * 1.25, 80.0))


BUGS: tuple[Bug, ...] = (
    Bug(
        "station-limit-ignored",
        "both channels together take more than the station may",
        "electrical.station-limit",
        "sheet: chg_StationMaxCurrent",
        "sharing",
        (Patch(f"{SITE}.shared", around(_far_off)),),
    ),
    Bug(
        "channels-unaware",
        "each channel takes what the station has, as if it were alone",
        "electrical.station-limit",
        "sheet: chg_StationMaxCurrent",
        "sharing",
        (
            Patch("evc5.twin.connector.controller:arbitrate", around(_each_alone)),
            Patch("evc5.twin.connector.controller:Controller._within_room", around(_no_room)),
        ),
    ),
    Bug(
        "derating-ignored",
        "the offer stays while heat takes from the capability",
        "electrical.capability",
        "sheet: chg_TempCtrl",
        "heat",
        (Patch(f"{SITE}.own", _without("temperature")),),
    ),
    Bug(
        "cable-ignored",
        "more is offered than the cable may carry",
        "electrical.capability",
        "IEC 61851-1 Annex B",
        "cable",
        (Patch(f"{SITE}.own", _without("cable")),),
    ),
    Bug(
        "relay-under-load",
        "the phase relays change under load",
        "electrical.phase-switch",
        "IEC 61851-1 5.3",
        "phases",
        (
            Patch("evc5.twin.connector.phase_switch:PhaseSwitch.busy", constant(property(_never_busy))),
            Patch("evc5.twin.connector.phase_switch:PhaseSwitch.contactor", around(_takes_for_open)),
            Patch(f"{CHANNEL}:Channel._refresh", around(_follows_relays)),
        ),
    ),
    Bug(
        "phase-pause-skipped",
        "the phase relays change without a pause",
        "electrical.phase-pause",
        "EVerest EvseManager: 10 s",
        "phases",
        (Patch("evc5.twin.connector.phase_switch:PAUSE_S", constant(0.0)),),
    ),
    Bug(
        "phase-dwell-skipped",
        "it goes back to three phases at once",
        "electrical.phase-dwell",
        "EVerest EnergyManager: 600 s",
        "phases",
        (Patch("evc5.twin.connector.phase_switch:DWELL_S", constant(0.0)),),
    ),
    Bug(
        "offer-without-transaction",
        "energy is offered to whoever plugs in",
        "electrical.permission",
        "4.8",
        "authorisation",
        (Patch("evc5.twin.connector.channel:Channel.permitted", constant(property(_always))),),
    ),
    Bug(
        "pilot-offers-more",
        "the pilot says a quarter more than was allocated",
        "electrical.allocation",
        "IEC 61851-1 Annex A",
        "station-max",
        (Patch("evc5.models.outlet:Outlet.set_pwm", around(_offers_more)),),
    ),
    Bug(
        "pwm-hasty",
        "the duty cycle changes more often than every 5 s",
        "electrical.pwm-period",
        "IEC 61851-1 Annex A: 5 s",
        "hasty",
        (Patch(f"{CHANNEL}:PWM_PERIOD_S", constant(0.0)),),
    ),
    Bug(
        "contactor-slow-to-close",
        "the contactor closes 8 s after the car asked",
        "electrical.contactor-close",
        "IEC 61851-1 sequence 4: 3 s",
        "charge",
        (Patch(f"{CHANNEL}:CLOSE_S", constant(8.0)),),
    ),
    Bug(
        "contactor-slow-to-open",
        "the contactor opens 2 s after the car is gone",
        "electrical.contactor-open",
        "IEC 61851-1 sequence 8.1: 0.1 s",
        "authorisation",
        (Patch(f"{CHANNEL}:OPEN_S", constant(2.0)),),
    ),
)
