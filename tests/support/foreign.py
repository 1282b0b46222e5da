"""Logs of other makers' stations, written by hand: one session on one connector, a value a minute or so.

Nothing of the twin is in it. A log is a text of one line a frame, as people paste it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evc5.rigs.checks import judge
from evc5.rigs.checks.verdict.verdict import Verdict

START = datetime(2024, 3, 1, 10, 0, 0, tzinfo=UTC)
REPLY_S = 0.1
BEGIN_S = 63.0  # when the transaction starts
ID = 7


def at(t: float) -> str:
    stamp = START + timedelta(seconds=t)
    text = stamp.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{stamp.microsecond // 1000:03d}Z" if stamp.microsecond else "Z")


def sample(
    measurand: str | None, value: float | str, unit: str | None = None, phase: str | None = None
) -> Any:
    """One sampledValue; numbers are written as they are given."""
    told = {"value": str(value), "measurand": measurand, "unit": unit, "phase": phase}
    return {name: text for name, text in told.items() if text is not None}


def register(wh: float | str, unit: str | None = "Wh") -> Any:
    return sample("Energy.Active.Import.Register", wh, unit)


def power(watts: float | str, phase: str | None = None, unit: str = "W") -> Any:
    return sample("Power.Active.Import", watts, unit, phase)


def currents(*amps: float | str, measurand: str = "Current.Import") -> list[Any]:
    """By phase, L1 first."""
    return [sample(measurand, each, "A", f"L{n}") for n, each in enumerate(amps, 1)]


def voltages(*volts: float | str) -> list[Any]:
    return [sample("Voltage", each, "V", f"L{n}-N") for n, each in enumerate(volts, 1)]


def profile(*periods: Mapping[str, Any], unit: str = "A", **fields: Any) -> dict[str, Any]:
    """A TxDefaultProfile that holds from the log's first second on; `fields` outdo its own."""
    schedule = {"startSchedule": at(0), "chargingRateUnit": unit, "chargingSchedulePeriod": list(periods)}
    wire = {
        "chargingProfileId": 10,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule | fields.pop("schedule", {}),
    }
    return wire | fields


def period(limit: float, start: int = 0, phases: int | None = None) -> dict[str, Any]:
    return {"startPeriod": start, "limit": limit} | ({} if phases is None else {"numberPhases": phases})


class Log:
    """Lines in the making; every CALL is answered at once."""

    def __init__(self, boot: bool = True, connectors: int = 1, named: Callable[[int], str] = str) -> None:
        self._named = named  # a message's id by its number
        self._lines: list[tuple[float, int, str]] = []
        self._count = 0
        if boot:
            told = {"chargePointVendor": "V", "chargePointModel": "M"}
            self.up(
                0, "BootNotification", told, {"status": "Accepted", "currentTime": at(0), "interval": 300}
            )
            for connector in range(connectors + 1):
                self.status(1 + connector, "Available", connector)

    # -- frames ----------------------------------------------------------------------------------

    def line(self, t: float, word: str, frame: Any) -> None:
        clock = (START + timedelta(seconds=t)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._lines.append(
            (t, len(self._lines), f"[{clock}Z] {word} {json.dumps(frame, separators=(',', ':'))}")
        )

    def up(self, t: float, action: str, payload: Any, reply: Any = None) -> None:
        """A CALL of the station and the CSMS's reply."""
        self._count += 1
        self.line(t, "send", [2, self._named(self._count), action, payload])
        self.line(t + REPLY_S, "receive", [3, self._named(self._count), reply or {}])

    def down(self, t: float, action: str, payload: Any, reply: Any = None) -> None:
        """A CALL of the CSMS and the station's reply."""
        self._count += 1
        self.line(t, "receive", [2, f"c{self._count}", action, payload])
        self.line(
            t + REPLY_S, "send", [3, f"c{self._count}", {"status": "Accepted"} if reply is None else reply]
        )

    # -- what a session is made of ---------------------------------------------------------------

    def status(self, t: float, status: str, connector: int = 1, **more: Any) -> None:
        self.up(
            t,
            "StatusNotification",
            {"connectorId": connector, "status": status, "errorCode": "NoError"} | more,
        )

    def configure(self, t: float, **keys: str) -> None:
        for n, (key, value) in enumerate(keys.items()):
            self.down(t + n, "ChangeConfiguration", {"key": key, "value": value})

    def set_profile(self, t: float, wire: Mapping[str, Any], connector: int = 1) -> None:
        self.down(t, "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": wire})

    def begin(
        self,
        t: float = BEGIN_S,
        meter: int = 1000,
        connector: int = 1,
        id: int = ID,
        stamp: str | None = None,
    ) -> None:
        """Plugged in, authorised, started, charging."""
        self.status(t - 3, "Preparing", connector)
        self.up(t - 1, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})
        told = {"connectorId": connector, "idTag": "TAG1", "meterStart": meter, "timestamp": stamp or at(t)}
        self.up(t, "StartTransaction", told, {"transactionId": id, "idTagInfo": {"status": "Accepted"}})
        self.status(t + 1, "Charging", connector)

    def values(
        self,
        t: float,
        *samples: Any,
        connector: int = 1,
        id: int | None = ID,
        stamp: str | None = None,
        context: str | None = "Sample.Periodic",
    ) -> None:
        """One MeterValues; a list among the samples counts as its members."""
        flat = [one for each in samples for one in (each if isinstance(each, list) else [each])]
        told = [({"context": context} if context else {}) | one for one in flat]
        payload = {
            "connectorId": connector,
            "meterValue": [{"timestamp": stamp or at(t), "sampledValue": told}],
        }
        self.up(t, "MeterValues", payload | ({} if id is None else {"transactionId": id}))

    def end(self, t: float, meter: int, connector: int = 1, id: int = ID, stamp: str | None = None) -> None:
        told = {"transactionId": id, "meterStop": meter, "timestamp": stamp or at(t), "idTag": "TAG1"}
        self.up(t, "StopTransaction", told)
        self.status(t + 1, "Finishing", connector)
        self.status(t + 20, "Available", connector)

    # -- what becomes of it ----------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """As `messages.jsonl` has them."""
        told = []
        for t, _, line in sorted(self._lines):
            stamp, word, frame = line.split(" ", 2)
            way = "up" if word == "send" else "down"
            told.append({"t": t, "at": stamp[1:-1], "dir": way, "frame": json.loads(frame)})
        return told

    def text(self) -> str:
        return "".join(line + "\n" for _, _, line in sorted(self._lines))

    def verdict(self, directory: Path, **choices: Any) -> Verdict:
        path = directory / "station.log"
        path.write_text(self.text(), encoding="utf-8")
        return judge(path, **({"behaviour": "ocpp16"} | choices))


def minutes(count: int, begin: float = BEGIN_S) -> Iterable[float]:
    """When the samples of a transaction are taken, one a minute."""
    return (begin + 60.0 * n for n in range(1, count + 1))


def found(verdict: Verdict, severity: str = "error") -> set[str]:
    """The requirements with a finding of this severity."""
    return {finding["requirement"] for finding in verdict.findings if finding["severity"] == severity}


def status_of(verdict: Verdict, requirement: str) -> str:
    return next(str(row["verdict"]) for row in verdict.requirements if row["id"] == requirement)
