"""A back office on the stock `ocpp` package: its ChargePoint class, its validation, its asyncio.

Speaks with the test as office.mjs does.
"""

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from ocpp.charge_point import camel_to_snake_case, remove_nones, serialize_as_dict, snake_to_camel_case
from ocpp.exceptions import OCPPError
from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.server import serve

OPTIONS = {"tags": {}, "heartbeat": 3600, "onBoot": [], **json.loads(sys.argv[1])}
logging.getLogger("ocpp").setLevel(logging.ERROR)


class Office:
    """What outlives a connection."""

    def __init__(self):
        self.state, self.log = Path(OPTIONS["state"]), open(OPTIONS["log"], "a", buffering=1)  # noqa: SIM115
        kept = json.loads(self.state.read_text()) if self.state.exists() else {}
        self.numbers = kept.get("transactions", {})
        self.charger = None

    def hear(self, action, payload):
        wire = snake_to_camel_case(payload)
        self.log.write(json.dumps({"action": action, "payload": wire}) + "\n")

    def number(self, *what):
        """A StartTransaction that comes again, as its reply was lost, keeps its number."""
        number = self.numbers.setdefault("|".join(map(str, what)), len(self.numbers) + 1)
        self.keep()
        return number

    def keep(self):
        self.state.write_text(json.dumps({"transactions": self.numbers}))


OFFICE = Office()


def now():
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def info(tag):
    return {"status": OPTIONS["tags"].get(tag, "Accepted")}


class Charger(ChargePoint):
    """One charge point on the line."""

    @on("BootNotification")
    def on_boot(self, **payload):
        OFFICE.hear("BootNotification", payload)
        return call_result.BootNotification(
            current_time=now(), interval=OPTIONS["heartbeat"], status="Accepted"
        )

    @after("BootNotification")
    async def after_boot(self, **_):
        for action, payload in OPTIONS["onBoot"]:
            await self.ask(action, payload)

    @on("Heartbeat")
    def on_heartbeat(self, **payload):
        OFFICE.hear("Heartbeat", payload)
        return call_result.Heartbeat(current_time=now())

    @on("Authorize")
    def on_authorize(self, **payload):
        OFFICE.hear("Authorize", payload)
        return call_result.Authorize(id_tag_info=info(payload["id_tag"]))

    @on("StartTransaction")
    def on_start(self, **payload):
        what = [payload[key] for key in ("connector_id", "id_tag", "timestamp", "meter_start")]
        number = OFFICE.number(*what)
        OFFICE.hear("StartTransaction", payload)
        return call_result.StartTransaction(transaction_id=number, id_tag_info=info(payload["id_tag"]))

    @on("StopTransaction")
    def on_stop(self, **payload):
        OFFICE.hear("StopTransaction", payload)
        return call_result.StopTransaction()

    @on("MeterValues")
    def on_meter_values(self, **payload):
        OFFICE.hear("MeterValues", payload)
        return call_result.MeterValues()

    @on("StatusNotification")
    def on_status(self, **payload):
        OFFICE.hear("StatusNotification", payload)
        return call_result.StatusNotification()

    @on("DiagnosticsStatusNotification")
    def on_diagnostics(self, **payload):
        OFFICE.hear("DiagnosticsStatusNotification", payload)
        return call_result.DiagnosticsStatusNotification()

    @on("FirmwareStatusNotification")
    def on_firmware(self, **payload):
        OFFICE.hear("FirmwareStatusNotification", payload)
        return call_result.FirmwareStatusNotification()

    @on("DataTransfer")
    def on_data(self, **payload):
        OFFICE.hear("DataTransfer", payload)
        return call_result.DataTransfer(status="UnknownVendorId")

    async def ask(self, action, payload):
        """Ask the charge point; wire names in and out."""
        request = getattr(call, action)(**camel_to_snake_case(payload))
        return snake_to_camel_case(remove_nones(serialize_as_dict(await self.call(request, suppress=False))))


async def accept(connection):
    OFFICE.charger = Charger(connection.request.path.rpartition("/")[2], connection)
    try:
        await OFFICE.charger.start()
    except Exception:
        await connection.close()


async def serve_test():
    """Do what the test asks for, line by line, until it is gone."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        try:
            told = {"result": await OFFICE.charger.ask(asked["action"], asked["payload"])}
        except OCPPError as error:
            told = {"error": [error.code, error.description]}
        except Exception as error:
            told = {"error": [type(error).__name__, str(error)]}
        print(json.dumps({"n": asked["n"], **told}, default=float), flush=True)  # it reads Decimals


async def main():
    quiet = {"compression": None, "ping_interval": None, "subprotocols": ["ocpp1.6"]}
    async with serve(accept, "127.0.0.1", OPTIONS["port"], **quiet):
        print(json.dumps({"ready": OPTIONS["port"]}), flush=True)
        await serve_test()


asyncio.run(main())
