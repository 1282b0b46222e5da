"""What a tester's hands and a back office do in the small rigs, in one word each."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from evc5.models.vehicles import Vehicle
from evc5.rigs.bench.bench import Bench, CallError, NoReply
from evc5.twin.services.files import SimulatedFiles

Table = dict[str, Any]


def begin(
    bench: Bench, connector: int = 1, vehicle: str | Vehicle = "vw-id3-58", soc: float = 0.3, **more: Any
) -> None:
    """A car comes and its driver holds up a card."""
    tag = more.pop("tag", f"TAG{connector}")
    bench.plug_in(connector, vehicle, soc, **more)
    bench.advance(10.0)
    bench.present_tag(connector, tag)
    bench.advance(20.0)


def end(bench: Bench, connector: int = 1, tag: str | None = None) -> None:
    """The driver holds up the card again and leaves."""
    bench.present_tag(connector, tag or f"TAG{connector}")
    bench.advance(30.0)
    bench.unplug(connector)
    bench.advance(40.0)


def profile(
    id: int,
    limit: float | list[tuple[int, float]],
    purpose: str = "TxDefaultProfile",
    kind: str = "Absolute",
    level: int = 0,
    **more: Any,
) -> Table:
    """A charging profile; what belongs to its schedule is told by the same words as on the wire."""
    rows = limit if isinstance(limit, list) else [(0, limit)]
    phases = more.pop("numberPhases", None)
    periods = [
        {"startPeriod": at, "limit": amps, **({"numberPhases": phases} if phases else {})}
        for at, amps in rows
    ]
    schedule: Table = {"chargingRateUnit": more.pop("unit", "A"), "chargingSchedulePeriod": periods}
    schedule |= {name: more.pop(name) for name in ("startSchedule", "duration") if name in more}
    if kind == "Absolute" and "startSchedule" not in schedule:
        schedule["startSchedule"] = "2024-03-01T00:00:00Z"
    return {
        "chargingProfileId": id,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
        **more,
    }


def install(bench: Bench, connector: int, wire: Table) -> None:
    ask(bench, "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": wire})


def composite(bench: Bench, *connectors: int, duration: int = 7200, unit: str = "A") -> None:
    """Ask for the composite schedules."""
    for connector in connectors:
        asked = {"connectorId": connector, "duration": duration, "chargingRateUnit": unit}
        ask(bench, "GetCompositeSchedule", asked)


def change(bench: Bench, key: str, value: str) -> None:
    ask(bench, "ChangeConfiguration", {"key": key, "value": value})


def serve(bench: Bench, location: str, content: bytes, version: str | None) -> None:
    """Put a firmware image where it can be fetched, and note its version; None where it is none."""
    bench.files[location] = content
    bench.assembly.event("operator", firmware=location, version=version)


def take_files(bench: Bench, takes: bool) -> None:
    """Have the servers take diagnostics or refuse them, and note which."""
    servers = bench.assembly.station.files
    assert isinstance(servers, SimulatedFiles)
    servers.takes = takes
    bench.assembly.event("operator", takes_files=takes)


def running(bench: Bench, connector: int = 1) -> int:
    """The id of the transaction that runs on a connector."""
    id = bench.assembly.station.memory.transactions[connector].id
    assert id is not None
    return id


def ask(bench: Bench, action: str, payload: Mapping[str, Any] | None = None) -> None:
    """The back office asks; whatever the answer, or none, it goes on."""
    with suppress(CallError, NoReply):
        bench.call(action, payload)
