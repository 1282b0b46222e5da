"""What the device writes into its diagnostics store, as it happens."""

from collections.abc import Mapping
from functools import partial

from evc5.models.faults import UNREADABLE
from evc5.twin.connector.channel import Channel
from evc5.twin.ocpp.agent import Agent
from evc5.twin.services import log_lines
from evc5.twin.services.diagnostics import Diagnostics
from evc5.twin.services.restart import Restart
from evc5.twin.sessions.session import Session


def take_notes(
    diagnostics: Diagnostics,
    agent: Agent,
    restart: Restart,
    channels: Mapping[int, Channel],
    sessions: Mapping[int, Session],
) -> None:
    """From now on note what these parts do."""
    note = diagnostics.note
    agent.on_online.append(lambda: note("online"))
    agent.on_clock_set.append(lambda step_s: note(f"clock set by {step_s:+.3f} s"))
    agent.configuration.on_change.append(lambda key: note(f"{key} changed"))
    agent.outbox.on_retry.append(lambda attempt, wait_s: note(log_lines.of_retry(attempt, wait_s)))
    restart.on_end.append(lambda kind: note(f"{kind} reset"))
    for channel in channels.values():
        channel.on_fault.append(_MeterNotes(diagnostics, agent, channel).look)
        _OutletNotes(diagnostics, channel)
    for connector, session in sessions.items():
        channels[connector].on_status.append(partial(_status, diagnostics, channels[connector]))
        session.on_begin.append(lambda begun: note(f"{begun.connector} transaction begins {begun.id_tag}"))
        session.on_end.append(lambda ended: note(f"{ended.connector} transaction ends {ended.id}"))


class _MeterNotes:
    """Notes when the meter of a channel stops answering, and when it answers again."""

    def __init__(self, diagnostics: Diagnostics, agent: Agent, channel: Channel) -> None:
        self._diagnostics = diagnostics
        self._configuration = agent.configuration
        self._channel = channel
        self._answers = True

    def look(self) -> None:
        answers = not any(self._channel.has_fault(fault) for fault in UNREADABLE)
        if answers != self._answers:
            self._answers = answers
            connector = self._channel.connector
            for line in log_lines.of_answering(self._configuration, connector, answers):
                self._diagnostics.note(line)


class _OutletNotes:
    """Notes each state of mode 3, and the temperature where heat takes current or gives it back."""

    def __init__(self, diagnostics: Diagnostics, channel: Channel) -> None:
        self._diagnostics = diagnostics
        self._channel = channel
        self._heat_a = channel.outlet.heat_a
        channel.outlet.on_pilot.append(lambda _: self._mode3())
        channel.on_fault.append(self._mode3)
        channel.on_change.append(lambda _: self._look())

    def _mode3(self) -> None:
        channel = self._channel
        if channel.awake:
            line = log_lines.of_mode3(channel.connector, channel.outlet.pilot, channel.faults)
            self._diagnostics.note(line)

    def _look(self) -> None:
        channel = self._channel
        if channel.awake and channel.outlet.heat_a != self._heat_a:
            self._heat_a = channel.outlet.heat_a
            temp_c = channel.outlet.reading().temp_c
            self._diagnostics.note(log_lines.of_temperature(channel.connector, temp_c))


def _status(diagnostics: Diagnostics, channel: Channel, status: str) -> None:
    said = " ".join(filter(None, (status, channel.error_code.replace("NoError", ""), channel.info)))
    diagnostics.note(f"{channel.connector} {said}")
