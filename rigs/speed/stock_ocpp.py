"""The yardstick: MeterValues between two stock `ocpp` ChargePoints in memory, with their default validation.

Two asyncio queues stand for the network. The station builds the library's payload for each message as the
library's users do; what is sent, parsed, validated and answered is its own doing.
"""

import asyncio
import logging
import time
from typing import Any

from ocpp.charge_point import camel_to_snake_case
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result


class Wire:
    """One end of a connection in memory, as the library expects it of a WebSocket."""

    def __init__(self, inbox: asyncio.Queue[str], outbox: asyncio.Queue[str]) -> None:
        self.recv, self.send = inbox.get, outbox.put


class BackOffice(ChargePoint):  # type: ignore[misc]  # ocpp carries no types
    @on("MeterValues")  # type: ignore[untyped-decorator]
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        return call_result.MeterValues()


def us_per_round_trip(payload: dict[str, Any], round_trips: int) -> float:
    """Microseconds that one MeterValues.req with its .conf takes; `payload` by its wire names."""
    logger = logging.getLogger("ocpp")
    level = logger.level
    logger.setLevel(logging.WARNING)  # each frame's log line is not what is compared
    try:
        return asyncio.run(_exchange(payload, round_trips))
    finally:
        logger.setLevel(level)


async def _exchange(payload: dict[str, Any], round_trips: int) -> float:
    up: asyncio.Queue[str] = asyncio.Queue()
    down: asyncio.Queue[str] = asyncio.Queue()
    station, office = ChargePoint("station", Wire(down, up)), BackOffice("station", Wire(up, down))
    readers = [asyncio.create_task(end.start()) for end in (station, office)]
    fields = camel_to_snake_case(payload)
    began = time.perf_counter()
    for _ in range(round_trips):
        await station.call(call.MeterValues(**fields), suppress=False)
    elapsed_s = time.perf_counter() - began
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return elapsed_s / round_trips * 1e6
