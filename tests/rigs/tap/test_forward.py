"""Both ends get every byte that the other sent, and an end that dies does so on the other side, too."""

import asyncio
import random
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from local_csms import server_tls
from places import CERTIFICATES
from websockets.frames import Frame, Opcode

from evc5.rigs.served.listener import Address
from evc5.rigs.tap import forward
from evc5.rigs.tap.forward import Forwarder, Told
from evc5.rigs.tap.handshake import END, Request, Upstream

REQUEST = b"GET /CP1 HTTP/1.1\r\nHost: here\r\nAuthorization: Basic Q1AxOnNlY3JldA==\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
Office = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def tapped(office: Office, told: list[Told], stations: int = 8) -> AsyncIterator[int]:
    """A tap before such a back office; its port."""
    server = await asyncio.start_server(office, "127.0.0.1", 0)  # type: ignore[arg-type]
    upstream = Upstream.of(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    forwarder = Forwarder(Address("127.0.0.1", 0), upstream, told.append, stations)
    try:
        yield forwarder.port
    finally:
        await asyncio.to_thread(forwarder.close)
        server.close()


async def dialled(port: int, request: bytes = REQUEST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    return reader, writer


def noise(seed: int, masked: bool) -> bytes:
    """Frames sound and odd, then bytes that are none."""
    rng = random.Random(seed)
    found = b""
    for _ in range(40):
        opcode = rng.choice([Opcode.TEXT, Opcode.CONT, Opcode.BINARY, Opcode.PING, Opcode.PONG])
        size = rng.choice([0, 5, 125, 126, 3000, 70_000]) if opcode < 8 else rng.randrange(126)
        found += Frame(opcode, rng.randbytes(size), fin=opcode >= 8 or rng.random() < 0.7).serialize(
            mask=masked
        )
    return found + rng.randbytes(1000)


@pytest.mark.parametrize("seed", range(5))
def test_every_byte_passes_both_ways_whatever_it_is(seed: int) -> None:
    up, down = noise(seed, masked=True), noise(seed + 100, masked=False)
    heard = bytearray()

    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(END)
        assert b"Authorization: Basic Q1AxOnNlY3JldA==" in head
        writer.write(ANSWER + down)
        writer.write_eof()
        while data := await reader.read(1 << 16):
            heard.extend(data)
        writer.close()

    async def both() -> bytes:
        async with tapped(office, told) as port:
            reader, writer = await dialled(port)
            for k in range(0, len(up), 9973):
                writer.write(up[k : k + 9973])
                await writer.drain()
            writer.write_eof()
            got = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            for _ in range(100):
                if len(heard) >= len(up):
                    break
                await asyncio.sleep(0.02)
            return got

    told: list[Told] = []
    assert asyncio.run(both()) == ANSWER + down
    assert bytes(heard) == up
    assert next(one.kind for one in told) == "opened"


@pytest.mark.slow
def test_a_back_office_that_does_not_read_holds_the_charge_point_up_and_then_gets_all() -> None:
    part = bytes(range(256)) * (1 << 12)  # 1 MiB
    sent = heard = 0

    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        await reader.readuntil(END)
        writer.write(ANSWER)
        await reads.wait()
        while data := await reader.read(len(part)):
            assert data == (part + part)[heard % len(part) :][: len(data)]
            heard += len(data)
        writer.close()

    async def both() -> None:
        nonlocal sent
        async with tapped(office, told) as port:
            reader, writer = await dialled(port)
            await reader.readuntil(END)
            more = 8  # MiB, once the sockets on the way take nothing more
            while more and sent < 512 * len(part):
                writer.write(part)
                sent += len(part)
                await asyncio.sleep(0.01)
                more -= told[0].line.ends[1].transport.get_write_buffer_size() > 0
            await asyncio.sleep(0.5)
            assert not more
            assert told[0].line.ends[1].transport.get_write_buffer_size() < len(part)
            reads.set()
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 60)
            writer.close()

    reads = asyncio.Event()
    told: list[Told] = []
    asyncio.run(both())
    assert heard == sent


def test_a_head_that_comes_a_byte_at_a_time_with_frames_on_its_heels_passes_whole() -> None:
    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        for k in range(len(ANSWER)):
            writer.write(ANSWER[k : k + 1])
            await asyncio.sleep(0)
        writer.write(await reader.readexactly(5))
        writer.close()

    async def both() -> bytes:
        async with tapped(office, told) as port:
            reader, writer = await dialled(port, REQUEST + b"early")
            got = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return got

    told: list[Told] = []
    assert asyncio.run(both()) == ANSWER + b"early"


@pytest.mark.parametrize("who", ["charge point", "back office"])
def test_an_end_that_breaks_off_breaks_the_other(who: str) -> None:
    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(ANSWER)
        if who == "back office":
            writer.transport.abort()
            return
        await reader.read()
        gone.set()
        writer.close()

    async def both() -> None:
        async with tapped(office, told) as port:
            reader, writer = await dialled(port)
            if who == "charge point":
                await reader.readuntil(END)
                writer.transport.abort()
                await asyncio.wait_for(gone.wait(), 5)
            else:
                with suppress(ConnectionError):
                    await asyncio.wait_for(reader.read(), 5)
            writer.close()
            await asyncio.sleep(0.05)

    gone = asyncio.Event()
    told: list[Told] = []
    asyncio.run(both())
    assert told[-1].kind in ("closed", "refused")


def test_a_back_office_that_is_not_there_ends_the_call_and_is_told() -> None:
    async def both() -> bytes:
        upstream = Upstream.of("ws://127.0.0.1:1")
        forwarder = Forwarder(Address("127.0.0.1", 0), upstream, told.append, 8)
        reader, writer = await dialled(forwarder.port)
        got = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await asyncio.to_thread(forwarder.close)
        return got

    told: list[Told] = []
    assert asyncio.run(both()) == b""
    assert [(one.kind, "cannot be reached" in one.why) for one in told] == [("refused", True)]


def test_the_answer_of_a_back_office_that_refuses_passes_as_it_is() -> None:
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nno no"

    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(answer)
        writer.close()

    async def both() -> bytes:
        async with tapped(office, told) as port:
            reader, writer = await dialled(port)
            got = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            await asyncio.sleep(0.05)
            return got

    told: list[Told] = []
    assert asyncio.run(both()) == answer
    assert [one.why for one in told] == ["the back office answers 401"]


def test_the_newest_connection_of_a_charge_point_ends_the_one_before() -> None:
    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(ANSWER)
        await reader.read()
        writer.close()

    async def both() -> None:
        async with tapped(office, told) as port:
            first, writer = await dialled(port)
            await first.readuntil(END)
            second, other = await dialled(port)
            await second.readuntil(END)
            with suppress(ConnectionError):
                assert await asyncio.wait_for(first.read(), 5) == b""
            writer.close()
            other.close()

    told: list[Told] = []
    asyncio.run(both())
    assert [one.kind for one in told][:2] == ["opened", "opened"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_back_office_that_demands_a_certificate_of_the_charge_point_is_named(
    version: ssl.TLSVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = server_tls()
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.maximum_version = version
    listening = socket.create_server(("127.0.0.1", 0))

    def demands() -> None:
        connection, _ = listening.accept()
        with suppress(ssl.SSLError):
            tls.wrap_socket(connection, server_side=True)

    async def dials() -> bytes:
        upstream = Upstream.of(f"wss://127.0.0.1:{listening.getsockname()[1]}")
        forwarder = Forwarder(Address("127.0.0.1", 0), upstream, told.append, 8)
        reader, writer = await dialled(forwarder.port)
        got = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await asyncio.to_thread(forwarder.close)
        return got

    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "csms.pem"))
    threading.Thread(target=demands, daemon=True).start()
    told: list[Told] = []
    assert asyncio.run(dials()) == b""
    assert [(one.kind, "mutual TLS" in one.why) for one in told] == [("refused", True)]
    listening.close()


def test_a_fault_of_ours_ends_that_connection_is_told_and_the_next_is_tapped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Told] = []
    read = forward.handshake.read

    def breaks(head: bytes, upstream: Upstream) -> Request:
        if b"CP1" in head:
            raise ZeroDivisionError("a bug of ours")
        return read(head, upstream)

    async def office(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(ANSWER)

    async def both() -> bytes:
        async with tapped(office, told) as port:
            ended, _ = await dialled(port)
            assert await ended.read() == b""
            reader, _ = await dialled(port, REQUEST.replace(b"CP1", b"CP2"))
            return await reader.readuntil(END)

    monkeypatch.setattr(forward.handshake, "read", breaks)
    assert asyncio.run(both()) == ANSWER
    (failed,) = [one for one in told if one.kind == "failed"]
    assert "ZeroDivisionError: a bug of ours (test_forward.py:" in failed.why
