"""evc5 csms: serve real charge points, play a rig on one of them, judge what was recorded."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from evc5.rigs.analysis.run import Run
from evc5.rigs.bench.assembly import served_header
from evc5.rigs.checks import finish
from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.making import check as check_hardware
from evc5.rigs.recording.reading.run_directory import check
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.back_office import Plan, Service, Tell
from evc5.rigs.served.keys import check as check_keys
from evc5.rigs.served.limits import DEFAULTS, Limits
from evc5.rigs.served.listener import Address
from evc5.rigs.served.play import Play, check_boxes, check_hands

REPORTS = 8  # of so many charge points there is a report for people; of others evc5 verify writes one
END_POLL_S = 0.5  # wall clock: how often the end is looked for


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for."""

    address: Address
    rig: RigFile | None = None
    identities: tuple[str, ...] = ()
    seconds: float | None = None  # None: to the end of a hardware rig's script, else until Ctrl-C
    out: Path | None = None
    limits: Limits = DEFAULTS
    pace: float | str = 1.0


@dataclass(slots=True)
class Outcome:
    """The runs of the charge points that came, who did not, and whether Ctrl-C came before the end."""

    runs: list[Run] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    interrupted: bool = False
    faults: int = 0  # of ours, while serving
    bench_fault: str | None = None  # what of the hardware around the charge point failed

    @property
    def passed(self) -> bool:
        """Did all come that were expected, and does every check hold? Nobody at all is no success."""
        held = self.bench_fault is None and all(run.passed for run in self.runs if run.summary["frames"])
        return bool(self.runs) and not self.missing and held


def serve(order: Order, tell: Tell) -> Outcome:
    """Serve as ordered; every charge point's recording is judged at the end."""
    pace = _pace(order)
    plan = _plan(order, pace)
    if order.rig is not None:
        _check(order.rig, plan.directory)
    service = Service(plan, order.address, tell, order.limits, pace)
    tell(f"charge points may dial {service.server.url}/<identity>")
    outcome = Outcome()
    try:
        outcome.bench_fault = _serve(order, service, tell)
    except BenchFault as fault:
        outcome.bench_fault = str(fault)
        tell(f"the bench failed before anything was done: {fault}")
    except KeyboardInterrupt:
        outcome.interrupted = _has_an_end(order)
    except _NobodyAnswers:
        outcome.interrupted = True
        tell("the operator is gone: the run ends here")
    except BadInput:
        service.close("interrupted")
        raise
    directories = service.close("interrupted" if outcome.interrupted else "complete")
    outcome.missing = tuple(name for name in _expected(order) if name not in service.stations)
    report = len(directories) <= REPORTS and (order.rig is None or order.rig.recording.report)
    outcome.runs = [judged_run(directory, report) for directory in directories]
    outcome.faults = service.faults
    return outcome


def _check(rig: RigFile, directory: Path) -> None:
    """BadInput for what a rig on metal lacks, before anything is opened."""
    if rig.hardware is not None:
        check_hardware(rig.hardware, rig.folder)
        check_hands(rig)
        check_boxes(rig)
    if rig.station.backend == "hardware":
        check_keys(directory)


def _serve(order: Order, service: Service, tell: Tell) -> str | None:
    """Serve to the end; what of the bench failed, if anything did."""
    if order.rig is None:
        _until_over(order, service, None)
        return None
    play = Play(service, order.rig, service.plan.directory, tell)
    try:
        _until_over(order, service, play)
    finally:
        play.end()
    if play.fault is None and play.operator is not None and play.operator.gone:
        raise _NobodyAnswers
    return play.fault


def _until_over(order: Order, service: Service, play: Play | None) -> None:
    deadline_s = order.seconds if order.seconds is not None else float("inf")
    while service.timeline.now < deadline_s and not (play is not None and play.over):
        service.run(min(END_POLL_S, deadline_s - service.timeline.now))


def _expected(order: Order) -> list[str]:
    """Whoever was asked for by name."""
    own = [order.rig.station.identity] if order.rig is not None else []
    return list(dict.fromkeys([*own, *order.identities]))


def _has_an_end(order: Order) -> bool:
    return order.seconds is not None or (order.rig is not None and order.rig.station.backend == "hardware")


def _pace(order: Order) -> float:
    """BadInput for another pace than 1 where anything of the bench has no model behind it."""
    pace = order.pace
    if isinstance(pace, str):
        raise BadInput(f"--pace must be a factor of the clock, got {pace}")
    hardware = order.rig.hardware if order.rig is not None else None
    if pace != 1.0 and (hardware is None or not hardware.is_simulated):
        real = (
            sorted({device.driver for _, _, device in hardware.devices()} - {"sim"})
            if hardware
            else ["person"]
        )
        allowed = "must be 1 with any driver but sim (hardware.stand_in = true: evc5 stand-in serves them)"
        raise BadInput(f"--pace {allowed}, got {pace:g} with {', '.join(real)}")
    return pace


def _plan(order: Order, pace: float) -> Plan:
    rig = order.rig
    keys: dict[str, str] = {}
    about: dict[str, object] = {"rig": "csms"}
    if rig is not None:
        key = rig.configuration().text("AuthorizationKey")
        keys = {**rig.csms.stations, rig.station.identity: key}
        about = served_header(rig)
    keys = {**dict.fromkeys(order.identities, ""), **keys}
    name = rig.name if rig is not None else f"csms-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    directory = order.out or Path("runs") / name
    if len(keys) == 1:
        check(directory)
    return Plan(directory, rig, keys, {**about, "csms": "served", "pace": pace})


def judged_run(directory: Path, report: bool) -> Run:
    run = Run.open(directory)
    if run.summary["frames"]:
        finish(directory)
        if report:
            from evc5.rigs.analysis.report import write_report

            write_report(Run.open(directory))
    return Run.open(directory)


class _NobodyAnswers(Exception):
    """The operator has left in the middle of a rig on hardware."""
