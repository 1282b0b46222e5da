"""The device as a whole: controller, agent, sessions and memory joined, and what hands do to it."""

from collections.abc import Iterator
from functools import partial

from evc5.models.faults import Fault
from evc5.models.timeline import Action, Timeline
from evc5.models.world import World
from evc5.twin.charging.profiles import Capacity, ProfileStore
from evc5.twin.charging.site import Site
from evc5.twin.charging.smart_charging import SmartCharging
from evc5.twin.clock import StationClock
from evc5.twin.connector.channel import Channel
from evc5.twin.connector.controller import Controller
from evc5.twin.line.link import Link
from evc5.twin.ocpp.agent import Agent, counter
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.memory import Memory, Message, Transaction
from evc5.twin.ocpp.outbox import QUEUE_LIMIT
from evc5.twin.ocpp.rpc import Reply
from evc5.twin.services import log_lines
from evc5.twin.services.announcer import Announcer
from evc5.twin.services.availability import Availability
from evc5.twin.services.diagnostics import Diagnostics
from evc5.twin.services.files import Files, SimulatedFiles
from evc5.twin.services.firmware import Firmware
from evc5.twin.services.notes import take_notes
from evc5.twin.services.operations import OPERATIONS, refusal
from evc5.twin.services.outputs import Outputs
from evc5.twin.services.restart import Restart
from evc5.twin.sessions.authorisation import Authorisation
from evc5.twin.sessions.samples import Samples
from evc5.twin.sessions.session import Session
from evc5.twin.sessions.transactions import Transactions
from evc5.twin.sheet import vendor
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

FIRMWARE = "V32R30"  # the sheet's application version


class ChargePoint:
    """An EVC5 between its electrical world and its link."""

    def __init__(
        self,
        timeline: Timeline,
        world: World,
        link: Link,
        clock: StationClock,
        behaviour: Behaviour,
        configuration: Configuration,
        memory: Memory | None = None,
        firmware: str = FIRMWARE,
        queue_limit: int = QUEUE_LIMIT,
        files: Files | None = None,
        ids: Iterator[str] | None = None,
    ) -> None:
        self.timeline = timeline
        self.world = world
        self.link = link
        self.clock = clock
        self.behaviour = behaviour
        self.configuration = configuration
        self.memory = memory or Memory()
        self._lost_t_s: float | None = None  # when the power went, until the firmware starts again
        for transaction in self.memory.transactions.values():  # of an earlier run, whose seconds were others
            transaction.began_t_s = clock.t(transaction.began_epoch_s)
        self._last_known_t_s = self._last_known()
        self.memory.epoch_s = self._epoch_s
        configuration.load(self.memory.recall("configuration", {}))
        self.profiles = ProfileStore(behaviour.policies, len(world.outlets), Capacity.of(configuration))
        self.site = Site(timeline, clock, world, configuration, self.profiles, self._began_epoch_s)
        first_come = behaviour.policy("station_share") == "first-come"
        self.controller = Controller(timeline, world, self.site, first_come)
        self.site.changed = self.controller.arbitrate
        self.site.watch(self.controller.channels)
        self.smart_charging = SmartCharging(
            self.profiles,
            self.memory,
            self._epoch_s,
            self.site,
            configuration,
            self.controller.channels,
            self._arbitrate_soon,
        )
        self._assemble_agent(ids or counter(), queue_limit)
        self.restart = Restart(timeline, behaviour.timing, self._die, self._live)
        self.files = files or SimulatedFiles()
        self.diagnostics = Diagnostics(self.agent, self.files, lambda: configuration.text("com_OCPCID"))
        self.firmware = Firmware(self.agent, self.files, firmware, self._settle_all, self._reboot)
        self._wire()

    def _assemble_agent(self, ids: Iterator[str], queue_limit: int) -> None:
        timeline = self.timeline
        memory = self.memory
        channels = self.controller.channels
        self.agent = Agent(
            timeline,
            self.clock,
            self.link,
            memory,
            self.configuration,
            self.behaviour,
            self._identity,
            ids,
            queue_limit,
        )
        self.link.station = self.agent
        self.samples = Samples(self.agent, self.controller)
        self.authorisation = Authorisation(self.agent)
        self._keep_id_tags()
        transactions = Transactions(self.agent, self.samples)
        self.sessions = {
            channel.connector: Session(self.agent, channel, transactions, self.authorisation)
            for channel in channels
        }
        busy = memory.transactions.__contains__
        self.availability = Availability(memory, self.sessions, busy)
        self.announcer = Announcer(self.agent, self.controller, self.availability)

    def _keep_id_tags(self) -> None:
        """Cache and local list are what the memory holds, and are written there when they change."""
        memory = self.memory
        cache = self.authorisation.cache
        listed = self.authorisation.list
        cache.load(memory.recall("cache", []))
        if memory.recall("list") is not None:
            listed.load(memory.recall("list"))
        if memory.lasting:
            self.authorisation.on_cache.append(lambda: memory.keep("cache", cache.dump()))
            self.authorisation.on_list.append(lambda: memory.keep("list", listed.dump()))

    def _wire(self) -> None:
        agent = self.agent
        agent.answers = {
            action: partial(operation, self)
            for action, operation in OPERATIONS.items()
            if self.behaviour.supports(action)
        }
        agent.refuse = refusal(self.behaviour.policy("unsupported_action") == "reversed")
        agent.on_accepted.append(self._accepted)
        agent.on_clock_set.append(lambda _: self.site.clock_set())
        agent.on_delivered["StartTransaction"] = self._start_delivered
        agent.on_delivered["StopTransaction"] = self._stop_delivered
        agent.on_all_delivered.append(self.restart.all_delivered)
        self.configuration.on_change.append(self._configured)
        self.authorisation.on_conflict.append(self.announcer.conflict)
        self.availability.settle = self._availability_changed
        for session in self.sessions.values():
            session.on_begin.append(self.smart_charging.began)
            session.on_end.append(self._transaction_ended)
        channels = {channel.connector: channel for channel in self.controller.channels}
        self.outputs = Outputs(self.configuration, channels)
        take_notes(self.diagnostics, agent, self.restart, channels, self.sessions)

    def _identity(self) -> Payload:
        """What BootNotification says."""
        return vendor.boot_fields(self.configuration, self.firmware.version)

    # --- life ---

    def power_on(self) -> None:
        """The device is switched on."""
        self.restart.begin()

    def _last_known(self) -> float | None:
        """When a process before this one last kept its registers: nobody cut its power that we know of."""
        epoch_s = self.memory.last_known_epoch_s()
        return None if epoch_s is None else min(self.clock.t(epoch_s), self.timeline.now)

    def _live(self) -> None:
        """The firmware starts: connect, boot, go on with what the memory holds."""
        self.configuration.boot()
        resume = vendor.resumes_transactions(self.configuration)
        for channel in self.controller.channels:  # all are awake before one looks, which has all share anew
            channel.switch.supported = self.configuration.flag("ConnectorSwitch3to1PhaseSupported")
            self._equip(channel)
            channel.wake(self._is_operative(channel.connector))
        for session in self.sessions.values():
            was_dark = self._lost_t_s is not None
            session.wake(resume, self._lost_t_s if was_dark else self._last_known_t_s, was_dark)
        self._lost_t_s = self._last_known_t_s = None
        for line in log_lines.of_start(self.configuration, self.firmware.version, len(self.memory.queue)):
            self.diagnostics.note(line)
        for channel in self.controller.channels:
            temp_c = channel.outlet.reading().temp_c
            self.diagnostics.note(log_lines.of_temperature(channel.connector, temp_c))
        self.samples.arm_clock()
        self.firmware.wake()
        self.agent.connect()

    def _equip(self, channel: Channel) -> None:
        """What the keys say of a channel's lock, protection and inputs."""
        configuration = self.configuration
        connector = channel.connector
        blind = not vendor.senses_residual_current(configuration, connector)
        channel.equip(
            has_lock=vendor.has_lock(configuration, connector),
            trips=vendor.senses_over_current(configuration, connector),
            blind_to=frozenset({Fault.GROUND} if blind else ()),
        )

    def _die(self) -> None:
        self.agent.die()
        self.samples.die()
        self.announcer.die()
        self.site.die()
        self.diagnostics.die()
        self.firmware.die()
        for connector, session in self.sessions.items():
            session.die()
            self.controller.channel(connector).die()
        self.outputs.settle()

    def reset(self, kind: str) -> None:
        """Reset by the CSMS: running transactions end first, then the firmware starts anew (5.14)."""
        for session in self.sessions.values():
            session.close(f"{kind}Reset")
        self.restart.reset(kind, undelivered=self.agent.online and bool(self.memory.queue))

    def _reboot(self) -> None:
        """The device restarts by itself; what still runs ends."""
        for session in self.sessions.values():
            session.close("Reboot")
        self.restart.reset("Soft", undelivered=self.agent.online and bool(self.memory.queue))

    def power_cut(self) -> None:
        """The mains are gone: every process dies, contactors drop, what the memory holds stays."""
        self._lost_t_s = self.timeline.now if self._lost_t_s is None else self._lost_t_s
        self.link.drop()
        self.restart.cut()
        for outlet in self.world.outlets:
            outlet.inject(Fault.POWER)

    def power_restore(self) -> None:
        """The mains are back: after its start the firmware closes the transactions that were cut off.

        Mains that were never gone change nothing.
        """
        if self._lost_t_s is None:
            return
        for outlet in self.world.outlets:
            outlet.clear(Fault.POWER)
        self.restart.restore()

    def soon(self, action: Action) -> None:
        """Do something after the reply that is being given, in the same instant."""
        life = self.restart.life
        self.timeline.soon(lambda: action() if life == self.restart.life else None)

    def _accepted(self) -> None:
        for session in self.sessions.values():
            session.accepted()

    def is_empty(self, connector: int) -> bool:
        """Is no car at this connector?"""
        return not self.controller.channel(connector).plugged

    # --- hands ---

    def present_tag(self, connector: int, id_tag: str) -> None:
        """Hold a card to the reader of a connector; while the firmware is down or starts, it is dead."""
        why = self.ignores_tag(connector)
        if not why:
            self.sessions[connector].present(id_tag)
        elif self.controller.channel(connector).awake:
            self.diagnostics.note(f"{connector} card {id_tag} ignored: {why}")

    def ignores_tag(self, connector: int) -> str:
        """Why a card would not be looked at now, "" where it would."""
        if not vendor.has_reader(self.configuration, connector):
            return "no reader serves this connector"
        if not self.controller.channel(connector).awake or self.restart.going_down:
            return "the firmware is down or starts"
        return self.sessions[connector].ignores

    def inject(self, connector: int, fault: str) -> None:
        """A fault as `faults` knows it; `power-loss` is a power cut, connector 0 the third meter."""
        if fault == Fault.POWER:
            self.power_cut()
        elif connector == 0:
            self.site.grid.lose_meter(True)
        else:
            self.controller.channel(connector).inject(fault)

    def clear(self, connector: int, fault: str) -> None:
        if fault == Fault.POWER:
            self.power_restore()
        elif connector == 0:
            self.site.grid.lose_meter(False)
        else:
            self.controller.channel(connector).clear(fault)

    # --- transactions ---

    def _start_delivered(self, message: Message, reply: Reply) -> None:
        transaction = message.transaction
        if transaction is not None and reply.payload is not None:
            self.authorisation.learn(transaction.id_tag, reply.payload["idTagInfo"])
            self.sessions[transaction.connector].confirmed(transaction, reply.payload["idTagInfo"])

    def _stop_delivered(self, message: Message, reply: Reply) -> None:
        if reply.payload is not None and "idTagInfo" in reply.payload and "idTag" in message.payload:
            self.authorisation.learn(message.payload["idTag"], reply.payload["idTagInfo"])

    def _transaction_ended(self, transaction: Transaction) -> None:
        self.smart_charging.ended(transaction)
        self.availability.transaction_ended(transaction.connector)
        self._settle_availability(transaction.connector)
        self.soon(self.firmware.idle)

    def _epoch_s(self) -> float:
        return self.clock.epoch(self.timeline.now)

    def _began_epoch_s(self) -> dict[int, float]:
        """By connector: when its running transaction began, epoch seconds."""
        return {n: transaction.began_epoch_s for n, transaction in self.memory.transactions.items()}

    def _arbitrate_soon(self) -> None:
        self.soon(self.controller.arbitrate)

    # --- availability ---

    def _is_operative(self, connector: int) -> bool:
        enabled = vendor.is_enabled(self.configuration, connector)
        return enabled and not self.firmware.holding and not self.availability.is_inoperative(connector)

    def _availability_changed(self, connector: int, operative: bool) -> None:
        if connector == 0:
            self.announcer.tell(0)
        else:
            self._settle_availability(connector)

    def _settle_availability(self, connector: int) -> None:
        operative = self._is_operative(connector)
        if not operative:
            self.sessions[connector].leave()
        self.controller.channel(connector).set_operative(operative)

    def _settle_all(self) -> None:
        """Bring every connector where nobody charges into service, or out of it."""
        for connector, session in self.sessions.items():
            if session.transaction is None:  # a running one is let finish
                self._settle_availability(connector)

    # --- triggers, 5.17 ---

    def trigger(self, message: str, connector: int | None) -> None:
        if message == "BootNotification":
            self.agent.send_boot()
        elif message == "Heartbeat":
            self.agent.answer_trigger("Heartbeat", {}, self.agent.heartbeat_answered)
        elif message == "StatusNotification":
            for one in [connector] if connector is not None else [0, *self.sessions]:
                self.announcer.answer_trigger(one)
        elif message == "MeterValues":
            self.memory.keep_meters()
            for one in [connector] if connector else list(self.sessions):
                values = self.samples.message(self.controller.channel(one))
                if values is not None:
                    self.agent.answer_trigger("MeterValues", values.wire())
        elif message == "DiagnosticsStatusNotification":
            self.diagnostics.reports.answer_trigger()
        elif message == "FirmwareStatusNotification":
            self.firmware.reports.answer_trigger()

    # --- configuration ---

    def _configured(self, key: str) -> None:
        if key.startswith("chg_"):
            for channel in self.controller.channels:
                self._equip(channel)
        if key == "HeartbeatInterval":
            self.agent.schedule_heartbeat()
        elif key == "chg_ChannelsEnabled":
            self._settle_all()
        elif key.startswith(("chg_", "grid_")):
            self.controller.arbitrate()
