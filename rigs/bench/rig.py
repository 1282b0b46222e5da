"""A rig run from its file: the bench plays the file's script, and the judge speaks at the end."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from evc5.models.timeline import INPUT, Timeline
from evc5.models.units import DAY_S
from evc5.rigs import user_files
from evc5.rigs.bench import asked
from evc5.rigs.bench.bench import Bench
from evc5.rigs.bench.cores import cores
from evc5.rigs.bench.network import Network, network_of
from evc5.rigs.errors import BadInput, ControllerError
from evc5.rigs.recording.reading.run_directory import check
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.rigfile.file import NOTHING, RigFile
from evc5.rigs.rigfile.plain import plain
from evc5.rigs.rigfile.sessions import Session
from evc5.twin.line.incoming import NoConnection
from evc5.twin.line.pace import Lockstep, Paced

if TYPE_CHECKING:
    import pandas as pd

    from evc5.rigs.analysis.run import Run
    from evc5.rigs.bench.tape import Tape
    from evc5.rigs.controllers.view import Controller

STRIDE_S = 6 * 3600.0  # how often progress is told

BESIDE_DAYS = 60.0  # of a shorter run the judge is done before a process for it would have begun; measured

PLAYED = 0.6  # of the time that run and judging take together, in memory; measured on the year
PLAYED_SLOWLY = 0.95  # over a socket or by the wall clock; assumed

EVERY = "5min"  # how often a controller is asked, where nobody says
MOST_JOBS = 1000

Progress = Callable[[float, float], None]  # so far, of how much


class Rig:
    """One rig file, ready to run as often as wanted."""

    def __init__(self, file: RigFile) -> None:
        self.file = file

    @classmethod
    def load(cls, path_or_name: str | Path) -> Self:
        """The rig at a path, or the shipped rig of that name; BadInput says in one line what is wrong."""
        return cls(RigFile.load(path_or_name))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """The rig that a table describes, as a rig file would; paths are relative to the working folder.

        Lists may be tuples or arrays, instants datetimes; what is None is left out.
        """
        return cls(RigFile.parse(plain(table)))

    def revised(
        self,
        changes: Mapping[str, Any] = NOTHING,
        *,
        days: float | None = None,
        seed: int | None = None,
        behaviour: str | None = None,
    ) -> Self:
        """A copy with other values at some key paths, checked as a file is; None takes a key away.

        `rig.revised({"ambient.mean_c": 35, "sessions[0].soc": 0.2, "station.keys.HeartbeatInterval": 60})`
        """
        changes = asked.table(changes, "changes")
        for path in changes:
            asked.text(path, "changes", "by key path, as text")
        return type(self)(self.file.revised(changes, days=days, seed=seed, behaviour=behaviour))

    def with_sessions(
        self,
        table: "pd.DataFrame",
        *,
        timezone: str | None = None,
        places: Mapping[str, int] = NOTHING,
        vehicle: str | None = None,
    ) -> Self:
        """A copy to which the cars of a table come, and no others; `read_sessions` reads such tables.

        - `plug_in`, `unplug`: aware times, or naive ones of `timezone`
        - `energy_kwh`: what the car needs at the meter to be full, kWh
        - `user`: whose card it is, and whose one car; `place`: the outlet. Both may be absent

        `places` says which of the places are played at which connector; without, each session takes the
        first that is free. `vehicle` is the car of all; without, a preset is fitted to each user's sessions.
        """
        from evc5.rigs.rigfile.session_table import changes

        if not hasattr(table, "columns"):
            raise asked.refused("table", "a pandas DataFrame", table)
        for name, given in (("timezone", timezone), ("vehicle", vehicle)):
            if given is not None:
                asked.text(given, name)
        places = asked.table(places, "places")
        return self.revised(changes(self.file, table, timezone, places, vehicle))

    def to_toml(self) -> str:
        """The rig file's text, without comments; relative paths stand as they are."""
        return self.file.to_toml()

    def __repr__(self) -> str:
        file = self.file
        count = len(file.plan())
        sessions = "1 session" if count == 1 else f"{count} sessions"
        told = f"{file.days:g} days from {file.start:%Y-%m-%dT%H:%M:%SZ}, {sessions}"
        return f"<Rig {file.name}: {told}, {file.behaviour.name}>"

    def run(
        self,
        days: float | None = None,
        seed: int | None = None,
        out: str | Path | None = None,
        behaviour: str | None = None,
        progress: Progress | None = None,
        *,
        csms: str | None = None,
        pace: float | str = "max",
        ca_file: str | Path | None = None,
        replay: str | Path | None = None,
        controller: "Controller | None" = None,
        every: str | timedelta = EVERY,
        oracle: bool = False,
        jobs: int | None = None,
    ) -> "Run":
        """Run [start, start + days), judge, and open the recording.

        `out` defaults to `runs/<rig>-<seed>`. Ctrl-C ends the run where it is, recording and verdict complete
        up to there. `csms` is a real back office's URL, in lockstep unless `pace` is a factor of the wall
        clock; `ca_file` the authority of a wss:// one. `replay` is a recording whose back office side is
        played again: the summary's `replay` tells whether the charge point then says the same.

        `controller` is a function that is asked `every` so often, and when a transaction has begun or ended:
        it gets a view (`evc5.controllers.View`) and returns limits, A per phase by connector, which the
        embedded back office sends as charging profiles. With `oracle` it sees departures and states of charge
        too. ControllerError tells where it failed, and when; the recording is complete up to there.

        A long run in memory is judged while it goes on, by a second process, where there is a core for it;
        with `jobs` 1 it is judged afterwards. The verdict is the same.
        """
        from evc5.rigs.analysis.run import Run
        from evc5.rigs.checks import finish

        if self.file.station.backend == "hardware":
            raise BadInput("station.backend is hardware: evc5 csms plays this rig on the charge point")
        _check(self.file, csms, ca_file, controller, every, progress, jobs)
        every_s = _every_s(controller, every, oracle, csms or self.file.csms.url, replay)
        tape = _tape(replay)
        if tape is not None:
            days = days or tape.days
            seed = tape.seed if seed is None else seed
        rig = self.file.revised(days=days, seed=seed, behaviour=behaviour)
        sessions = rig.plan()
        name = f"{rig.name}-{rig.seed}" + ("-replay" if tape is not None else "")
        directory = user_files.path_of(out, "out") if out is not None else Path("runs") / name
        check(directory)
        network = _network(rig, directory, csms, pace, ca_file, tape)
        with Lock(directory) as lock, ExitStack() as ends:
            bench = Bench(rig=rig, out=directory, network=network, lock=lock)
            beside = None
            if _is_judged_beside(rig, bench, jobs):
                from evc5.rigs.checks.verdict.beside import Beside

                beside = ends.enter_context(Beside(directory))
            played = PLAYED if isinstance(bench.assembly.pace, Timeline) else PLAYED_SLOWLY
            _script(bench, rig, sessions)
            if controller is not None:
                from evc5.rigs.bench.control import Control

                Control(bench, controller, every_s, oracle, sessions)
            _record(bench, network, rig.days * DAY_S, _part(progress, 0.0, played))
            verdict = beside.verdict() if beside is not None else None
            finish(directory, verdict, progress=_part(progress, played, 1.0))
            if rig.recording.report:
                from evc5.rigs.analysis.report import write_report

                write_report(Run.open(directory))
        return Run.open(directory)


def _tape(replay: str | Path | None) -> "Tape | None":
    """The recording that is played again, where one is."""
    if replay is None:
        return None
    from evc5.rigs.bench.tape import Tape

    return Tape.open(user_files.path_of(replay, "replay"))


def _check(
    rig: RigFile,
    csms: object,
    ca_file: object,
    controller: object,
    every: object,
    progress: object,
    jobs: object,
) -> None:
    """BadInput for an option of `Rig.run` that cannot be meant, or that nothing would heed."""
    if csms is not None and not asked.text(csms, "csms", "a URL"):
        raise asked.refused("csms", "a URL", csms)
    if ca_file is not None and csms is None and rig.csms.url is None:
        raise BadInput(f"ca_file must stand beside csms, whose authority it is, got {str(ca_file)!r}")
    if controller is None and every != EVERY:
        raise BadInput(f"every must stand beside a controller, which is asked so often, got {every!r}")
    for name, given in (("controller", controller), ("progress", progress)):
        if given is not None and not callable(given):
            raise asked.refused(name, "a function", given)
    if jobs is not None:
        asked.whole(jobs, "jobs", MOST_JOBS)


def _is_judged_beside(rig: RigFile, bench: Bench, jobs: int | None) -> bool:
    """Is it long enough for a second process to pay, and is there a core for it?"""
    clock = rig.station.clock
    is_quick = bench.assembly.csms is not None and isinstance(bench.assembly.pace, Timeline)
    is_in_time = not (clock.offset_s or clock.drift_ppm)  # else what is told late decides when all was
    return jobs != 1 and rig.days >= BESIDE_DAYS and is_quick and is_in_time and cores() > 1


def _network(
    rig: RigFile,
    directory: Path,
    csms: str | None,
    pace: float | str,
    ca_file: str | Path | None,
    tape: "Tape | None",
) -> Network:
    """Where the charge point dials in, as the run's options ask."""
    if tape is None:
        return network_of(rig, csms, pace, ca_file)
    if csms is not None or pace != "max":
        raise BadInput("replay must stand alone, without csms or pace")
    if directory.exists() and directory.samefile(tape.messages.parent):
        raise BadInput(f"out must be another directory than the replayed recording's, got {directory}")
    from evc5.rigs.bench.replay import Replay

    return Replay(tape)


def _every_s(
    controller: "Controller | None", every: str | timedelta, oracle: bool, csms: str | None, replay: Any
) -> float:
    """How often a controller is asked; BadInput where its limits could not go out."""
    if controller is None:
        if oracle:
            raise BadInput("oracle must stand beside a controller, which is to see it")
        return 0.0
    import pandas as pd

    for name, value in (("csms", csms), ("replay", replay)):
        if value is not None:
            why = "its profiles go out through the embedded back office"
            raise BadInput(f"controller must stand without {name} ({why}), got {name}={str(value)!r}")
    try:
        step = pd.Timedelta(every)
    except ValueError:
        raise BadInput(f"every must be a duration as 5min, got {every!r}") from None
    if pd.isna(step) or step < pd.Timedelta("1s"):
        raise BadInput(f"every must be at least 1s, got {every!r}")
    return float(step.total_seconds())


def _part(progress: Progress | None, begin: float, end: float) -> Progress | None:
    """Tells of a part of the whole as the whole's progress."""
    if progress is None:
        return None
    return lambda done, total: progress(begin + (end - begin) * done / total, 1.0)


def _record(bench: Bench, network: Network, end_s: float, progress: Progress | None) -> None:
    """Play what is scripted, and end the recording; BadInput where the back office is no longer there."""
    try:
        state = _play(bench, end_s, progress)
        bench.assembly.recorder.summary.update(network.concluded())
        bench.close(state)
    except NoConnection as failure:
        bench.close("interrupted")
        raise BadInput(f"csms {failure}") from None
    except (ControllerError, BadInput):  # what a controller returned, too
        bench.close("interrupted")
        raise
    except Exception as error:  # of ours, or the disk is full: what was recorded up to here is completed
        with suppress(OSError):
            if not isinstance(error, OSError | BadInput):
                bench.assembly.recorder.fault(bench.assembly.timeline.now, error)
            bench.close("interrupted")
        raise


def _play(bench: Bench, end_s: float, progress: Progress | None) -> str:
    """Move to the end, exclusive, telling progress; the state the recording ends in."""
    timeline = bench.assembly.timeline
    pace = bench.assembly.pace
    stride_s = pace.stride_s if isinstance(pace, Lockstep | Paced) else STRIDE_S
    try:
        while timeline.now < end_s:
            pace.advance(min(timeline.now + stride_s, end_s), inclusive=False)
            if progress is not None:
                progress(timeline.now, end_s)
    except KeyboardInterrupt:
        return "interrupted"
    return "complete"


def _script(bench: Bench, rig: RigFile, sessions: tuple[Session, ...]) -> None:
    """Put everything the rig file names on the timeline."""
    at = bench.assembly.timeline.at
    for session in sessions:
        _script_session(bench, session)
    _script_csms(bench, rig)
    for outage in rig.outages:
        begin, end = {
            "down": (bench.link.down, bench.link.up),
            "silent": (bench.link.silent, bench.link.up),
            "power": (bench.power.cut, bench.power.restore),
        }[outage.kind]
        at(rig.seconds(outage.start), begin, INPUT)
        at(rig.seconds(outage.end), end, INPUT)
    for limit in rig.grid.limits:
        at(rig.seconds(limit.at), partial(bench.grid_limit, limit.amps), INPUT)
    for fault in rig.faults:
        at(rig.seconds(fault.at), partial(bench.inject, fault.fault, fault.connector), INPUT)
        if fault.clear_at is not None:
            at(rig.seconds(fault.clear_at), partial(bench.clear, fault.fault, fault.connector), INPUT)


def _script_csms(bench: Bench, rig: RigFile) -> None:
    """What the embedded back office is to do; a real one does as it likes, and the summary says so."""
    at = bench.assembly.timeline.at
    csms = bench.assembly.csms
    if csms is None:
        bench.assembly.recorder.summary["left_to_csms"] = len(rig.csms.actions) + len(rig.csms.replies)
        return
    for action in rig.csms.actions:
        at(rig.seconds(action.at), partial(csms.call, action.action, dict(action.payload)), INPUT)
    for reply in rig.csms.replies:
        at(rig.seconds(reply.at), partial(_script_reply, bench, reply), INPUT)


def _script_session(bench: Bench, session: Session) -> None:
    at = bench.assembly.timeline.at
    note: dict[str, Any] = {"origin": session.origin}
    if session.needed_wh is not None:
        note["needed_wh"] = session.needed_wh
    at(
        session.plug_in_s,
        lambda: bench.plug_in(session.connector, session.vehicle, session.soc, session.cable_a, **note),
        INPUT,
    )
    tag_s = session.plug_in_s + session.tag_after_s
    if tag_s < session.unplug_s:
        at(tag_s, lambda: bench.present_tag(session.connector, session.id_tag), INPUT)
    at(session.unplug_s, lambda: bench.unplug(session.connector), INPUT)


def _script_reply(bench: Bench, reply: Any) -> None:
    bench.csms.reply(
        reply.action, reply.payload, error=reply.error, silent=reply.silent, times=reply.count or None
    )
