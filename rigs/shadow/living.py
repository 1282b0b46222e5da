"""The twin lives what the metal lived: the same hands, the same back office, the same hours."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from evc5.models.timeline import INPUT, Timeline
from evc5.models.units import DAY_S
from evc5.rigs.analysis.run import Run
from evc5.rigs.bench.bench import Bench
from evc5.rigs.bench.csms import BackOffice
from evc5.rigs.checks import finish
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import check
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.secrets import is_secret
from evc5.rigs.shadow.car import Car, car_of
from evc5.rigs.shadow.hands import Hand
from evc5.rigs.shadow.metal import Metal
from evc5.twin.sheet.behaviour import Behaviour

STRIDE_S = 6 * 3600.0  # how often progress is told
OWN_IDS = 1_000_000_000  # transactions that the metal never began are numbered from here

Payload = dict[str, Any]
Progress = Callable[[float, float], None]


def live(
    metal: Metal,
    out: Path,
    rig: RigFile,
    vehicle: str | None = None,
    progress: Progress | None = None,
) -> Run:
    """The twin's own recording of the same time, judged.

    `rig` is what `rig_of` makes. `vehicle` is the car of every visit whose car the recording does not name.
    """
    check(out)
    if vehicle is not None and vehicle not in rig.cars:
        raise BadInput(f"vehicle must be one of {', '.join(sorted(rig.cars))}, got {vehicle!r}")
    end_s = metal.ended_s - metal.began_s
    with Lock(out) as lock:
        bench = Bench(rig=rig, out=out, lock=lock, booted=False)
        try:
            _answer(bench.assembly.conversation.office, bench.assembly.timeline, metal)
            _script(bench, metal, vehicle)
            _play(bench, end_s, progress)
        finally:
            bench.close()
        finish(out)
    return Run.open(out)


def rig_of(metal: Metal, base: RigFile | None, behaviour: str | None) -> RigFile:
    """The metal's station, standing in the surroundings of `base`; what that plays is left out."""
    summary = metal.run.summary
    days = max((metal.ended_s - metal.began_s) / DAY_S, 1e-4)
    table: dict[str, Any] = {"name": "shadow", "start": metal.start, "days": days}
    if base is not None:
        nothing = dict.fromkeys(("sessions", "sessions_csv", "session_files", "generator", "arrivals"))
        quiet = {**nothing, "outages": None, "faults": None, "hardware": None, "grid.limits": None}
        changes = {**quiet, "start": metal.start, "station.backend": "twin"}
        if "latency_s" not in base.station.model_fields_set:
            changes["station.latency_s"] = 0.0
        for name in ("url", "actions", "replies"):
            changes[f"csms.{name}"] = None
        return base.revised({**changes, "csms.asks_keys": False}, days=days, behaviour=behaviour)
    name = behaviour or str(summary.get("behaviour") or "ocpp16")
    known = _keys(name)
    keys = {
        key: value for key, value in metal.keys().items() if key.casefold() in known and not is_secret(key)
    }
    station = {
        "identity": metal.identity[:25], "behaviour": name, "connectors": metal.connectors(),
        "latency_s": 0.0, "allow_overrides": True, "keys": keys, "boot": metal.boot(),
    }  # fmt: skip
    for told in ("policies", "phases", "phase_switching"):
        if summary.get(told) is not None and not (told == "policies" and behaviour):
            station[told] = summary[told]
    return RigFile.parse({**table, "station": station, "csms": {"asks_keys": False}})


def _keys(behaviour: str) -> set[str]:
    """The keys that a behaviour knows, in lower case; of one that is none, the rig says so."""
    try:
        return {key.casefold() for key in Behaviour.load(behaviour).keys}
    except ValueError:
        return set()


def _answer(office: BackOffice, timeline: Timeline, metal: Metal) -> None:
    """The back office says what it said to the metal; to what the metal never asked, what ours would."""
    cards = {told["idTag"].lower(): said for told, said in metal.answered("Authorize") if "idTag" in told}
    begun: dict[int, deque[Payload]] = defaultdict(deque)
    for told, said in metal.answered("StartTransaction"):
        begun[told.get("connectorId", 0)].append(dict(said))
    boots = deque(dict(said) for _, said in metal.answered("BootNotification"))
    office.transactions = iter(range(OWN_IDS, 2**31))
    given: dict[str, Payload] = {}

    def start(payload: Payload) -> Payload:
        key = repr(sorted(payload.items()))  # one that comes again is the same
        if key not in given:
            card = office.id_tag_info(payload["idTag"], 0.0)
            own = {"transactionId": next(office.transactions), "idTagInfo": card}
            waiting = begun[payload["connectorId"]]
            given[key] = waiting.popleft() if waiting else own
        return given[key]

    def authorize(payload: Payload) -> Payload:
        own = {"idTagInfo": office.id_tag_info(payload["idTag"], 0.0)}
        return dict(cards.get(payload["idTag"].lower(), own))

    def boot(payload: Payload) -> Payload:
        said = boots.popleft() if len(boots) > 1 else boots[0]
        return {**said, "currentTime": office.calendar.iso(timeline.now)}

    office.reply("StartTransaction", start)
    office.reply("Authorize", authorize)
    if boots:
        office.reply("BootNotification", boot)


def _script(bench: Bench, metal: Metal, vehicle: str | None) -> None:
    """Put what was done and asked on the timeline; what cannot be done here is told in its events."""
    for hand in metal.hands:
        car = car_of(metal, hand, vehicle, bench.rig.cars) if hand.event == "plug-in" else None
        at_s = max(hand.t_s - metal.began_s, 0.0)
        bench.assembly.timeline.at(at_s, partial(_do, bench, hand, car), INPUT)
    for call in metal.asked():
        ask = partial(bench.assembly.conversation.call, call.action or "", dict(call.payload))
        bench.assembly.timeline.at(call.t - metal.began_s, ask, INPUT)


def _do(bench: Bench, hand: Hand, car: Car | None) -> None:
    try:
        VERBS[hand.event](bench, hand, car)
    except BadInput as why:
        bench.assembly.event("operator", hand.connector, skipped=hand.event, why=str(why))


def _plug_in(bench: Bench, hand: Hand, car: Car | None) -> None:
    assert car is not None and hand.connector is not None
    bench.plug_in(hand.connector, car.vehicle, car.soc, car.cable_a)


VERBS: Mapping[str, Callable[[Bench, Hand, Car | None], None]] = {
    "plug-in": _plug_in,
    "unplug": lambda bench, hand, _: bench.unplug(hand.connector or 1),
    "tag": lambda bench, hand, _: bench.present_tag(hand.connector or 1, hand.detail["id_tag"]),
    "fault": lambda bench, hand, _: bench.inject(hand.detail["fault"], hand.connector or 0),
    "clear": lambda bench, hand, _: bench.clear(hand.detail["fault"], hand.connector or 0),
    "power-cut": lambda bench, hand, _: bench.power.cut(),
    "power-restore": lambda bench, hand, _: bench.power.restore(),
    "operator": lambda bench, hand, _: bench.grid_limit(hand.detail["grid_limit_a"]),
    "down": lambda bench, hand, _: bench.link.down(),
    "silent": lambda bench, hand, _: bench.link.silent(),
    "up": lambda bench, hand, _: bench.link.up(),
}


def _play(bench: Bench, end_s: float, progress: Progress | None) -> None:
    now_s = 0.0
    while now_s < end_s:
        step_s = min(STRIDE_S, end_s - now_s)
        bench.advance(step_s)
        now_s += step_s
        if progress is not None:
            progress(now_s, end_s)
