"""A charge point driven at random, and what must hold whatever is done to it."""

import csv
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from cables import pull

from evc5.rigs.bench.bench import Bench, CallError, NoReply
from evc5.rigs.checks.reading.schemas import schema
from evc5.rigs.errors import BadInput

SPEC = Path(__file__).parents[1] / "spec" / "status-transitions.csv"
with SPEC.open(encoding="utf-8") as lines:
    ROWS = {(line["from"], line["to"]): line["row"] for line in csv.DictReader(lines)}
FIRST = ("Available", "Unavailable")  # what a connector is when its firmware starts
REPLY_TIMEOUT_S = 29.999  # 30 s, but for rounding
INTERRUPTS = ("link-down", "power-cut", "reset")  # after these nobody waits for a reply any more
ANSWERED = ("Authorize", "StartTransaction", "StopTransaction", "MeterValues", "StatusNotification")

Payload = dict[str, Any]


class Scenario:
    """A bench under observation: `reached` are the rows of 4.9 that were made inside the device."""

    def __init__(self, **options: Any) -> None:
        self.bench = Bench(**options)
        self.station = self.bench.assembly.station
        self.reached: set[str] = set()
        self.illegal: list[str] = []
        self._last: dict[int, tuple[int, str]] = {}
        self.powered = True
        for channel in self.station.controller.channels:
            self._last[channel.connector] = (self.station.restart.life, channel.status)
            channel.on_status.append(lambda status, n=channel.connector: self._announced(n, status))

    def _announced(self, connector: int, status: str) -> None:
        life, before = self._last[connector]
        self._last[connector] = (self.station.restart.life, status)
        starts = [before] if life == self.station.restart.life else FIRST
        rows = {ROWS[start, status] for start in starts if (start, status) in ROWS}
        if not rows and status not in starts:
            now = self.bench.now.isoformat()
            self.illegal.append(f"connector {connector} went from {before} to {status} at {now}")
        elif life == self.station.restart.life:
            self.reached |= rows

    # --- doing ---

    def call(self, action: str, payload: Payload) -> Payload | None:
        """Ask the station; None where it cannot be asked."""
        try:
            return self.bench.call(action, payload)
        except (CallError, NoReply):
            return None

    def plug_in(self, connector: int, vehicle: str, soc: float) -> None:
        with suppress(BadInput):  # there is a car already
            self.bench.plug_in(connector, vehicle=vehicle, soc=soc)

    def cut(self) -> None:
        if self.powered:
            self.powered = False
            self.bench.power.cut()

    def restore(self) -> None:
        if not self.powered:
            self.powered = True
            self.bench.power.restore()

    def transactions(self) -> list[int]:
        """The ids of those that run and have one."""
        running = self.station.memory.transactions.values()
        return [transaction.id for transaction in running if transaction.id is not None]

    # --- the end ---

    def settle(self) -> None:
        """Give the station what it needs to rest: power, a network, a CSMS that answers, no car, no clock."""
        bench = self.bench
        self.restore()
        bench.link.up()
        for action in ANSWERED:
            bench.csms.reply(action)
        bench.advance(1200)
        for transaction in self.transactions():
            self.call("RemoteStopTransaction", {"transactionId": transaction})
        self.call("ChangeConfiguration", {"key": "ClockAlignedDataInterval", "value": "0"})
        for connector in self.station.sessions:
            pull(bench, connector)
        bench.advance(1200)

    def check(self) -> None:
        """Everything that must hold, after `settle`."""
        self.check_rest()
        log = self.log()
        assert log.invalid == []
        assert log.overlapping == []
        log.check_transactions()
        assert log.taken_in_the_dark() == []
        for channel in self.station.controller.channels:
            assert log.statuses[channel.connector] == channel.status

    def check_rest(self) -> None:
        """Nothing illegal was done, and nothing is left to do."""
        assert self.illegal == []
        assert self.station.agent.online
        assert len(self.station.memory.queue) == 0 and not self.station.memory.transactions

    def log(self) -> "Log":
        return Log(self._lines("messages.jsonl"), self._lines("events.jsonl"))

    def messages(self, process: int) -> list[Payload]:
        """The frames, with ids that no other process has."""
        lines = self._lines("messages.jsonl")
        for line in lines:
            line["frame"][1] = f"{process}/{line['frame'][1]}"
        return lines

    def _lines(self, name: str) -> list[Payload]:
        recorder = self.bench.assembly.recorder
        recorder.flush()
        return [json.loads(line) for line in (recorder.directory / name).open(encoding="utf-8")]


class Log:
    """The frames of a scenario, read without any knowledge of the device."""

    def __init__(self, lines: list[Payload], events: list[Payload]) -> None:
        cut, back = (
            [e["at"] for e in events if e["event"] == f"power-{name}"] for name in ("cut", "restore")
        )
        self._dark = list(zip(cut, back, strict=True))
        self._cuts = [event["t"] for event in events if event["event"] in INTERRUPTS]
        self.invalid: list[str] = []
        self.overlapping: list[str] = []
        self.calls: list[tuple[Payload, Payload | None]] = []  # of the station, each with its reply's line
        self.statuses: dict[int, str] = {}  # by connector, as last told to the CSMS
        self._open: dict[str, int] = {}
        self._asked: dict[str, str] = {}
        for line in lines:
            self._read(line)

    def _read(self, line: Payload) -> None:
        frame, up = line["frame"], line["dir"] == "up"
        if frame[0] == 2:
            self._validate(frame[2], False, frame[3])
            self._asked[frame[1]] = frame[2]
            if up:
                self._sent(line)
        elif frame[0] == 3:
            self._validate(self._asked[frame[1]], True, frame[2])
            if not up and not line.get("lost") and frame[1] in self._open:
                position = self._open.pop(frame[1])
                self.calls[position] = (self.calls[position][0], line)
                call = self.calls[position][0]["frame"]
                if call[2] == "StatusNotification":
                    self.statuses[call[3]["connectorId"]] = call[3]["status"]
        elif not up and not line.get("lost"):
            self._open.pop(frame[1], None)  # a CALLERROR: asked again, or not

    def _sent(self, line: Payload) -> None:
        for id_, position in list(self._open.items()):
            earlier = self.calls[position][0]
            del self._open[id_]
            cut = any(earlier["t"] <= t <= line["t"] for t in self._cuts)
            if line["t"] - earlier["t"] < REPLY_TIMEOUT_S and not cut:
                self.overlapping.append(f"{line['frame'][1]} at {line['t']} over {id_} of {earlier['t']}")
        self._open[line["frame"][1]] = len(self.calls)
        self.calls.append((line, None))

    def _validate(self, action: str, reply: bool, payload: Payload) -> None:
        known = schema(action, reply)
        if known is not None and not known.valid(payload):
            self.invalid.append(f"{action}: {payload}")

    def check_transactions(self) -> None:
        """Each transaction started is stopped once; what is repeated had no reply and is the same."""
        starts, stops = self._delivered("StartTransaction"), self._delivered("StopTransaction")
        ids = [reply["frame"][2]["transactionId"] for _, reply in starts]
        assert len(set(ids)) == len(ids)
        assert sorted(call["transactionId"] for call, _ in stops) == sorted(ids)
        begun_wh = {n: call["meterStart"] for n, (call, _) in zip(ids, starts, strict=True)}
        assert all(call["meterStop"] >= begun_wh[call["transactionId"]] for call, _ in stops)
        order = [(call["frame"][2], call["frame"][3]) for call, _ in self.calls]
        for number in ids:
            mine = [(action, payload) for action, payload in order if payload.get("transactionId") == number]
            actions = [action for action, _ in mine]
            first_stop = actions.index("StopTransaction")
            assert set(actions[first_stop:]) == {"StopTransaction"}
            assert all(payload == mine[first_stop][1] for _, payload in mine[first_stop:])
        self._check_samples(ids)

    def _check_samples(self, transactions: list[int]) -> None:
        """Each sample is of a transaction or of none, and arrives once, in the order of their taking."""
        taken: dict[tuple[int, str], list[str]] = {}
        for payload, _ in self._delivered("MeterValues"):
            assert payload.get("transactionId") in (None, *transactions)
            value = payload["meterValue"][0]
            kind = payload["connectorId"], value["sampledValue"][0]["context"]
            taken.setdefault(kind, []).append(value["timestamp"])
        for stamps in taken.values():
            assert stamps == sorted(set(stamps))

    def taken_in_the_dark(self) -> list[str]:
        """Meter values stamped while there was no power."""
        stamps = [
            value["timestamp"]
            for call, _ in self.calls
            if call["frame"][2] == "MeterValues"
            for value in call["frame"][3]["meterValue"]
        ]
        return [stamp for stamp in stamps if any(cut < stamp < back for cut, back in self._dark)]

    def _asked_for(self, payload: Payload) -> bool:
        """Meter values on a trigger: they overtake the queue, and are not repeated."""
        samples = payload.get("meterValue", [])
        return any(value["context"] == "Trigger" for one in samples for value in one["sampledValue"])

    def _delivered(self, action: str) -> list[tuple[Payload, Payload]]:
        """Payload and reply of each message of this kind; those sent again before a reply came count once."""
        found: list[tuple[Payload, Payload]] = []
        pending: Payload | None = None
        for call, reply in self.calls:
            payload = call["frame"][3]
            if call["frame"][2] != action or self._asked_for(payload):
                continue
            assert pending is None or payload == pending
            pending = payload if reply is None else None
            if reply is not None:
                found.append((payload, reply))
        return found
