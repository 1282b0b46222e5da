"""The device as a whole: power, controller, agent and memory joined; what a reset ends and what it leaves."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial

from models.faults import POWER
from models.timeline import Action, Timeline
from models.world import World
from twin import vendor
from twin.agent import Agent, counter
from twin.behaviour import Behaviour
from twin.clock import StationClock
from twin.configuration import Configuration
from twin.controller import Controller
from twin.frames import Payload
from twin.link import Link
from twin.memory import Memory, Message, Transaction
from twin.operations import OPERATIONS, refusal
from twin.profiles import ActiveTransaction, Limits, ProfileStore, Refused
from twin.rpc import Refusal, Reply
from twin.samples import Samples
from twin.session import Session
from twin.site import Site
from twin.status import OCCUPIED, PREPARING

# 4.9: EVCommunicationError goes with these statuses only.
COMMUNICATING = frozenset({PREPARING, "SuspendedEV", "SuspendedEVSE", "Finishing"})
REBOOT_S = {"Soft": 10.0, "Hard": 30.0, "Power": 20.0}  # until the firmware talks again; assumed


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
        ids: Iterator[str] | None = None,
    ) -> None:
        self.timeline, self.world, self.link, self.clock = timeline, world, link, clock
        self.behaviour, self.configuration, self.firmware = behaviour, configuration, firmware
        self.memory = memory or Memory()
        self.profiles = ProfileStore(behaviour.policies, len(world.outlets), Limits.of(configuration))
        self.site = Site(timeline, clock, world, configuration, behaviour, self.profiles, self._started)
        first_come = behaviour.policy("station_share") == "first-come"
        self.controller = Controller(timeline, world, self.site, first_come)
        self.site.changed = self.controller.arbitrate
        self.agent = Agent(
            timeline, clock, link, self.memory, configuration, behaviour, self._identity, ids or counter()
        )
        link.station = self.agent
        self.samples = Samples(self.agent, self.controller)
        self.sessions = {
            channel.connector: Session(self.agent, channel, self.samples)
            for channel in self.controller.channels
        }
        self._scheduled: dict[int, bool] = {}  # availability to take on when the transaction ends
        self._told: dict[int, tuple[str, str, str]] = {}  # by connector: the last status the CSMS was told
        self._boots = 0  # counts starts: what an earlier life scheduled must not happen in this one
        self._wire()

    def _wire(self) -> None:
        agent = self.agent
        agent.answers = {
            action: partial(operation, self)
            for action, operation in OPERATIONS.items()
            if self.behaviour.supports(action)
        }
        agent.refuse = refusal(self.behaviour.policy("unsupported_action") == "reversed")
        agent.on_accepted.append(self._told.clear)
        agent.on_online.append(self._tell_statuses)
        agent.on_clock_set.append(lambda _: self.site.clock_set())
        agent.on_delivered["StartTransaction"] = self._start_delivered
        self.configuration.on_change.append(self._configured)
        switchable = self.configuration.flag("ConnectorSwitch3to1PhaseSupported")
        for channel in self.controller.channels:
            channel.switch.supported = switchable
            channel.has_lock = vendor.has_lock(self.configuration, channel.connector)
            channel.on_status.append(partial(self._status, channel.connector))
        for session in self.sessions.values():
            session.on_change.append(self._transaction_changed)

    def _identity(self) -> Payload:
        """What BootNotification says."""
        return vendor.boot_fields(self.configuration, self.firmware)

    # --- life ---

    def power_on(self) -> None:
        """Start the firmware: connect, boot, go on with what the memory holds."""
        self._boots += 1
        self.configuration.boot()
        for connector, session in self.sessions.items():
            self._settle_availability(connector)
            self.controller.channel(connector).wake()
            session.stop("PowerLoss")  # only what no reset could end before it happened is still open
        self.agent.connect()

    def reset(self, kind: str) -> None:
        """Reset by the CSMS: running transactions end first (5.14), then the firmware starts anew."""
        for session in self.sessions.values():
            session.stop(f"{kind}Reset")
        self._restart_after(REBOOT_S[kind])

    def power_cut(self) -> None:
        """The mains are gone: every process dies, contactors drop, what the memory holds stays."""
        self.link.drop()
        self._die()
        for outlet in self.world.outlets:
            outlet.inject(POWER)

    def power_restore(self) -> None:
        """The mains are back: after its start the firmware closes the transactions that were cut off."""
        for outlet in self.world.outlets:
            outlet.clear(POWER)
        self._restart_after(REBOOT_S["Power"])

    def _restart_after(self, seconds: float) -> None:
        self._die()
        life = self._boots
        self.timeline.at(
            self.timeline.now + seconds, lambda: self.power_on() if life == self._boots else None
        )

    def _die(self) -> None:
        self._boots += 1
        self.agent.die()
        self.samples.die()
        self.site.die()
        for connector, session in self.sessions.items():
            session.die()
            self.controller.channel(connector).die()

    def soon(self, action: Action) -> None:
        """Do something after the reply that is being given, in the same instant."""
        life = self._boots
        self.timeline.soon(lambda: action() if life == self._boots else None)

    # --- hands ---

    def present_tag(self, connector: int, id_tag: str) -> None:
        """Hold a card to the reader of a connector."""
        if not vendor.has_reader(self.configuration, connector):
            return
        if self.controller.channel(connector).facts.operative or self.sessions[connector].transaction:
            self.sessions[connector].present(id_tag)

    def inject(self, connector: int, fault: str) -> None:
        """A fault as `twin.faults` knows it; `power-loss` is a power cut."""
        if fault == "power-loss":
            self.power_cut()
        else:
            self.controller.channel(connector).inject(fault)

    def clear(self, connector: int, fault: str) -> None:
        if fault == "power-loss":
            self.power_restore()
        else:
            self.controller.channel(connector).clear(fault)

    # --- statuses ---

    def _status(self, connector: int, _: str) -> None:
        self._tell_status(connector)

    def _tell_statuses(self) -> None:
        """After a boot all, connector 0 included (errata 3.22); after an outage those that changed."""
        for connector in (0, *self.sessions):
            self._tell_status(connector)

    def _tell_status(self, connector: int, force: bool = False) -> None:
        if connector == 0:
            now = ("Unavailable" if 0 in self.memory.inoperative else "Available", "NoError", "")
        else:
            channel = self.controller.channel(connector)
            now = (
                self._spoken(channel.status),
                self._known(channel.error_code, channel.status),
                channel.info,
            )
        if force or self._told.get(connector) != now:
            payload = {
                "connectorId": connector,
                "errorCode": now[1],
                "status": now[0],
                "timestamp": self.clock.iso(self.timeline.now),
            }
            if now[2]:
                payload["info"] = now[2]
            if force:
                self.agent.answer_trigger("StatusNotification", payload)
            elif self.agent.tell("StatusNotification", payload):
                self._told[connector] = now

    def _spoken(self, status: str) -> str:
        """The status as the device calls it: "Occupied" of table 4 is no status of 1.6."""
        if status == PREPARING and self.behaviour.policy("occupied_status") == "replaces-preparing":
            return OCCUPIED
        return status

    def _known(self, error_code: str, status: str) -> str:
        """The error code, OtherError for one that table 5 has as not supported; the info names the fault."""
        if error_code == "EVCommunicationError" and status not in COMMUNICATING:
            return "NoError"
        return error_code if error_code in self.behaviour.error_codes else "OtherError"

    # --- transactions ---

    def is_free(self, connector: int) -> bool:
        """Can a new session begin here?"""
        channel = self.controller.channel(connector)
        return channel.facts.operative and not channel.facts.transaction and not channel.facts.faulted

    def _start_delivered(self, message: Message, reply: Reply) -> None:
        transaction = message.transaction
        assert transaction is not None
        if reply.payload is None:
            transaction.id = -1  # errata 3.18
            return
        transaction.id = reply.payload["transactionId"]
        self.sessions[transaction.connector].confirmed(transaction, reply.payload["idTagInfo"])

    def _transaction_changed(self, connector: int, transaction: Transaction | None) -> None:
        if transaction is not None and transaction.charging_profile is not None:
            self._install_remote(connector, transaction.charging_profile)  # 5.11: for this transaction
        if transaction is None:
            self._settle_availability(connector)
            self.profiles.transaction_ended(connector)
            if connector in self._scheduled:
                self.set_availability(connector, self._scheduled.pop(connector))

    # --- availability, 5.2 ---

    def set_availability(self, connector: int, operative: bool) -> bool:
        """Take connectors in or out of service; True where a running transaction makes one wait."""
        scheduled = False
        for one in [connector] if connector else list(self.sessions):
            if self.sessions[one].transaction is not None:
                self._scheduled[one] = operative
                scheduled = True
                continue
            (self.memory.inoperative.discard if operative else self.memory.inoperative.add)(one)
            self._settle_availability(one)
        if connector == 0:
            (self.memory.inoperative.discard if operative else self.memory.inoperative.add)(0)
            self._tell_status(0)
        return scheduled

    def _settle_availability(self, connector: int) -> None:
        operative = connector not in self.memory.inoperative
        enabled = vendor.is_enabled(self.configuration, connector)
        self.controller.channel(connector).set_operative(operative and enabled)

    def _epoch(self) -> float:
        return self.clock.epoch(self.timeline.now)

    def _started(self) -> dict[int, float]:
        """By connector: when its running transaction began, epoch seconds."""
        return {n: transaction.started for n, transaction in self.memory.transactions.items()}

    # --- charging profiles ---

    def install_profile(self, connector: int, wire: Payload) -> str:
        running = self.memory.transactions.get(connector)
        active = None if running is None else ActiveTransaction(running.id)
        try:
            status = self.profiles.install(connector, wire, transaction=active, now=self._epoch())
        except Refused as refused:
            raise Refusal(refused.code, refused.description) from None
        self.soon(self.controller.arbitrate)
        return status

    def _install_remote(self, connector: int, profile: Payload) -> None:
        """The profile that came with a remote start; a bad one does not keep the transaction from running."""
        with suppress(Refused):
            self.profiles.install_with_start(connector, profile, now=self._epoch())
        self.soon(self.controller.arbitrate)

    def clear_profiles(self, filters: Payload) -> bool:
        cleared = self.profiles.clear(filters)
        self.soon(self.controller.arbitrate)
        return cleared

    def composite_schedule(self, connector: int, duration_s: int, unit: str | None) -> Payload:
        started = self._started()
        try:
            return self._composite(connector, duration_s, unit, started)
        except Refused as refused:
            raise Refusal(refused.code, refused.description) from None

    def _composite(
        self, connector: int, duration_s: int, unit: str | None, started: Mapping[int, float]
    ) -> Payload:
        profiles = self.profiles
        if not vendor.applies_profiles(self.configuration):  # as if none were installed
            profiles = ProfileStore(self.behaviour.policies, len(self.world.outlets), profiles.limits)
        return profiles.composite(
            connector,
            self._epoch(),
            duration_s,
            unit,
            started=started,
            local_a=self.site.local_a(),
            station_a=self.configuration.number("chg_StationMaxCurrent"),
            phases=max(outlet.spec.phases for outlet in self.world.outlets),
        )

    # --- triggers, 5.17 ---

    def trigger(self, message: str, connector: int | None) -> None:
        if message == "BootNotification":
            self.agent.send_boot()
        elif message == "Heartbeat":
            self.agent.answer_trigger("Heartbeat", {}, self.agent.beaten)
        elif message == "StatusNotification":
            for one in [connector] if connector is not None else [0, *self.sessions]:
                self._tell_status(one, force=True)
        elif message == "MeterValues":
            for one in [connector] if connector else list(self.sessions):
                values = self.samples.message(self.controller.channel(one))
                if values is not None:
                    self.agent.answer_trigger("MeterValues", values.wire())

    # --- configuration ---

    def _configured(self, key: str) -> None:
        if key == "HeartbeatInterval":
            self.agent.schedule_heartbeat()
        elif key == "chg_ChannelsEnabled":
            for connector, session in self.sessions.items():
                if session.transaction is None:  # a running one is let finish
                    self._settle_availability(connector)
        elif key.startswith(("chg_", "grid_")):
            self.controller.arbitrate()
