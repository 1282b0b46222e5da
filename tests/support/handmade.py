"""Recordings written by hand: a small healthy station, without a line of the twin.

Two connectors, cars that draw 16 A on three phases at 230 V, samples each minute and clock data each quarter.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2024, 3, 1, 10, 0, 0, tzinfo=UTC)
LATENCY_S = 0.05
AMPS, VOLTS = 16.0, 230.0
POWER_W = 3 * AMPS * VOLTS
KEYS = {
    "NumberOfConnectors": "2",
    "MeterValueSampleInterval": "60",
    "ClockAlignedDataInterval": "900",
    "MeterValuesSampledData": "Current.Import,Voltage,Power.Active.Import,Power.Factor,"
    "Energy.Active.Import.Register,Current.Offered,SoC,Frequency,Temperature",
    "MeterValuesAlignedData": "Current.Import,Voltage,Power.Active.Import,Power.Factor,"
    "Energy.Active.Import.Register,Current.Offered,SoC,Frequency,Temperature",
    "StopTxnSampledData": "Energy.Active.Import.Register",
    "StopTxnAlignedData": "",
    "HeartbeatInterval": "3600",
}
PHASED = (
    ("Current.Import", "A"),
    ("Voltage", "V"),
    ("Power.Active.Import", "W"),
    ("Power.Factor", None),
    ("Energy.Active.Import.Register", "Wh"),
    ("Current.Offered", "A"),
)


def at(t: float) -> str:
    stamp = START + timedelta(seconds=t)
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03d}Z"


@dataclass
class Charge:
    """One car: at the connector from `plug` to `unplug`, in a transaction from start to stop."""

    connector: int
    plug: float
    start: float
    stop: float
    unplug: float
    amps: float = AMPS
    id: int = 0


@dataclass
class Handmade:
    """Frames, events and telemetry rows in the making."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    free_at: dict[str, float] = field(default_factory=lambda: {"up": 0.0, "down": 0.0})
    count: int = 0
    end: float = 0.0
    summary: dict[str, Any] = field(default_factory=dict)  # what its summary tells besides

    def frame(self, t: float, direction: str, frame: Any, **more: Any) -> dict[str, Any]:
        line = {"t": round(t, 6), "at": at(t), "station": "EVC5", "dir": direction, **more, "frame": frame}
        self.lines.append(line)
        return line

    def call(self, t: float, action: str, payload: Any, reply: Any = None, direction: str = "up") -> float:
        """A CALL as soon as its sender is free, and its reply; returns when it went."""
        sent = max(t, self.free_at[direction])
        self.count += 1
        id = f"{'' if direction == 'up' else 'c'}{self.count}"
        self.frame(sent, direction, [2, id, action, payload])
        back = "down" if direction == "up" else "up"
        answer = [3, id, {} if reply is None else reply] if not isinstance(reply, list) else [4, id, *reply]
        self.frame(sent + LATENCY_S, back, answer)
        self.free_at[direction] = sent + LATENCY_S
        return sent

    def interject(
        self, t: float, action: str, payload: Any, reply: Any = None, direction: str = "up"
    ) -> None:
        """A CALL and its reply put among those already written, at exactly t."""
        self.free_at[direction] = 0.0
        self.call(t, action, payload, reply, direction)

    def event(self, t: float, connector: int | None, event: str, **detail: Any) -> None:
        self.events.append({"t": t, "at": at(t), "connector": connector, "event": event, "detail": detail})

    def write(self, directory: Path, **summary: Any) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        self.lines.sort(key=lambda line: line["t"])
        self.events.sort(key=lambda event: float(event.get("t", 0.0)))
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in self.lines)
        (directory / "messages.jsonl").write_text(text)
        (directory / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in self.events))
        head = {"state": "complete", "start": at(0), "simulated_s": self.end, "behaviour": "evc5-v32r30"}
        (directory / "summary.json").write_text(json.dumps(head | self.summary | summary))
        if self.rows:
            self._telemetry(directory / "telemetry.parquet")
        return directory

    def _telemetry(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.rows.sort(key=lambda row: (row["t"], row["connector"]))
        days = np.array([(START.hour * 3600 + row["t"]) // 86400 for row in self.rows])
        for part, day in enumerate(np.unique(days)):
            rows = [row for row, of in zip(self.rows, days, strict=True) if of == day]
            pq.write_table(pa.Table.from_pylist(rows), directory / f"part-{part:05}.parquet")

    # -- finding and changing what was written --------------------------------------------------

    def calls(self, action: str) -> list[dict[str, Any]]:
        """The lines that carry a CALL of this action, in order."""
        self.lines.sort(key=lambda line: line["t"])
        return [
            x
            for x in self.lines
            if isinstance(x["frame"], list) and x["frame"][0] == 2 and x["frame"][2] == action
        ]

    def reply_to(self, line: dict[str, Any]) -> dict[str, Any]:
        id = line["frame"][1]
        return next(x for x in self.lines if x["frame"][0] in (3, 4) and x["frame"][1] == id)

    def drop(self, *lines: dict[str, Any]) -> None:
        """These CALLs and their replies were never made."""
        ids = {line["frame"][1] for line in lines}
        self.lines = [line for line in self.lines if line["frame"][1] not in ids]

    def meter_values(self, context: str, connector: int | None = None) -> list[dict[str, Any]]:
        return [
            line
            for line in self.calls("MeterValues")
            if line["frame"][3]["meterValue"][0]["sampledValue"][0]["context"] == context
            and connector in (None, line["frame"][3]["connectorId"])
        ]


def energy_wh(charges: Iterable[Charge], connector: int, t: float) -> float:
    flowed = (
        3 * c.amps * VOLTS * max(0.0, min(t, c.stop) - c.start) / 3600
        for c in charges
        if c.connector == connector
    )
    return sum(flowed)


def sampled(context: str, amps: float, register_wh: float) -> list[dict[str, Any]]:
    """22 values, in the order and the spelling of the sheet."""
    numbers = {
        "Current.Import": amps,
        "Voltage": VOLTS,
        "Power.Active.Import": amps * VOLTS,
        "Power.Factor": 1.0,
        "Energy.Active.Import.Register": round(register_wh / 3),
        "Current.Offered": AMPS if amps else 0.0,
    }
    values = []
    for measurand, unit in PHASED:
        for phase in ("L1", "L2", "L3"):
            value = {
                "value": f"{numbers[measurand]:.1f}",
                "context": context,
                "measurand": measurand,
                "phase": phase,
            }
            values.append(value | ({"unit": unit} if unit else {}))
    totals = (("Energy.Active.Import.Register", "Wh", f"{register_wh:.0f}"), ("SoC", "Percent", "50"))
    totals += (("Frequency", None, "50.0"), ("Temperature", "Celsius", "31.5"))
    for measurand, unit, text in totals:
        value = {"value": text, "context": context, "measurand": measurand}
        values.append(value | ({"unit": unit} if unit else {}))
    return values


DAY = (
    Charge(1, 600, 630, 7230, 7500),
    Charge(2, 1800, 1815, 9000, 9060),
    Charge(1, 12000, 12030, 15030, 16000),
)
BASE_WH = {1: 120_000, 2: 5_000}


def healthy(
    charges: Iterable[Charge] = DAY,
    end: float = 6 * 3600.0,
    keys: dict[str, str] | None = None,
    telemetry: bool = True,
) -> Handmade:
    """A run without a fault, `end` seconds long."""
    charges = tuple(charges)
    made = Handmade(end=end)
    _boot(made, KEYS | (keys or {}))
    for charge in charges:
        charge.id = 0
    agenda: list[tuple[float, int, Callable[[float], None]]] = []

    def on(t: float, rank: int, do: Callable[[float], None]) -> None:
        if t < end:
            agenda.append((t, rank, do))

    for number, charge in enumerate(sorted(charges, key=lambda c: c.start), 1):
        charge.id = number
        _session(made, charges, charge, on)
    quarter = 900 - (START.minute * 60 + START.second) % 900
    for boundary in range(quarter, int(end) + 1, 900):
        for connector in (1, 2):
            on(boundary, 2, lambda t, c=connector: _meter(made, charges, c, t, "Sample.Clock"))
    for beat in range(3600, int(end) + 1, 3600):
        on(beat, 3, lambda t: made.call(t, "Heartbeat", {}, {"currentTime": at(t)}) and None)
    for t, _, do in sorted(agenda, key=lambda entry: entry[:2]):
        do(t)
    if telemetry:
        _truth(made, charges, end)
    return made


def _boot(made: Handmade, keys: dict[str, str]) -> None:
    boot = {"chargePointVendor": "Ecotap", "chargePointModel": "EVC5", "firmwareVersion": "V32R30"}
    accepted = {"status": "Accepted", "currentTime": at(0.05), "interval": int(keys["HeartbeatInterval"])}
    made.call(0.0, "BootNotification", boot, accepted)
    items = [
        {"key": key, "readonly": key == "NumberOfConnectors", "value": value} for key, value in keys.items()
    ]
    made.call(0.05, "GetConfiguration", {}, {"configurationKey": items, "unknownKey": []}, "down")
    for connector in (0, 1, 2):
        _status(made, 0.1, connector, "Available")


def _status(made: Handmade, t: float, connector: int, status: str) -> None:
    payload = {"connectorId": connector, "errorCode": "NoError", "status": status, "timestamp": at(t)}
    made.call(t, "StatusNotification", payload)


def _meter(made: Handmade, charges: tuple[Charge, ...], connector: int, t: float, context: str) -> None:
    running = next((c for c in charges if c.connector == connector and c.start <= t < c.stop), None)
    amps = running.amps if running else 0.0
    register = BASE_WH[connector] + int(energy_wh(charges, connector, t))
    value = {"timestamp": at(t), "sampledValue": sampled(context, amps, register)}
    payload: dict[str, Any] = {"connectorId": connector}
    if running:
        payload["transactionId"] = running.id
    made.call(t, "MeterValues", payload | {"meterValue": [value]})


def _session(made: Handmade, charges: tuple[Charge, ...], charge: Charge, on: Any) -> None:
    connector = charge.connector

    def plug(t: float) -> None:
        made.event(t, connector, "plug-in", vehicle="vw-id3-58", soc=0.3, cable_a=32.0, needed_wh=20_000.0)
        _status(made, t, connector, "Preparing")

    def tag(t: float) -> None:
        made.event(t, connector, "tag", id_tag="TAG1")
        made.call(t, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})

    def start(t: float) -> None:
        register = BASE_WH[connector] + int(energy_wh(charges, connector, t))
        payload = {"connectorId": connector, "idTag": "TAG1", "meterStart": register, "timestamp": at(t)}
        reply = {"idTagInfo": {"status": "Accepted"}, "transactionId": charge.id}
        made.call(t, "StartTransaction", payload, reply)
        _status(made, t, connector, "Charging")

    def stop(t: float) -> None:
        register = BASE_WH[connector] + int(energy_wh(charges, connector, t))
        begin = BASE_WH[connector] + int(energy_wh(charges, connector, charge.start))
        both = ((charge.start, "Transaction.Begin", begin), (t, "Transaction.End", register))
        data = [
            {"timestamp": at(s), "sampledValue": [{"value": str(wh), "context": context}]}
            for s, context, wh in both
        ]
        payload = {"transactionId": charge.id, "idTag": "TAG1", "meterStop": register, "timestamp": at(t)}
        made.event(t, connector, "tag", id_tag="TAG1")
        made.call(t, "StopTransaction", payload | {"transactionData": data})
        _status(made, t, connector, "Finishing")

    def unplug(t: float) -> None:
        made.event(t, connector, "unplug")
        _status(made, t, connector, "Available")

    on(charge.plug, 0, plug)
    on(charge.start - 5, 0, tag)
    on(charge.start, 0, start)
    on(charge.stop, 3, stop)
    on(charge.unplug, 3, unplug)
    t = charge.start + 60
    while t < charge.stop:
        on(t, 1, lambda t: _meter(made, charges, connector, t, "Sample.Periodic"))
        t += 60


def _truth(made: Handmade, charges: tuple[Charge, ...], end: float) -> None:
    instants = {0.0, end} | {t for c in charges for t in (c.plug, c.start, c.stop, c.unplug) if t < end}
    instants |= {float(m) for c in charges for m in range(0, int(end), 60) if c.start <= m <= c.stop}
    instants |= {
        float(d) - START.hour * 3600
        for d in range(86400, int(end) + 86400, 86400)
        if d - START.hour * 3600 < end
    }
    for t in sorted(instants):
        for connector in (1, 2):
            made.rows.append(_row(charges, connector, t))


def _standing(here: Charge | None, t: float) -> str:
    if here is None:
        return "Available"
    return "Preparing" if t < here.start else "Charging" if t < here.stop else "Finishing"


def _row(charges: tuple[Charge, ...], connector: int, t: float) -> dict[str, Any]:
    here = next((c for c in charges if c.connector == connector and c.plug <= t < c.unplug), None)
    flows = here is not None and here.start <= t < here.stop
    amps = here.amps if here and flows else 0.0
    offer_a = AMPS if flows else 0.0
    energy = energy_wh(charges, connector, t)
    return {
        "t": t,
        "connector": connector,
        "pilot": ("C" if flows else "B") if here else "A",
        "duty_pct": AMPS / 0.6 if flows else 100.0,
        "status": _standing(here, t),
        "phases": 3 if flows else 0,
        **{f"demand{n}_a": AMPS if here else None for n in (1, 2, 3)},
        **{f"capability{n}_a": 32.0 for n in (1, 2, 3)},
        **{f"allocated{n}_a": offer_a for n in (1, 2, 3)},
        **{f"offered{n}_a": offer_a for n in (1, 2, 3)},
        **{f"i{n}_a": amps for n in (1, 2, 3)},
        "limited_by": "car" if flows else "none",
        **{f"u{n}_v": VOLTS for n in (1, 2, 3)},
        "p_w": 3 * amps * VOLTS,
        "pf": 1.0 if flows else None,
        "energy_wh": energy,
        "register_wh": float(BASE_WH[connector] + int(energy)),
        "soc": 0.5 if here else None,
        "temp_c": 31.5,
    }
