"""The sound story that is tampered with: five charges, and nearly all that a back office asks for.

It is played in memory in virtual time, or by a twin that dials into `evc5 csms` at the pace of the clock.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

from evc5 import Bench
from evc5.rigs.served.charger import Charger

MEASURANDS = (
    "Current.Import,Current.Offered,Voltage,Power.Active.Import,Energy.Active.Import.Register,SoC,Temperature"
)
LISTED, BLOCKED, CARD, APP = "LISTED", "BLOCKED", "TAG1", "APP"
ALLOWED, REFUSED = {"status": "Accepted"}, {"status": "Blocked"}
LIST = [{"idTag": LISTED, "idTagInfo": ALLOWED}]
HEARTBEAT = "HeartbeatInterval"
DURATION_S = 3600
Call = Callable[[str, dict[str, Any]], Any]


def keys(minute_s: float) -> dict[str, Any]:
    """Of the station: a sample a minute, clock-aligned data every fifteen."""
    return {
        "MeterValueSampleInterval": round(minute_s),
        "ClockAlignedDataInterval": round(15 * minute_s),
        "MeterValuesSampledData": MEASURANDS,
        "MeterValuesAlignedData": "Energy.Active.Import.Register,Current.Import",
        "StopTxnSampledData": "Energy.Active.Import.Register",
        "LocalAuthListEnabled": True,
        "AuthorizationCacheEnabled": False,
    }


def profile(id: int, purpose: str, unit: str, limit: float, **more: Any) -> dict[str, Any]:
    """A limit that holds from the start of charging, then 3 A more or as many watts."""
    periods = [{"startPeriod": 0, "limit": limit}, {"startPeriod": 7200, "limit": limit + 3.0}]
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    named = {"chargingProfileId": id, "stackLevel": 0, "chargingProfilePurpose": purpose}
    return {**named, "chargingProfileKind": "Relative", "chargingSchedule": schedule, **more}


def in_memory(into: Path) -> Path:
    """The run directory of the story under a bench, with telemetry."""
    with Bench(connectors=2, behaviour="ocpp16", start="2024-03-01T10:00:00Z", keys=keys(60.0)) as bench:
        bench.csms.reply("Authorize", _answer, times=None)
        _play(bench, bench.call, bench.link, 60.0)
        bench.run_so_far().save(into)
    return into


def served(into: Path, port: int, minute_s: float) -> Path:
    """The recording of `evc5 csms` of a twin that dials in; takes 80 of such minutes of real time."""
    how: dict[str, Any] = {"behaviour": "ocpp16", "keys": keys(minute_s), "connectors": 2}
    listens = Event()
    with ThreadPoolExecutor(1) as pool:
        tell = lambda _: listens.set()  # noqa: E731  its first words: where to dial
        coming = pool.submit(Charger, None, into, port=port, identity="CP1", tell=tell)
        listens.wait(10.0)
        with Bench(csms=f"ws://127.0.0.1:{port}", identity="CP1", pace=1.0, start="now", **how) as bench:
            charger = coming.result(10.0)
            charger.csms.reply("Authorize", _answer, times=None)
            _play(bench, charger.call, charger.link, minute_s)
        charger.close()
    return into


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    return {"idTagInfo": REFUSED if request["idTag"] == BLOCKED else ALLOWED}


def _play(station: Bench, call: Call, link: Any, minute_s: float) -> None:
    def wait(minutes: float) -> None:
        station.advance(minutes * minute_s)

    wait(1)
    _settle(call, 3 * minute_s)
    wait(1)
    _by_card(station, call, wait)
    _from_afar(station, call, wait)
    _orders(call, wait)
    call("ChangeConfiguration", {"key": HEARTBEAT, "value": f"{3 * minute_s:.0f}"})
    _without_a_link(station, link, wait)
    _listed(station, wait)
    _faulted(station, wait)
    wait(10)


def _settle(call: Call, heartbeat_s: float) -> None:
    """Keys, a list and a limit for whoever charges."""
    call("SendLocalList", {"listVersion": 3, "updateType": "Full", "localAuthorizationList": LIST})
    call("GetLocalListVersion", {})
    call("ChangeConfiguration", {"key": HEARTBEAT, "value": f"{heartbeat_s:.0f}"})
    call("GetConfiguration", {"key": [HEARTBEAT]})
    call("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "7"})
    default = profile(1, "TxDefaultProfile", "A", 10.0)
    call("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": default})


def _by_card(station: Bench, call: Call, wait: Callable[[float], None]) -> None:
    """A card that is refused, then one that charges until it is stopped from afar."""
    station.plug_in(1, vehicle="renault-zoe-ze50", soc=0.2)
    wait(0.1)
    station.present_tag(1, BLOCKED)
    wait(0.5)
    station.present_tag(1, CARD)
    wait(10)
    call("GetCompositeSchedule", {"connectorId": 1, "duration": DURATION_S})
    wait(5)
    call("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1})
    wait(5)
    call("RemoteStopTransaction", {"transactionId": 1})
    wait(1)
    station.unplug(1)
    wait(1)


def _from_afar(station: Bench, call: Call, wait: Callable[[float], None]) -> None:
    """A charge that an app starts, under a limit of its own in watts, and that an unlocking ends."""
    call("ClearChargingProfile", {"id": 1})
    wait(1)
    station.plug_in(2, vehicle="vw-id3-58", soc=0.3)
    wait(0.1)
    call("RemoteStartTransaction", {"connectorId": 2, "idTag": APP})
    wait(8)
    watts = profile(2, "TxProfile", "W", 6900.0, transactionId=2)
    call("SetChargingProfile", {"connectorId": 2, "csChargingProfiles": watts})
    wait(12)
    call("UnlockConnector", {"connectorId": 2})
    wait(1)
    station.unplug(2)
    wait(2)


def _orders(call: Call, wait: Callable[[float], None]) -> None:
    """Out of service and back, messages asked for, a reset."""
    call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    wait(1)
    call("ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    wait(1)
    call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    wait(1.5)
    call("ClearCache", {})
    call("DataTransfer", {"vendorId": "nobody", "messageId": "m", "data": "d"})
    call("Reset", {"type": "Soft"})
    wait(3)


def _without_a_link(station: Bench, link: Any, wait: Callable[[float], None]) -> None:
    """A charge whose middle is told afterwards; its card ends it."""
    station.plug_in(1, vehicle="renault-zoe-ze50", soc=0.5)
    wait(0.1)
    station.present_tag(1, CARD)
    wait(4)
    link.down()
    wait(4)
    link.up()
    wait(7)
    station.present_tag(1, CARD)
    wait(0.5)
    station.unplug(1)
    wait(1)


def _listed(station: Bench, wait: Callable[[float], None]) -> None:
    """A card that the local list knows; the cable is pulled."""
    station.plug_in(2, vehicle="vw-id3-58", soc=0.5)
    wait(0.1)
    station.present_tag(2, LISTED)
    wait(5)
    station.present_tag(2, LISTED)
    wait(0.5)
    station.unplug(2)
    wait(1)


def _faulted(station: Bench, wait: Callable[[float], None]) -> None:
    station.inject("ground-failure", 1)
    wait(1)
    station.clear("ground-failure", 1)
    wait(1)
