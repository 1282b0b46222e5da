"""A charge point that lets more flow than its profile allows is found by a meter alone.

It is the stock `ocpp` package's ChargePoint, which tells nothing of offers; the load behind it is scripted.
"""

import asyncio
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import websockets
from local_csms import until
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from stood_in import free_ports

from evc5 import Run
from evc5.rigs.checks.charging import profile_limits
from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.serving import MeterEmulator
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.listener import Address
from evc5.rigs.served.serve import Order, serve

VOLTS, FREE_A, LIMIT_A = 230.0, 16.0, 10.0
LIMITED_AT_S = 1.0
SHORTER_S = 3.0  # a reaction time to keep the test short, and more than a busy machine holds a process up


class Charger(ChargePoint):
    """Accepts a limit, and does about it what its script says."""

    def __init__(self, socket: Any, follows_after_s: float | None) -> None:
        super().__init__("CP1", socket)
        self._follows_after_s = follows_after_s
        self._limited: float | None = None
        self.charging = False

    def amps(self) -> float:
        if not self.charging:
            return 0.0
        follows = self._limited is not None and self._follows_after_s is not None
        late = follows and time.monotonic() - self._limited >= self._follows_after_s  # type: ignore[operator]
        return LIMIT_A if late else FREE_A

    @on("SetChargingProfile")
    def limited(self, **_: Any) -> Any:
        self._limited = time.monotonic()
        return call_result.SetChargingProfile(status="Accepted")

    async def live(self) -> None:
        boot = await self.call(call.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        for connector in (0, 1):
            await self.status(connector, "Available")
        await self.status(1, "Preparing")
        await self.call(call.Authorize(id_tag="ANNA"))
        began = {"connector_id": 1, "id_tag": "ANNA", "meter_start": 0, "timestamp": boot.current_time}
        await self.call(call.StartTransaction(**began))
        self.charging = True
        await self.status(1, "Charging")

    async def status(self, connector: int, told: str) -> None:
        await self.call(call.StatusNotification(connector_id=connector, error_code="NoError", status=told))


class Client:
    """The stock charge point in a thread of its own."""

    def __init__(self, follows_after_s: float | None) -> None:
        self._follows_after_s = follows_after_s
        self._over = threading.Event()
        self.charger: Charger | None = None

    def values(self) -> dict[str, float | None]:
        """What flows, as the meter at the outlet shows it."""
        amps = self.charger.amps() if self.charger is not None else 0.0
        told: dict[str, float | None] = {f"i{n}_a": amps for n in (1, 2, 3)}
        told |= {f"u{n}_v": VOLTS for n in (1, 2, 3)}
        return told | {"total_w": 3 * VOLTS * amps, "hz": 50.0}

    async def _dial(self, url: str) -> None:
        async with websockets.connect(url, subprotocols=["ocpp1.6"]) as socket:  # type: ignore[list-item]
            self.charger = Charger(socket, self._follows_after_s)
            listening = asyncio.create_task(self.charger.start())
            await self.charger.live()
            while not self._over.is_set() and not listening.done():
                await asyncio.sleep(0.05)
            listening.cancel()

    @contextmanager
    def dialling(self, url: str) -> Iterator[None]:
        def run() -> None:
            with suppress(Exception):  # it is hung up on at the end
                asyncio.run(self._dial(url))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(20.0)


def rig(meter_port: int, seconds: float) -> RigFile:
    meter = {
        "driver": "modbus-meter", "url": f"tcp://127.0.0.1:{meter_port}", "map": "SDM630", "period_s": 0.2,
        "accuracy": {"current_pct": 0.5, "current_a": 0.01},
    }  # fmt: skip
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": LIMIT_A}]}
    profile = {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative", "chargingSchedule": schedule,
    }  # fmt: skip
    limit = {
        "at": LIMITED_AT_S, "action": "SetChargingProfile",
        "payload": {"connectorId": 1, "csChargingProfiles": profile},
    }  # fmt: skip
    return RigFile.parse({
        "name": "overdraw", "start": "2024-03-01T10:00:00Z", "days": seconds / 86_400,
        "station": {"backend": "hardware", "identity": "CP1", "connectors": 1, "behaviour": "ocpp16"},
        "hardware": {"connector": {"1": {"meter": meter}}},
        "csms": {"asks_keys": False, "actions": [limit]},
        "recording": {"report": False},
    })  # fmt: skip


def judged(folder: Path, follows_after_s: float | None, seconds: float) -> Run:
    client = Client(follows_after_s)
    (port,) = free_ports(1)
    meter = MeterEmulator("tcp://127.0.0.1:0", maps.find("SDM630", folder), {1: client.values})
    order = Order(Address(port=port), rig(meter.port, seconds), out=folder / "run")
    outcomes: list[Any] = []
    said: list[str] = []
    serving = threading.Thread(target=lambda: outcomes.append(serve(order, said.append)))
    serving.start()
    until(lambda: bool(said))
    with client.dialling(f"ws://127.0.0.1:{port}/CP1"):
        serving.join(60.0)
    meter.close()
    assert outcomes[0].bench_fault is None
    run: Run = outcomes[0].runs[0]
    return run


def overdrawn(run: Run) -> list[dict[str, Any]]:
    return [
        row for row in run.findings if row["requirement"] == "charging.current" and row["severity"] == "error"
    ]


@pytest.fixture(autouse=True)
def no_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits at the terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO())


def found_after(folder: Path, reaction_s: float) -> None:
    run = judged(folder, None, LIMITED_AT_S + reaction_s + 6.0)
    (found,) = overdrawn(run)
    set_s = next(frame.t for frame in run.frames("SetChargingProfile"))
    assert set_s + reaction_s <= found["t"] <= set_s + reaction_s + 6.0
    assert run.telemetry["offered1_a"].isna().all()  # nobody has told or read what was offered


@pytest.mark.slow
def test_a_current_that_stays_above_its_profile_is_found_within_the_reaction_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_limits, "CARS_FOLLOW_S", SHORTER_S)
    found_after(tmp_path, SHORTER_S)


@pytest.mark.soak
def test_it_is_found_within_the_reaction_time_that_users_have(tmp_path: Path) -> None:
    found_after(tmp_path, profile_limits.CARS_FOLLOW_S)


@pytest.mark.slow
def test_a_current_that_follows_within_the_reaction_time_is_well(tmp_path: Path) -> None:
    run = judged(tmp_path, 0.5, 5.0)
    assert overdrawn(run) == []
    (row,) = [row for row in run.summary["requirements"] if row["id"] == "charging.current"]
    assert row["verdict"] == "PASS" and row["count"] > 3
