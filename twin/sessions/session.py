"""One connector's sessions: tag and cable in either order, the transaction between them, and its end.

Source: OCPP 1.6 3.10, 4.8, 4.10, 5.11, 5.12; ConnectionTimeOut 9.1.6.
"""

from collections.abc import Callable
from functools import partial

from evc5.models.faults import Fault
from evc5.models.outlet import Outlet
from evc5.models.timeline import CONTROL, Alarm
from evc5.twin.connector.channel import Channel
from evc5.twin.connector.status import CHARGING, PREPARING, SUSPENDED_EV
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.memory import Transaction
from evc5.twin.sessions.authorisation import Authorisation, Inquiry
from evc5.twin.sessions.id_tags import same
from evc5.twin.sessions.transactions import Transactions
from evc5.twin.sheet import vendor

Holder = tuple[str, str | None]  # an idTag and its parent


class Session:
    """Follows one connector: who may begin, what begins, and what ends it."""

    def __init__(
        self, agent: Agent, channel: Channel, transactions: Transactions, authorisation: Authorisation
    ) -> None:
        self._agent = agent
        self._channel = channel
        self._transactions = transactions
        self._authorisation = authorisation
        self._configuration = agent.configuration
        self._timeline = agent.timeline
        self._waiting: Holder | None = None  # an accepted idTag that waits for its cable
        self._profile: Payload | None = None  # what came with its remote start
        self._inquiry: Inquiry | None = None
        self._closed = False  # a reset is under way: nothing new begins
        self._cable_of: Holder | None = None  # whose cable is still held after the transaction
        self._timeout = Alarm(self._timeline, self._timed_out, CONTROL)
        self._status = channel.status
        self._drew_well = False  # has the car had a good power factor in this transaction?
        self._finishing = f"finishing {channel.connector}"  # in the memory: has the cable had its turn?
        self.on_begin: list[Callable[[Transaction], None]] = []
        self.on_end: list[Callable[[Transaction], None]] = []
        channel.on_ready.append(self._ready)
        channel.on_unplug.append(self._unplugged)
        channel.on_status.append(self._status_changed)
        channel.on_fault.append(self._fault_sensed)
        if vendor.acts_as_named(self._configuration):
            channel.outlet.on_segment.append(self._segment_began)

    @property
    def transaction(self) -> Transaction | None:
        return self._transactions.running(self._channel.connector)

    @property
    def is_free(self) -> bool:
        """May a new session begin here?"""
        nobody = self._waiting is None and self._inquiry is None
        return self._channel.is_free and nobody and not self._closed

    # --- tags ---

    @property
    def ignores(self) -> str:
        """Why a card held to the reader now would not be looked at, "" where it would."""
        if self._inquiry is not None:
            return f"card {self._inquiry.id_tag} is being asked about"
        return Fault.READER.value if self._channel.has_fault(Fault.READER) else ""

    def present(self, id_tag: str) -> None:
        """A card at the reader: starts, stops, frees its cable, or takes back what it began."""
        running = self.transaction
        if self.ignores:
            return
        if running is not None:
            self._present_to(running, id_tag)
        elif self._waiting is not None:
            if same(id_tag, self._waiting[0]):
                self._withdraw()
        elif self._cable_of is not None:
            self._claim_cable(self._cable_of, id_tag)
        elif self._channel.is_free and not self._blocked():
            self._ask(id_tag, partial(self._admitted, None))

    def _present_to(self, running: Transaction, id_tag: str) -> None:
        """The same idTag needs no Authorize (3.10); another may stop it if it has the same parent."""
        if same(id_tag, running.id_tag) or vendor.stops_on_any_card(self._configuration):
            self.stop("Local", id_tag)
        else:
            self._ask(id_tag, lambda tag, info: self._stop_by_other(running, tag, info))

    def _claim_cable(self, owner: Holder, id_tag: str) -> None:
        """The cable is let go for the idTag that charged, or one with the same parent (errata 3.5)."""
        if same(id_tag, owner[0]):
            self._release_cable()
        elif owner[1] is not None:
            self._ask(id_tag, lambda _, info: self._release_cable() if _related(info, owner[1]) else None)

    def _release_cable(self) -> None:
        self._cable_of = None
        self._channel.set_lock(False)

    def _miss_cable(self) -> None:
        """A cable that the lock did not hold is kept for nobody any more."""
        if not self._channel.occupied:
            self._cable_of = None

    def _blocked(self) -> bool:
        """May nobody begin here for now, by com_Options or because the firmware is about to restart?"""
        agent = self._agent
        if self._closed:
            return True
        unheard = agent.registration != "Accepted" and vendor.blocks_before_boot(agent.configuration)
        return unheard or (agent.outbox.full and vendor.blocks_when_full(agent.configuration))

    def _ask(self, id_tag: str, then: Callable[[str, Payload], None]) -> None:
        """Find out about an idTag; nothing else is listened to until that is known."""

        def decided(info: Payload) -> None:
            self._inquiry = None
            then(id_tag, info)

        inquiry = self._authorisation.decide(id_tag, decided)
        if inquiry.open:
            self._inquiry = inquiry

    def _admitted(self, profile: Payload | None, id_tag: str, info: Payload) -> None:
        if info["status"] == "Accepted" and self._channel.is_free:
            self._accept(id_tag, info.get("parentIdTag"), profile)

    def _stop_by_other(self, running: Transaction, id_tag: str, info: Payload) -> None:
        if self.transaction is running and _related(info, running.parent_id_tag):
            self.stop("Local", id_tag)

    # --- from permission to transaction ---

    def _accept(self, id_tag: str, parent: str | None = None, profile: Payload | None = None) -> None:
        """An idTag may charge here: at once where the cable is in, else within ConnectionTimeOut."""
        self._cable_of = None
        self._waiting = (id_tag, parent)
        self._profile = profile
        self._channel.authorise(True)
        if self._channel.plugged and self._channel.is_free:
            self._start()

    def remote_start(self, id_tag: str, profile: Payload | None) -> None:
        """RemoteStartTransaction was accepted; who checks the idTag and what becomes of a profile: policy."""
        policy = self._agent.behaviour.policy
        kept = profile if policy("remote_start_profile") == "applied" else None
        by_key = policy("remote_start_id_tag") == "per-key"
        if not self.is_free:
            return
        if by_key and self._configuration.flag("AuthorizeRemoteTxRequests"):
            self._ask(id_tag, partial(self._admitted, kept))
        else:
            self._accept(id_tag, profile=kept)

    def _withdraw(self) -> None:
        self._waiting = self._profile = None
        self._channel.authorise(False)

    def leave(self) -> None:
        """The connector goes out of service: nobody waits here any more."""
        if self._inquiry is not None:
            self._inquiry.drop()
            self._inquiry = None
        if self._waiting is not None:
            self._withdraw()

    def _ready(self) -> None:
        """A car is at a free connector."""
        if self._waiting is not None:
            self._start()
        elif self._needs_no_card() and self._channel.secure():
            self._begin(vendor.PLUG_AND_CHARGE_TAG, unasked=True)

    def _needs_no_card(self) -> bool:
        return vendor.plug_and_charge(self._configuration, self._channel.connector) and not self._blocked()

    def accepted(self) -> None:
        """The CSMS has accepted the station: a car that had to wait for this may begin."""
        if self._channel.plugged and self.is_free and not self._channel.facts.finishing:
            self._ready()

    def _start(self) -> None:
        assert self._waiting is not None
        if not self._channel.secure():
            return  # no transaction begins (2.2, sheet table 5); it does once the lock moves again
        id_tag, parent = self._waiting
        profile = self._profile
        self._waiting = self._profile = None
        self._begin(id_tag, parent, profile)

    def _begin(
        self, id_tag: str, parent: str | None = None, profile: Payload | None = None, unasked: bool = False
    ) -> None:
        self._timeout.clear()
        self._drew_well = False
        self._tell(self.on_begin, self._transactions.open(self._channel, id_tag, parent, profile))
        self._channel.start(unasked=unasked)

    # --- waiting ---

    def _status_changed(self, status: str) -> None:
        before = self._status
        self._status = status
        if status == PREPARING and before != PREPARING and self.transaction is None:
            self._await_user()
        elif status != PREPARING:
            self._timeout.clear()
        if (before, status) == (CHARGING, SUSPENDED_EV):
            self._stopped_drawing()

    def _await_user(self) -> None:
        """ConnectionTimeOut counts from the beginning of Preparing (errata 3.77)."""
        seconds = self._configuration.integer("ConnectionTimeOut")
        if seconds > 0:
            self._timeout.set(self._timeline.now + seconds)

    def _timed_out(self) -> None:
        self._waiting = self._profile = None
        self._channel.give_up()

    def _segment_began(self, outlet: Outlet) -> None:
        """The car's current takes another form: is its power factor too low for the station's liking?"""
        connector = self._channel.connector
        if self.transaction is None or not vendor.stops_on_low_cosphi(self._configuration, connector):
            return
        pf = outlet.reading().pf
        if pf is None or self._status != CHARGING:
            return
        if pf >= vendor.LOW_COSPHI:
            self._drew_well = True
        elif self._drew_well:  # not while it comes up
            self._end_soon("Other")

    def _end_soon(self, reason: str) -> None:
        transaction = self.transaction
        self._timeline.soon(lambda: self.stop(reason) if self.transaction is transaction else None)

    def _stopped_drawing(self) -> None:
        transaction = self.transaction
        done = vendor.stops_when_complete(self._configuration, self._channel.connector)
        if transaction is not None and done and self._channel.plugged:
            self._end_soon("Other")

    # --- the transaction ---

    def confirmed(self, transaction: Transaction, info: Payload) -> None:
        """The CSMS knows the transaction now, and says what it thinks of the idTag (errata 3.17)."""
        transaction.parent_id_tag = info.get("parentIdTag", transaction.parent_id_tag)
        transaction.accepted = info["status"] == "Accepted"
        self._agent.memory.changed(transaction)
        if transaction.accepted or self.transaction is not transaction:
            return
        if self._configuration.flag("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized")
        else:
            self._channel.withhold()

    def _unplugged(self) -> None:
        """The EV's side of the cable was pulled (4.10)."""
        self._miss_cable()
        if self.transaction is not None and self._stops_on_disconnect():
            self.stop("EVDisconnected")

    def _fault_sensed(self) -> None:
        """Faults let a transaction go on without energy; the emergency stop button ends it."""
        self._miss_cable()
        if self._channel.has_fault(Fault.EMERGENCY):
            self.leave()
            self.stop("EmergencyStop")

    def _stops_on_disconnect(self) -> bool:
        if self._configuration.flag("StopTransactionOnEVSideDisconnect"):
            return True
        offline_stop = vendor.stops_offline_on_disconnect(self._configuration, self._channel.connector)
        return offline_stop and not self._agent.online

    def stop(self, reason: str, id_tag: str | None = None) -> None:
        """End the running transaction, if there is one; `id_tag` is the card that did it."""
        if self.transaction is None:
            return
        if self._inquiry is not None:  # whoever asked to stop it need not any more
            self._inquiry.drop()
            self._inquiry = None
        transaction = self._transactions.close(self._channel, reason, id_tag)
        self._tell(self.on_end, transaction)
        unlock = self._unlocks_after(reason) or not self._channel.has_lock
        self._cable_of = None if unlock else (transaction.id_tag, transaction.parent_id_tag)
        self._channel.stop(unlock=unlock)

    def _unlocks_after(self, reason: str) -> bool:
        if reason == "DeAuthorized":
            return False  # errata 3.5: until the same identifier comes
        if reason == "EVDisconnected":
            return self._configuration.flag("UnlockConnectorOnEVSideDisconnect")
        return True

    def unlock(self) -> None:
        """UnlockConnector: a running transaction ends first (5.18)."""
        self.stop("UnlockCommand")
        self._release_cable()

    # --- life ---

    def wake(self, resume: bool, lost_t_s: float | None = None, was_dark: bool = False) -> None:
        """The firmware starts: a transaction that the memory held goes on, or ended at `lost_t_s`.

        `was_dark`: the mains were away, and its cable may have been pulled meanwhile.
        """
        self._closed = False
        finishes = self._agent.behaviour.policy("after_power_loss") == "finishing"
        finishing = finishes and self._agent.memory.recall(self._finishing, False)
        transaction = self.transaction
        self._status = self._channel.status
        if transaction is not None and not resume:
            at_s = lost_t_s if finishes else None
            self._tell(self.on_end, self._transactions.close(self._channel, "PowerLoss", t_s=at_s))
            finishing = finishes
        elif transaction is not None:
            self._transactions.resume(transaction)
        self._channel.look(transaction is not None and resume, finishing)
        if transaction is not None and resume and not transaction.accepted:
            self._channel.withhold()
        if resume and was_dark and self._channel.outlet.pilot == "A":
            self._unplugged()

    def close(self, reason: str) -> None:
        """The firmware is about to restart: what runs ends, and nothing new begins."""
        self._closed = True
        self.leave()
        self.stop(reason)

    def die(self) -> None:
        """The firmware stops; a running transaction stays in the memory."""
        if self._agent.memory.recall(self._finishing, False) != self._channel.facts.finishing:
            self._agent.memory.keep(self._finishing, self._channel.facts.finishing)
        self._timeout.clear()
        if self._inquiry is not None:
            self._inquiry.drop()
        self._waiting = self._profile = self._inquiry = self._cable_of = None

    def _tell(self, listeners: list[Callable[[Transaction], None]], transaction: Transaction) -> None:
        for listener in listeners:
            listener(transaction)


def _related(info: Payload, parent: str | None) -> bool:
    """An accepted identifier of the same group (3.10)."""
    other = info.get("parentIdTag")
    return info["status"] == "Accepted" and bool(parent and other) and same(str(other), str(parent))
