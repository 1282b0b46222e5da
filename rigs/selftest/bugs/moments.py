"""Bugs that show for a moment, or where nothing should happen: contactors, shares, resets, firmware."""

from dataclasses import replace
from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch, around, constant, nothing

CHANNEL, STATION = "evc5.twin.connector.channel:Channel", "evc5.twin.charge_point:ChargePoint"


def _tries_once(original: Any, agent: Any, reply: Any) -> None:
    original(agent, reply)
    agent._boot.clear()


def _any_image(original: Any, content: bytes) -> str:
    return "V32R31"


def _waits_always(original: Any, restart: Any, kind: str, last_words: bool) -> None:
    original(restart, "Soft", True)
    restart._kind = kind


def _asks_always(original: Any, session: Any, id_tag: str) -> None:
    if session._channel.facts.operative:
        original(session, id_tag)
    else:
        session._ask(id_tag, nothing)


def _charging_when_offered(original: Any, facts: Any) -> str:
    drawing = facts.drawing or facts.offering
    return str(original(replace(facts, drawing=drawing, starting=facts.starting and not drawing)))


def _notices_nobody(original: Any, facts: Any) -> str:
    """Before its transaction a car counts for nothing."""
    before = not (facts.transaction or facts.finishing or facts.authorised)
    return str(original(replace(facts, plugged=facts.plugged and not before)))


def _offered(channel: Any) -> float:
    return float(channel.outlet.offered_a)


def _opens_soon(original: Any, channel: Any, now: float, offering: bool) -> None:
    channel._contactor.set(now + 0.5)


def _arbitrates_late(original: Any, station: Any) -> None:
    from evc5.models.timeline import CONTROL, Alarm

    Alarm(station.timeline, station.controller.arbitrate, CONTROL).set(station.timeline.now + 3.0)


def _over(original: Any, facts: Any) -> str:
    status = str(original(facts))
    return "Finishing" if status == "SuspendedEVSE" else status


def _clocks_whole(original: Any, samples: Any) -> None:
    samples._post_whole(samples._boundary)
    original(samples)


def _on_one(original: Any, switch: Any, phases: int) -> None:
    original(switch, 1)


def _goes_on(samples: Any) -> None:
    samples._clock.clear()


def _shifted(original: Any, metered: Any, offered_a: Any) -> Any:
    """Of the registers by phase each tells the next one's, the last what follows them."""
    row = original(metered, offered_a)
    return (*row[:12], *row[13:16], *row[15:])


def _never_nothing(channel: Any) -> tuple[float, float, float]:
    amps = channel.grant.amps or 1.0
    return (amps, amps, amps)


def _wants_always(channel: Any) -> bool:
    return bool(channel.permitted and channel.plugged)


def _stays_live(original: Any, station: Any) -> None:
    original(station)
    for outlet in station.world.outlets:
        outlet.clear("power-loss")


BUGS: tuple[Bug, ...] = (
    Bug(
        "allocated-to-nobody",
        "where nobody charges an ampere is allocated",
        "service.idle",
        "4.8",
        "idle",
        (Patch(f"{CHANNEL}.allocated_a", constant(property(_never_nothing))),),
    ),
    Bug(
        "registers-shifted",
        "each phase tells the register of the next",
        "metering.phases",
        "7.31, 7.14",
        "charge",
        (Patch("evc5.twin.sessions.samples:flat", around(_shifted)),),
    ),
    Bug(
        "samples-without-power",
        "the mains are gone, and the samples of the time are told all the same",
        "metering.powered",
        "4.7",
        "power",
        (Patch("evc5.twin.sessions.samples:Samples.die", constant(_goes_on)),),
    ),
    Bug(
        "one-phase-for-all",
        "a station that can switch charges every car on one phase",
        "charging.all-phases",
        "7.14",
        "phases",
        (Patch("evc5.twin.connector.phase_switch:PhaseSwitch.want", around(_on_one)),),
    ),
    Bug(
        "station-clocked",
        "connector 0 tells clock-aligned data, though the station has no meter of its own",
        "metering.clock-station",
        "4.7, ER 3.16",
        "charge",
        (Patch("evc5.twin.sessions.samples:Samples._clock_tick", around(_clocks_whole)),),
    ),
    Bug(
        "silence-that-is-none",
        "frames pass a link that is said to be silent",
        "connection.outage",
        "design: link-down",
        "silent",
        (Patch("evc5.twin.line.link:MemoryLink.silent", constant(nothing)),),
    ),
    Bug(
        "silence-remembered",
        "a stop that met silence waits for three minutes though the CSMS answers again",
        "transaction.resumed",
        "3.7, 4.10",
        "refused",
        (Patch("evc5.twin.ocpp.outbox:Outbox.hurry", constant(nothing)),),
    ),
    Bug(
        "finishing-midway",
        "a transaction that the station pauses is told as Finishing",
        "status.in-transaction",
        "4.9, 7.7",
        "station-max",
        (Patch("evc5.twin.connector.status_steps:status_of", around(_over)),),
    ),
    Bug(
        "charges-through-faults",
        "a fault is told, and the offer stands",
        "electrical.faulted",
        "7.7",
        "faults",
        (Patch(f"{CHANNEL}.wants_energy", constant(property(_wants_always))),),
    ),
    Bug(
        "live-without-mains",
        "the mains are gone and the connector stays live",
        "electrical.mains",
        "events power-cut",
        "power",
        (Patch(f"{STATION}.power_cut", around(_stays_live)),),
    ),
    Bug(
        "image-unchecked",
        "whatever was downloaded is installed",
        "files.image",
        "5.19, 7.25, TC_044_3_CS",
        "files",
        (Patch("evc5.twin.services.firmware:version_of", around(_any_image)),),
    ),
    Bug(
        "installation-endless",
        "an installation comes to no end",
        "files.firmware",
        "5.19, TC_044_1_CS",
        "files",
        (Patch("evc5.twin.services.firmware:INSTALL_S", constant(1e7)),),
    ),
    Bug(
        "serves-before-update",
        "while an update waits for one car the other connector takes another",
        "files.service",
        "5.19",
        "files",
        (Patch(f"{STATION}._settle_all", constant(nothing)),),
    ),
    Bug(
        "hard-reset-waits",
        "a hard reset waits for half a minute",
        "reset.prompt",
        "5.14, TC_014_CS",
        "orders",
        (Patch("evc5.twin.services.restart:Restart.reset", around(_waits_always)),),
    ),
    Bug(
        "asked-for-nothing",
        "a card is asked for at a connector out of service",
        "card.needless",
        "4.1",
        "orders",
        (Patch("evc5.twin.sessions.session:Session.present", around(_asks_always)),),
    ),
    Bug(
        "charging-before-contactor",
        "Charging is told as soon as current is offered",
        "status.charging",
        "7.7",
        "charge",
        (Patch("evc5.twin.connector.status_steps:status_of", around(_charging_when_offered)),),
    ),
    Bug(
        "car-unnoticed",
        "a car makes no connector Preparing before its transaction",
        "status.preparing",
        "4.9: A2",
        "charge",
        (Patch("evc5.twin.connector.status_steps:status_of", around(_notices_nobody)),),
    ),
    Bug(
        "handed-over-at-once",
        "what is taken from one car is offered to the other at the same instant",
        "electrical.handover",
        "IEC 61851-1 Annex A",
        "sharing",
        (Patch(f"{CHANNEL}.committed_a", constant(property(_offered))),),
    ),
    Bug(
        "opened-under-load",
        "the contactor opens half a second after the offer ends, whatever flows",
        "electrical.contactor-load",
        "IEC 61851-1, sequence 10.2",
        "charge",
        (Patch(f"{CHANNEL}._time_contactor", around(_opens_soon)),),
    ),
    Bug(
        "allocated-late",
        "a profile changes the allocation three seconds after it is taken",
        "service.cut",
        "3.13",
        "stack",
        (Patch(f"{STATION}._arbitrate_soon", around(_arbitrates_late)),),
    ),
    Bug(
        "boots-once",
        "a boot that is not accepted is not tried again",
        "boot.retry",
        "4.2.1, TC_002_CS",
        "booting",
        (Patch("evc5.twin.ocpp.agent:Agent._booted", around(_tries_once)),),
    ),
)
