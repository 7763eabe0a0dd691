"""Compressed streams: the same blocks for all, and a valid end for each."""

import asyncio
import gzip
import random
import socket
import zlib
from typing import cast

import httpx
import pytest

from publish_server.encoding.gzip_blocks import HEADER, SLICE_BYTES, Deflater, StreamTally, Tally, shifted
from publish_server.encoding.stream_encoding import Wire, accepts_gzip
from publish_server.streams.connection import StreamConnection
from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.hub_fixtures import CountingTransport, a_hub, room_at
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import StreamEnded, Tabs

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_crc_of_two_parts_follows_from_theirs() -> None:
    rng = random.Random(7)
    for size in (0, 1, 7, 255, 4_096, 70_001):
        first, second = rng.randbytes(100), rng.randbytes(size)
        assert shifted(zlib.crc32(first), size) ^ zlib.crc32(second) == zlib.crc32(first + second)


async def test_streams_that_came_and_lagged_at_different_times_all_end_validly() -> None:
    rng = random.Random(7)
    deflater, audience = Deflater(), Tally()
    streams = [(StreamTally(), bytearray(HEADER), bytearray()) for _ in range(20)]
    live: set[int] = set()
    for _ in range(300):
        number = rng.randrange(len(streams))
        tally, sent, expected = streams[number]
        if number in live:
            live.discard(number)
            tally.leave(audience)
        else:
            body = rng.randbytes(rng.randrange(50))
            tally.add(body)
            sent += deflater.block(body)
            expected += body
            live.add(number)
            tally.join(audience)
        body = b"to all of them " * rng.randrange(9)
        audience.add(body)
        block = deflater.block(body)
        for other in live:
            streams[other][1].extend(block)
            streams[other][2].extend(body)
    for number, (tally, sent, expected) in enumerate(streams):
        if number in live:
            tally.leave(audience)
        assert gzip.decompress(bytes(sent) + tally.trailer()) == expected


async def test_a_large_body_is_compressed_in_slices_while_others_are_compressed_too() -> None:
    rng = random.Random(7)
    wire = Wire(is_chunked=False, is_gzip=True)
    body = bytes(rng.choices(b"ab", k=4 * SLICE_BYTES))  # takes a compressor longer than any usual text
    steps = wire.encode_in_slices(body)
    for _ in range(4):
        next(steps)
        other = zlib.decompressobj(-zlib.MAX_WBITS)
        assert other.decompress(wire.encode(b"another stream's")) == b"another stream's"
    with pytest.raises(StopIteration) as end:
        next(steps)
    tally = Tally()
    tally.add(body)
    assert gzip.decompress(HEADER + end.value.value + tally.trailer()) == body


async def test_who_comes_while_a_flush_is_compressed_does_not_get_it_twice() -> None:
    hub = a_hub()
    room = room_at(hub, 0)
    with socket.socket() as sock:

        def joins() -> CountingTransport:
            transport = CountingTransport(sock)
            audience = room.audience(Wire(is_chunked=False, is_gzip=True), is_notify=False)
            connection = StreamConnection(hub.subscribers, cast(asyncio.Transport, transport), audience, None)
            connection.descriptor = -len(audience.live) - 1  # no descriptor: writing to it ends the stream
            hub.subscribers.join(connection, b"", 2_000)
            return transport

        joins()
        audience = next(iter(room.audiences.values()))
        flush = audience.flush(b"x" * 3 * SLICE_BYTES, 100)
        for _ in range(3):
            assert next(flush) == (0, 0)
            joins()
        assert next(flush)[0] == 1, "only who was there at the beginning is written to"
        assert next(flush, None) is None
        assert len(audience.live) == 3


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        (b"", False),
        (b"gzip", True),
        (b"br, GZIP;q=0.5", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"*", True),
        (b"identity", False),
        (b"deflate, gzip, br, zstd", True),
    ],
)
async def test_only_who_accepts_gzip_gets_it(header: bytes | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


async def test_an_empty_body_is_no_chunk() -> None:
    for wire in (Wire(is_chunked=True), Wire(is_chunked=True, is_gzip=True)):
        assert wire.encode(b"") == b""


async def test_a_compressed_stream_reads_like_any_other_and_ends_validly(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 10)
    base_url = await started(start_publish, STREAM_GZIP="always", STREAM_LIFETIME_S="3", STREAM_PING_S="0.5")
    async with Tabs.of(base_url) as tabs, tabs.open(room, cursor=4) as tab, tabs.open(room) as other:
        assert tab.response.headers["content-encoding"] == "gzip"
        assert await tab.seqs(6) == list(range(5, 11))
        await broker.send(*stored.store(room, 3))
        assert await tab.seqs(3) == await other.seqs(3) == [11, 12, 13]
        assert (await tab.wait_for("stream.ping")).data == {"seq": 13}
        assert (await tab.wait_for("stream.closing")).data == {"reason": "lifetime"}
        with pytest.raises(StreamEnded):
            await tab.next_frame()
        async with tabs.client.stream("GET", f"{base_url}/stream/v1/rooms/{room}") as whole:
            received = b"".join([part async for part in whole.aiter_raw()])
        assert b"stream.closing" in gzip.decompress(received)


async def test_plain_clients_stay_plain(start_publish: StartPublish, stored: StoredRooms, room: str) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_GZIP="always")
    async with Tabs.of(base_url) as tabs, tabs.open(room, headers={"Accept-Encoding": "identity"}) as tab:
        assert "content-encoding" not in tab.response.headers
        assert (await tab.next_frame()).type == "stream.opened"


async def test_with_hot_only_hot_rooms_are_compressed(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    stored.store(f"{room}-hot")
    stored.rooms[f"{room}-hot"].heat["hot"] = True
    async with Tabs.of(await started(start_publish, STREAM_GZIP="hot")) as tabs:
        async with tabs.open(room) as tab:
            assert "content-encoding" not in tab.response.headers
        async with tabs.open(f"{room}-hot") as tab:
            assert isinstance(tab.response, httpx.Response)
            assert tab.response.headers["content-encoding"] == "gzip"
            assert (await tab.next_frame()).data["heat"]["hot"] is True
