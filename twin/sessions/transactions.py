"""How a transaction begins and ends: what memory keeps of it and what the CSMS hears (OCPP 1.6 4.8, 4.10)."""

from evc5.twin.connector.channel import Channel
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.memory import Message, Transaction
from evc5.twin.sessions.samples import Samples


class Transactions:
    """Opens and closes transactions; when that happens the sessions decide."""

    def __init__(self, agent: Agent, samples: Samples) -> None:
        self._agent = agent
        self._samples = samples
        self._memory = agent.memory

    def running(self, connector: int) -> Transaction | None:
        return self._memory.transactions.get(connector)

    def open(
        self, channel: Channel, id_tag: str, parent: str | None = None, profile: Payload | None = None
    ) -> Transaction:
        """Begin one now; its StartTransaction is on its way or queued when this returns."""
        t_s = self._agent.timeline.now
        clock = self._agent.clock
        transaction = Transaction(
            channel.connector,
            id_tag,
            began_t_s=t_s,
            began_epoch_s=clock.epoch(t_s),
            meter_start_wh=channel.register_wh(),
            parent_id_tag=parent,
            charging_profile=profile,
        )
        transaction.begin = self._samples.begin(channel)
        payload = {
            "connectorId": channel.connector,
            "idTag": id_tag,
            "meterStart": transaction.meter_start_wh,
            "timestamp": clock.iso(t_s),
        }
        self._memory.open(transaction, Message("StartTransaction", payload, transaction))
        self._samples.start(transaction)
        self._agent.flush()
        return transaction

    def close(
        self, channel: Channel, reason: str, id_tag: str | None = None, t_s: float | None = None
    ) -> Transaction:
        """End the one that runs at this channel, for one of OCPP's reasons; `id_tag`: whose card did it.

        `t_s`: when it ended, where that is not now.
        """
        transaction = self._memory.transactions[channel.connector]
        clock = self._agent.clock
        ended_epoch_s = clock.epoch(self._agent.timeline.now if t_s is None else t_s)
        payload: Payload = {
            "meterStop": channel.register_wh(),
            "timestamp": clock.iso_epoch(ended_epoch_s),
            "reason": reason,
        }
        if id_tag is not None:
            payload["idTag"] = id_tag
        data = [*transaction.begin, *transaction.data, *self._samples.end(channel, ended_epoch_s)]
        if data:
            payload["transactionData"] = data
        self._samples.stop(transaction.connector)
        self._memory.close(transaction, Message("StopTransaction", payload, transaction))
        self._agent.flush()
        return transaction

    def resume(self, transaction: Transaction) -> None:
        """Go on with one that the memory held through a restart: its samples count from its start."""
        self._samples.start(transaction)
