"""Misbehaving clients, and a server that stops."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import httpx
import pytest
from aiohttp_sse_client2.client import EventSource  # type: ignore[import-untyped]
from httpx_sse import aconnect_sse

from local_stack.server_process import ServerProcess
from publish_server.fanout.socket_writes import SHARED_FROM_WRITES
from publish_server.streams.routes import ROOM_PREFIX
from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S, StreamClient, StreamEnded
from tests.support.plain_http import ANSWERS_WITHIN_S, NO_CERTIFICATES

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ_LIMIT = 4_096


@contextlib.asynccontextmanager
async def raw_stream(
    base_url: str,
    room: str,
    request_tail: bytes = b"",
    receive_buffer: int = 0,
    prefix: str = ROOM_PREFIX,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """The raw socket of a stream whose request has been sent."""
    url = httpx.URL(base_url)
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=READ_LIMIT)
    writer.write(f"GET {prefix}{room} HTTP/1.1\r\nHost: {url.host}\r\n\r\n".encode() + request_tail)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def metrics_page(base_url: str) -> str:
    async with httpx.AsyncClient(trust_env=False, verify=NO_CERTIFICATES, timeout=ANSWERS_WITHIN_S) as client:
        return (await client.get(f"{base_url}/metrics")).text


async def metric(base_url: str, name: str) -> float:
    lines = (await metrics_page(base_url)).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


async def events_taken(base_url: str) -> float:
    verdicts = ("appended", "early")
    return sum(
        [await metric(base_url, f'hotchat_hub_events_total{{verdict="{verdict}"}}') for verdict in verdicts]
    )


async def until_metric(base_url: str, name: str, value: float) -> None:
    """Wait for the value; a failure shows the server's metrics of streams and events."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while await metric(base_url, name) != value:
                await asyncio.sleep(0.02)
    except TimeoutError:
        lines = (await metrics_page(base_url)).splitlines()
        shown = [
            line for line in lines if line.startswith(("hotchat_stream", "hotchat_hub", "hotchat_buffered"))
        ]
        raise AssertionError("\n".join([f"{name} did not become {value}:", *shown])) from None


async def test_a_second_request_on_a_streams_socket_ends_the_stream(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with raw_stream(stream_client.base_url, room) as (reader, writer):
        await reader.readuntil(b"stream.opened")
        writer.write(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(DEADLINE_S):
            with contextlib.suppress(ConnectionResetError):
                while await reader.read(4_096):
                    pass
    await until_metric(stream_client.base_url, "hotchat_streams_open", 0)


async def test_a_pipelined_request_ends_the_stream(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    second = b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n"
    async with raw_stream(stream_client.base_url, room, second) as (reader, _), asyncio.timeout(DEADLINE_S):
        with contextlib.suppress(ConnectionResetError):
            while await reader.read(4_096):
                pass
    await until_metric(stream_client.base_url, "hotchat_streams_open", 0)


async def test_an_http_1_0_stream_has_no_chunks(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    url = httpx.URL(stream_client.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"GET /stream/v1/rooms/{room} HTTP/1.0\r\n\r\n".encode())
    async with asyncio.timeout(DEADLINE_S):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        assert (await reader.readuntil(b"\n\n")).startswith(b"retry: ")
        assert (await reader.readuntil(b"\n\n")).startswith(b"id: 1\nevent: stream.opened\n")
        await broker.send(*stored.store(room))
        assert (await reader.readuntil(b"\n\n")).startswith(b"id: 2\nevent: message.created\n")
    writer.close()
    await writer.wait_closed()


async def test_a_client_that_disconnects_is_no_longer_counted(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        assert await metric(stream_client.base_url, "hotchat_streams_open") == 1
    await until_metric(stream_client.base_url, "hotchat_streams_open", 0)


async def test_a_temporarily_slow_client_misses_nothing(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    async with (
        raw_stream(stream_client.base_url, room, receive_buffer=4_096) as (reader, _),
        stream_client.open(room) as quick,
    ):
        await reader.readuntil(b"stream.opened")
        await broker.send(*stored.store(room, 500, text="x" * 1_000))
        assert await quick.seqs(500) == list(range(2, 502))
        assert await metric(stream_client.base_url, "hotchat_streams_stalled") == 1
        seqs: list[int] = []
        async with asyncio.timeout(DEADLINE_S):
            while not seqs or seqs[-1] < 501:
                line = await reader.readline()
                if line.startswith(b"id: "):
                    seqs.append(int(line[4:]))
        assert [seq for seq in seqs if seq > 1] == list(range(2, 502))
        await broker.send(*stored.store(room))
        assert await quick.seqs(1) == [502]


async def test_a_crowd_shares_the_pages_of_a_flush_and_a_slow_client_reads_them_unchanged(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    async with contextlib.AsyncExitStack() as stack:
        crowd = [
            await stack.enter_async_context(
                raw_stream(stream_client.base_url, room, receive_buffer=4_096 if slow else 0)
            )
            for slow in (True, *[False] * SHARED_FROM_WRITES)
        ]
        for reader, _ in crowd:
            await reader.readuntil(b"stream.opened")
        shared = await metric(stream_client.base_url, "hotchat_flushes_shared_total")
        texts = [str(number) * 1_000 for number in range(10)]
        for text in texts:  # The next flush begins before the slow client has read the last one.
            await broker.send(*stored.store(room, 8, text=text))
            for reader, _ in crowd[1:]:
                for _ in range(8):
                    await reader.readuntil(f'"text":"{text}"'.encode())
        for text in texts:
            for _ in range(8):
                await crowd[0][0].readuntil(f'"text":"{text}"'.encode())
        assert await metric(stream_client.base_url, "hotchat_flushes_shared_total") > shared


async def test_a_client_that_reads_nothing_is_disconnected(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_STALL_S="1")
    async with raw_stream(base_url, room, receive_buffer=4_096) as (reader, _):
        await reader.readuntil(b"stream.opened")
        await broker.send(*stored.store(room, 300, text="x" * 1_000))
        await until_metric(base_url, 'hotchat_streams_closed_total{reason="stalled"}', 1)
    assert await metric(base_url, "hotchat_streams_stalled") == 0


async def test_a_stalled_client_that_disconnects_is_no_longer_counted_as_stalled(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish)
    async with raw_stream(base_url, room, receive_buffer=4_096) as (reader, writer):
        await reader.readuntil(b"stream.opened")
        await broker.send(*stored.store(room, 300, text="x" * 1_000))
        await until_metric(base_url, "hotchat_streams_stalled", 1)
        writer.transport.abort()
    await until_metric(base_url, "hotchat_streams_stalled", 0)


async def test_a_client_that_falls_behind_the_ring_gets_a_gap(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, RING_EVENTS="10")
    async with raw_stream(base_url, room, receive_buffer=4_096) as (reader, _):
        await reader.readuntil(b"stream.opened")
        await broker.send(*stored.store(room, 300, text="x" * 1_000))
        async with asyncio.timeout(DEADLINE_S):  # on a busy machine a head check may fetch some
            while await events_taken(base_url) < 300:
                await asyncio.sleep(0.02)
        at, gaps = 1, 0
        async with asyncio.timeout(DEADLINE_S):
            while at < 301:
                line = await reader.readline()
                if line.startswith(b"id: "):
                    seq, is_gap = int(line[4:]), b"stream.gap" in await reader.readline()
                    assert is_gap or seq == at + 1
                    at, gaps = seq, gaps + is_gap
        assert gaps


@pytest.mark.parametrize("streams", [0, 100])
async def test_shutdown_ends_all_streams_orderly_within_five_seconds(
    start_publish: StartPublish, stored: StoredRooms, room: str, streams: int
) -> None:
    stored.store(room)
    process: ServerProcess = start_publish()
    await asyncio.to_thread(process.wait_ready)
    async with StreamClient.of(process.base_url) as stream_client, contextlib.AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(stream_client.open(room)) for _ in range(streams)]
        listing = await stack.enter_async_context(
            stream_client.client.stream("GET", f"{process.base_url}/stream/v1/rooms", params={"room": room})
        )
        lines = listing.aiter_lines()
        await anext(lines)
        for stream in opened:
            await stream.next_frame()
        began = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        for stream in opened:
            assert (await stream.wait_for("stream.closing")).data["reason"] == "shutdown"
            with pytest.raises(StreamEnded):
                await stream.next_frame()
        assert "event: stream.closing" in [line async for line in lines]
        async with asyncio.timeout(DEADLINE_S):
            while process.is_running():
                await asyncio.sleep(0.02)
        assert process.exit_code() == 0
        assert time.monotonic() - began < 5, "a promise, not a measurement"


async def test_clients_of_a_killed_server_see_an_error(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    process: ServerProcess = start_publish()
    await asyncio.to_thread(process.wait_ready)
    async with StreamClient.of(process.base_url) as stream_client, stream_client.open(room) as stream:
        await stream.next_frame()
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(httpx.HTTPError):
            await stream.next_frame()


async def test_httpx_sse_reads_a_stream(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    url = f"{stream_client.base_url}/stream/v1/rooms/{room}"
    async with aconnect_sse(stream_client.client, "GET", url) as source, asyncio.timeout(DEADLINE_S):
        events = source.aiter_sse()
        first = await anext(events)
        while first.event != "stream.opened":
            first = await anext(events)
        await broker.send(*stored.store(room))
        second = await anext(events)
        assert (second.event, second.id, second.json()["seq"]) == ("message.created", "2", 2)


async def test_aiohttp_sse_client_reads_a_stream(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    async with (
        aiohttp.ClientSession() as session,
        EventSource(f"{stream_client.base_url}/stream/v1/rooms/{room}", session=session) as events,
        asyncio.timeout(DEADLINE_S),
    ):
        assert (await anext(events)).type == "stream.opened"
        await broker.send(*stored.store(room))
        second = await anext(events)
        assert (second.type, second.last_event_id) == ("message.created", "2")
