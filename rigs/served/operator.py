"""A rig played on a real charge point: the back office acts by itself, an operator's hands do the rest."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, TextIO

from evc5.models.timeline import INPUT
from evc5.models.units import DAY_S
from evc5.models.vehicles import Vehicle
from evc5.rigs.bench.csms import BackOffice
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware import bus
from evc5.rigs.hardware.bench import AMBIENT, GRID, HardwareBench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.sessions import Session
from evc5.rigs.rigfile.tables import Reply
from evc5.rigs.served.back_office import Service, Station
from evc5.rigs.served.chamber import temperatures
from evc5.rigs.served.source import fed
from evc5.twin.line.hub import Hub

ROLES = {  # which device does it
    **{"plug-in": "cable", "unplug": "cable", "tag": "reader", "fault": "cable", "clear": "cable"},
    **{"power-cut": "mains", "power-restore": "mains"},
}
SKIP = "s"  # what the operator answers where it cannot be done


@dataclass(frozen=True, slots=True)
class Step:
    """Something for hands to do, and the event that it then is."""

    t_s: float
    ask: str
    event: str
    connector: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    car: Vehicle | None = None  # that comes with it


def role_of(step: Step) -> str:
    """Which device does it, where the rig has one."""
    return "bus" if step.detail.get("fault") in bus.FAULTS else ROLES[step.event]


def steps(rig: RigFile) -> list[Step]:
    """What the rig needs hands for, in order of time."""
    found = [step for session in rig.plan() for step in _of_session(session)]
    for outage in rig.outages:
        if outage.kind == "power":
            found.append(Step(rig.seconds(outage.start), "Switch the station's mains off", "power-cut"))
            found.append(Step(rig.seconds(outage.end), "Switch the station's mains on", "power-restore"))
    for fault in rig.faults:
        about = {"fault": fault.fault}
        ask = f"Bring about the fault {fault.fault} at connector {fault.connector}"
        found.append(Step(rig.seconds(fault.at), ask, "fault", fault.connector, about))
        if fault.clear_at is not None:
            ask = f"Take the fault {fault.fault} at connector {fault.connector} away"
            found.append(Step(rig.seconds(fault.clear_at), ask, "clear", fault.connector, about))
    return sorted(found, key=lambda step: step.t_s)


def _of_session(session: Session) -> Iterator[Step]:
    at = f"connector {session.connector}"
    car = session.vehicle
    about = {"vehicle": car.id, "soc": session.soc, "cable_a": session.cable_a, "origin": session.origin}
    yield Step(session.plug_in_s, f"Plug the {car.name} into {at}", "plug-in", session.connector, about, car)
    tag_s = session.plug_in_s + session.tag_after_s
    if tag_s < session.unplug_s:
        card = {"id_tag": session.id_tag}
        yield Step(tag_s, f"Hold the card {session.id_tag} to {at}", "tag", session.connector, card)
    yield Step(session.unplug_s, f"Unplug the car at {at}", "unplug", session.connector)


class Operator:
    """Asks a person, one thing at a time; what was done is told in the environment's thread.

    Enter says that it is done, now; "s" and Enter that it could not be; any other words become a note.
    """

    def __init__(self, hub: Hub, prompts: TextIO, answers: TextIO) -> None:
        self._hub = hub
        self._prompts = prompts
        self._answers = answers
        self._asked: SimpleQueue[tuple[str, Callable[[str], None]]] = SimpleQueue()
        self.gone = False  # nobody answers any more
        self._asking = False
        threading.Thread(target=self._run, name="evc5-operator", daemon=True).start()

    def ask(self, what: str, done: Callable[[str], None]) -> None:
        self._asked.put((what, done))

    def _run(self) -> None:
        while True:
            what, done = self._asked.get()
            self._asking = True
            self._write(f"► {what}, then press Enter ({SKIP}: cannot be done) ")
            line = self._answers.readline()
            self._asking = False
            if not line:
                self._hub.post(self._leave)
                return
            self._hub.post(partial(done, line.strip()))

    def dismiss(self) -> None:
        """Whoever writes next begins a line of its own, even under a question that nobody answered."""
        if self._asking:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._prompts.write(text)
        self._prompts.flush()

    def _leave(self) -> None:
        self.gone = True


class Script:
    """Plays a rig's steps on one station from the moment it is made, by the bench, else by hands."""

    def __init__(
        self,
        service: Service,
        station: Station,
        rig: RigFile,
        operator: Operator | None,
        bench: HardwareBench | None = None,
    ) -> None:
        self._service = service
        self._station = station
        self._rig = rig
        self._operator = operator
        self._bench = bench
        self.began_s = service.timeline.now
        self._unanswered = 0
        self._csms()
        self._network()
        self._surroundings()
        if operator is not None:
            for step in steps(rig):
                self._at(step.t_s, partial(self._ask, operator, step))

    @property
    def over(self) -> bool:
        """Has the rig's time on hardware passed and all been answered, or has the operator or the bench gone?

        Without an operator there is no end.
        """
        if self._operator is None:
            return False
        passed = self._service.timeline.now >= self.began_s + self._rig.days * DAY_S
        failed = self._bench is not None and self._bench.fault is not None
        return self._operator.gone or failed or (passed and not self._unanswered)

    def _at(self, t_s: float, action: Callable[[], object]) -> None:
        self._service.timeline.at(self.began_s + t_s, lambda: (action(), None)[1], INPUT)

    def _csms(self) -> None:
        conversation = self._station.conversation
        rig = self._rig
        for action in rig.csms.actions:
            self._at(rig.seconds(action.at), partial(conversation.call, action.action, dict(action.payload)))
        for reply in rig.csms.replies:
            self._at(rig.seconds(reply.at), partial(_script_reply, conversation.office, reply))

    def _network(self) -> None:
        begin = {"down": self._service.down, "silent": self._service.silent}
        for outage in self._rig.outages:
            if outage.kind in begin:
                self._at(self._rig.seconds(outage.start), partial(begin[outage.kind], self._station))
                self._at(self._rig.seconds(outage.end), partial(self._service.up, self._station))

    def _surroundings(self) -> None:
        """Let chamber and source, where there are any, follow the rig's air and grid."""
        for t_s, temp_c in temperatures(self._rig):
            self._at(t_s, partial(self._set, AMBIENT, "climate", {"ambient_c": temp_c}))
        for state in fed(self._rig):
            self._at(state.t_s, partial(self._set, GRID, "supply", state.detail))

    def _set(self, what: str, role: str, detail: dict[str, Any]) -> None:
        verb = self._bench.verb(what, None, detail) if self._bench is not None else None
        if self._bench is not None and verb is not None:
            self._unanswered += 1
            step = Step(0.0, "", "operator", None, detail)
            self._bench.do(verb, partial(self._did, step, role))

    def _ask(self, operator: Operator, step: Step) -> None:
        self._unanswered += 1
        verb = None
        if self._bench is not None:
            verb = self._bench.verb(step.event, step.connector, {**step.detail, "car": step.car})
        if self._bench is not None and verb is not None:
            self._bench.do(verb, partial(self._did, step, role_of(step)))
        else:
            operator.ask(step.ask, partial(self._done, step, self._service.timeline.now))

    def _did(self, step: Step, role: str, failed: BenchFault | None, took_s: float) -> None:
        """A device did it, or failed."""
        assert self._bench is not None
        self._unanswered -= 1
        about = {"driver": self._bench.driver(role, step.connector), "took_s": round(took_s, 3)}
        if failed is not None:
            self._event("operator", step.connector, bench_fault=str(failed), asked=step.event, **about)
        else:
            self._event(step.event, step.connector, **step.detail, **about)

    def _done(self, step: Step, asked_s: float, answer: str) -> None:
        self._unanswered -= 1
        waited_s = round(self._service.timeline.now - asked_s, 3)
        if answer.lower() == SKIP:
            self._event("operator", step.connector, skipped=step.ask, waited_s=waited_s)
            return
        note = {"note": answer} if answer else {}
        self._event(step.event, step.connector, **step.detail, **note, waited_s=waited_s)

    def _event(self, event: str, connector: int | None, **detail: Any) -> None:
        self._service.event(self._station, event, connector, **detail)


def _script_reply(office: BackOffice, reply: Reply) -> None:
    office.reply(
        reply.action, reply.payload, error=reply.error, silent=reply.silent, times=reply.count or None
    )
