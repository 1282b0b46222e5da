"""Three thousand charge points dial in at once, as after a power cut of a town, twice."""

import asyncio
import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator

import pytest
from websockets.frames import Frame, Opcode

from evc5.rigs.served.listener import Address
from evc5.rigs.tap.forward import Forwarder, Told
from evc5.rigs.tap.handshake import END, Upstream

CHARGERS = 3000
ALL_S = 300.0  # wall clock, for all of them; 45 s on two busy cores
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3
SAYS = [("BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"}), ("Heartbeat", {})]
resource = pytest.importorskip("resource")  # not there on Windows
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Both ends and the tap are in this process: four sockets a charge point."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 5 * CHARGERS:
        pytest.skip(f"needs {5 * CHARGERS} descriptors, ulimit -Hn is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (5 * CHARGERS, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def said(reader: Reader) -> bytes:
    """The next frame's payload; both lengths, with a mask or without."""
    head = await reader.readexactly(2)
    size = head[1] & 127
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    mask = await reader.readexactly(4) if head[1] & 128 else bytes(4)
    return bytes(byte ^ mask[k % 4] for k, byte in enumerate(await reader.readexactly(size)))


async def office(reader: Reader, writer: Writer) -> None:
    try:
        head = await reader.readuntil(END)
        key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if b"Sec-WebSocket-Key" in line)
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: %s\r\n\r\n" % accept)
        while True:
            answer = [3, json.loads(await said(reader))[1], {"currentTime": time.strftime("%FT%TZ")}]
            writer.write(Frame(Opcode.TEXT, json.dumps(answer).encode()).serialize(mask=False))
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def charger(port: int, number: int) -> Writer:
    """Dials in, boots, beats, and stays."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET /CP{number:04} HTTP/1.1", "Host: here", "Upgrade: websocket", f"Sec-WebSocket-Key: {key}"]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await reader.readuntil(END)
    for id_, (action, payload) in enumerate(SAYS):
        text = json.dumps([2, f"{number}-{id_}", action, payload])
        writer.write(Frame(Opcode.TEXT, text.encode()).serialize(mask=True))
        assert json.loads(await said(reader))[1] == f"{number}-{id_}"
    return writer


@pytest.mark.soak
def test_three_thousand_that_return_at_once_are_all_served(descriptors: None) -> None:
    told: list[Told] = []

    async def run() -> None:
        server = await asyncio.start_server(office, "127.0.0.1", 0, backlog=4096)
        upstream = Upstream.of(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        forwarder = Forwarder(Address("127.0.0.1", 0), upstream, told.append, CHARGERS)
        try:
            for _ in range(2):
                dialling = (charger(forwarder.port, number) for number in range(CHARGERS))
                writers = await asyncio.wait_for(asyncio.gather(*dialling), ALL_S)
                for writer in writers:
                    writer.transport.abort()
                await asyncio.sleep(2.0)
        finally:
            await asyncio.to_thread(forwarder.close)
            server.close()

    asyncio.run(run())
    kinds = [one.kind for one in told]
    assert (kinds.count("refused"), kinds.count("failed")) == (0, 0)
    assert kinds.count("opened") == 2 * CHARGERS
    assert kinds.count("up") == kinds.count("down") == 2 * len(SAYS) * CHARGERS
