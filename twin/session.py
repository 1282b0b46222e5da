"""One connector's sessions: tag and cable in either order, the transaction between them, and its end.

Source: OCPP 1.6 3.10, 4.8, 4.10, 5.11, 5.12; ConnectionTimeOut 9.1.6.
"""

from collections.abc import Callable

from models.timeline import CONTROL, Alarm
from twin import vendor
from twin.agent import QUEUE_LIMIT, Agent
from twin.channel import Channel
from twin.frames import Payload
from twin.memory import Message, Transaction
from twin.rpc import Reply
from twin.samples import Samples
from twin.status import CHARGING, SUSPENDED_EV


class Session:
    """Follows one connector; asks the agent for authorisation, posts StartTransaction and StopTransaction."""

    def __init__(self, agent: Agent, channel: Channel, samples: Samples) -> None:
        self._agent, self._channel, self._samples = agent, channel, samples
        self._timeline, self._memory = agent.timeline, agent.memory
        self.authorised: str | None = None  # an accepted idTag that waits for its cable
        self._parent: str | None = None
        self._profile: Payload | None = None
        self._asking: str | None = None  # the idTag an Authorize is out for
        self._timeout = Alarm(self._timeline, self._timed_out, CONTROL)
        self.on_change: list[Callable[[int, Transaction | None], None]] = []  # a transaction began or ended
        self._status = channel.status
        channel.on_plug.append(self._plugged)
        channel.on_unplug.append(self._unplugged)
        channel.on_status.append(self._status_changed)

    @property
    def transaction(self) -> Transaction | None:
        return self._memory.transactions.get(self._channel.connector)

    # --- tags ---

    def present(self, id_tag: str) -> None:
        """A card at the reader: starts, stops, or takes back what it began."""
        running = self.transaction
        if running is not None:
            if same(id_tag, running.id_tag) or vendor.stops_on_any_card(self._agent.configuration):
                self.stop("Local", id_tag)  # 3.10: the same idTag needs no Authorize
            else:
                self._ask(id_tag, self._stop_by_other)
        elif self.authorised is not None:
            if same(id_tag, self.authorised):
                self._withdraw()
        elif not self._blocked():
            self._ask(id_tag, self._authorised)

    def _blocked(self) -> bool:
        """May nobody begin here for now, by com_Options?"""
        agent = self._agent
        unheard = agent.registration != "Accepted" and vendor.blocks_before_boot(agent.configuration)
        full = len(self._memory.queue) >= QUEUE_LIMIT and vendor.blocks_when_full(agent.configuration)
        return unheard or full

    def _ask(self, id_tag: str, then: Callable[[str, Payload], None]) -> None:
        """Authorize `id_tag`; offline, unknown tags count by AllowOfflineTxForUnknownId."""
        if self._asking is not None:
            return
        if vendor.allows_all_cards(self._agent.configuration):
            then(id_tag, {"status": "Accepted"})
            return
        if not self._agent.online:
            accepted = self._agent.configuration.flag("AllowOfflineTxForUnknownId")
            then(id_tag, {"status": "Accepted" if accepted else "Invalid"})
            return
        self._asking = id_tag

        def answered(reply: Reply) -> None:
            self._asking = None
            then(id_tag, reply.payload["idTagInfo"] if reply.payload else {"status": "Invalid"})

        self._agent.tell("Authorize", {"idTag": id_tag}, answered)

    def _authorised(self, id_tag: str, info: Payload, profile: Payload | None = None) -> None:
        if info["status"] == "Accepted" and self.transaction is None:
            self.accept(id_tag, info.get("parentIdTag"), profile)

    def _stop_by_other(self, id_tag: str, info: Payload) -> None:
        """Another card of the same parent may stop a transaction (3.10)."""
        running, parent = self.transaction, info.get("parentIdTag")
        if not (running and running.parent_id_tag and parent and info["status"] == "Accepted"):
            return
        if same(parent, running.parent_id_tag):
            self.stop("Local", id_tag)

    def accept(self, id_tag: str, parent: str | None = None, profile: Payload | None = None) -> None:
        """An idTag may charge here: at once where the cable is in, else within ConnectionTimeOut."""
        self.authorised, self._parent, self._profile = id_tag, parent, profile
        self._channel.authorise(True)
        if self._channel.plugged:
            self._start()
        else:
            self._await_timeout()

    def remote_start(self, id_tag: str, profile: Payload | None) -> None:
        """RemoteStartTransaction was accepted; who checks the idTag and what becomes of a profile: policy."""
        policy, configuration = self._agent.behaviour.policy, self._agent.configuration
        kept = profile if policy("remote_start_profile") == "applied" else None
        checked = policy("remote_start_id_tag") == "per-key" and configuration.flag(
            "AuthorizeRemoteTxRequests"
        )
        if checked:
            self._ask(id_tag, lambda tag, info: self._authorised(tag, info, kept))
        else:
            self.accept(id_tag, profile=kept)

    def _withdraw(self) -> None:
        self._timeout.clear()
        self.authorised = None
        self._channel.authorise(False)

    # --- cable ---

    def _plugged(self) -> None:
        if self.authorised is not None:
            self._start()
        elif self.transaction is None:
            if self._starts_unasked():
                self.accept(vendor.PLUG_AND_CHARGE_TAG)
            else:
                self._await_timeout()

    def _starts_unasked(self) -> bool:
        channel = self._channel
        free = channel.facts.operative and not channel.facts.faulted and not self._blocked()
        return free and vendor.plug_and_charge(self._agent.configuration, channel.connector)

    def _unplugged(self) -> None:
        self._timeout.clear()
        if self.transaction and self._stops_on_disconnect():
            self.stop("EVDisconnected")

    def _stops_on_disconnect(self) -> bool:
        configuration = self._agent.configuration
        if configuration.flag("StopTransactionOnEVSideDisconnect"):
            return True
        offline_stop = vendor.stops_offline_on_disconnect(configuration, self._channel.connector)
        return offline_stop and not self._agent.online

    def _status_changed(self, status: str) -> None:
        before, self._status = self._status, status
        if (before, status) != (CHARGING, SUSPENDED_EV) or not self._channel.plugged:
            return
        transaction = self.transaction
        if transaction and vendor.stops_when_complete(self._agent.configuration, self._channel.connector):
            self._timeline.soon(lambda: self.stop("Other") if self.transaction is transaction else None)

    def _await_timeout(self) -> None:
        seconds = self._agent.configuration.integer("ConnectionTimeOut")
        if seconds > 0:
            self._timeout.set(self._timeline.now + seconds)

    def _timed_out(self) -> None:
        self.authorised = None
        self._channel.give_up()

    # --- the transaction ---

    def _start(self) -> None:
        self._timeout.clear()
        assert self.authorised is not None
        now, connector = self._timeline.now, self._channel.connector
        reading = self._channel.outlet.reading()
        clock = self._agent.clock
        transaction = Transaction(
            connector,
            self.authorised,
            start_s=now,
            started=clock.epoch(now),
            meter_start_wh=int(reading.register_wh),
            parent_id_tag=self._parent,
            charging_profile=self._profile,
        )
        self.authorised = None
        self._memory.transactions[connector] = transaction
        transaction.begin = self._samples.begin(self._channel)
        payload = {
            "connectorId": connector,
            "idTag": transaction.id_tag,
            "meterStart": transaction.meter_start_wh,
            "timestamp": clock.iso(now),
        }
        self._agent.post(Message("StartTransaction", payload, transaction))
        self._samples.start(transaction)
        self._changed(transaction)
        self._channel.start()

    def confirmed(self, transaction: Transaction, info: Payload) -> None:
        """The CSMS knows the transaction now, and says what it thinks of the idTag (errata 3.17)."""
        transaction.parent_id_tag = info.get("parentIdTag", transaction.parent_id_tag)
        if info["status"] == "Accepted" or self.transaction is not transaction:
            return
        transaction.accepted = False
        if self._agent.configuration.flag("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized")
        else:
            self._channel.withhold()

    def stop(self, reason: str, id_tag: str | None = None) -> None:
        """End the running transaction for one of OCPP's reasons; `id_tag` is the card that did it."""
        transaction = self.transaction
        if transaction is None:
            return
        now = self._timeline.now
        payload: Payload = {
            "meterStop": int(self._channel.outlet.reading().register_wh),
            "timestamp": self._agent.clock.iso(now),
            "reason": reason,
        }
        if id_tag is not None:
            payload["idTag"] = id_tag
        data = transaction.begin + self._samples.end(self._channel)
        if data:
            payload["transactionData"] = data
        self._samples.stop(transaction.connector)
        del self._memory.transactions[transaction.connector]
        self._agent.post(Message("StopTransaction", payload, transaction))
        self._changed(None)
        self._channel.stop()

    def die(self) -> None:
        """The firmware stops; a running transaction stays in the memory."""
        self._timeout.clear()
        self.authorised = self._asking = None
        self._samples.stop(self._channel.connector)

    def _changed(self, transaction: Transaction | None) -> None:
        for listener in self.on_change:
            listener(self._channel.connector, transaction)


def same(one: str, other: str) -> bool:
    """idTags are compared without regard to case (OCPP 1.6 6.34, CiString)."""
    return one.casefold() == other.casefold()
