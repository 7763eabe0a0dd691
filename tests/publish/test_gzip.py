"""Compressed streams share blocks, and each stream ends validly."""

import asyncio
import gzip
import random
import socket
import zlib
from typing import cast

import httpx
import pytest

from publish_server.encoding.gzip_blocks import (
    HEADER,
    SLICE_BYTES,
    BlockCompressor,
    GzipChecksum,
    StreamChecksum,
    shifted,
)
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.subscriber import Subscriber
from publish_server.streams.stream_request import accepts_gzip
from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.hub_fixtures import Core, CountingTransport
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import StreamClient, StreamEnded

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_crc_of_joined_bodies_follows_from_their_crcs() -> None:
    rng = random.Random(7)
    for size in (0, 1, 7, 255, 4_096, 70_001):
        first, second = rng.randbytes(100), rng.randbytes(size)
        assert shifted(zlib.crc32(first), size) ^ zlib.crc32(second) == zlib.crc32(first + second)


async def test_streams_that_join_and_lag_at_different_times_end_validly() -> None:
    rng = random.Random(7)
    compressor, group = BlockCompressor(), GzipChecksum()
    streams = [(StreamChecksum(), bytearray(HEADER), bytearray()) for _ in range(20)]
    live: set[int] = set()
    for _ in range(300):
        number = rng.randrange(len(streams))
        checksum, sent, expected = streams[number]
        if number in live:
            live.discard(number)
            checksum.leave(group)
        else:
            body = rng.randbytes(rng.randrange(50))
            checksum.add(body)
            sent += compressor.block(body)
            expected += body
            live.add(number)
            checksum.join(group)
        body = b"to all of them " * rng.randrange(9)
        group.add(body)
        block = compressor.block(body)
        for other in live:
            streams[other][1].extend(block)
            streams[other][2].extend(body)
    for number, (checksum, sent, expected) in enumerate(streams):
        if number in live:
            checksum.leave(group)
        assert gzip.decompress(bytes(sent) + checksum.trailer()) == expected


async def test_a_large_body_is_compressed_in_slices_between_other_bodies() -> None:
    rng = random.Random(7)
    encoding = StreamEncoding(is_chunked=False, is_gzip=True)
    body = bytes(rng.choices(b"ab", k=4 * SLICE_BYTES))  # slower to compress than ordinary text
    steps = encoding.encode_in_slices(body)
    for _ in range(4):
        next(steps)
        other = zlib.decompressobj(-zlib.MAX_WBITS)
        assert other.decompress(encoding.encode(b"another stream's")) == b"another stream's"
    with pytest.raises(StopIteration) as end:
        next(steps)
    checksum = GzipChecksum()
    checksum.add(body)
    assert gzip.decompress(HEADER + end.value.value + checksum.trailer()) == body


async def test_a_subscriber_that_joins_while_a_flush_is_compressed_does_not_get_it_twice() -> None:
    audience = Core().follow_at(0)
    group = audience.group(StreamEncoding(is_chunked=False, is_gzip=True), is_notify=False)
    with socket.socket() as sock:

        def join() -> None:
            transport = cast(asyncio.Transport, CountingTransport(sock))
            subscriber = Subscriber(audience, transport, group, None)
            subscriber.descriptor = -len(group.live) - 1  # not open: a write to it ends the stream
            audience.join(subscriber, b"", 2_000)

        join()
        flush = group.flush(b"x" * 3 * SLICE_BYTES, 100)
        for _ in range(3):
            assert next(flush) == (0, 0)
            join()
        assert next(flush)[0] == 1, "only the subscriber that was live at the start is written to"
        assert next(flush, None) is None
        assert len(group.live) == 3


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
async def test_gzip_is_used_only_if_the_client_accepts_it(header: bytes | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


async def test_an_empty_body_makes_no_chunk() -> None:
    for is_gzip in (False, True):
        assert StreamEncoding(is_chunked=True, is_gzip=is_gzip).encode(b"") == b""


async def test_a_compressed_stream_has_the_same_events_and_ends_validly(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 10)
    base_url = await started(start_publish, STREAM_GZIP="always", STREAM_LIFETIME_S="3", STREAM_PING_S="0.5")
    async with (
        StreamClient.of(base_url) as stream_client,
        stream_client.open(room, cursor=4) as stream,
        stream_client.open(room) as other,
    ):
        assert stream.response.headers["content-encoding"] == "gzip"
        assert await stream.seqs(6) == list(range(5, 11))
        await broker.send(*stored.store(room, 3))
        assert await stream.seqs(3) == await other.seqs(3) == [11, 12, 13]
        assert (await stream.wait_for("stream.ping")).data == {"seq": 13}
        assert (await stream.wait_for("stream.closing")).data == {"reason": "lifetime"}
        with pytest.raises(StreamEnded):
            await stream.next_frame()
        async with stream_client.client.stream("GET", f"{base_url}/stream/v1/rooms/{room}") as whole:
            received = b"".join([part async for part in whole.aiter_raw()])
        assert b"stream.closing" in gzip.decompress(received)


async def test_a_client_without_gzip_gets_a_plain_stream(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_GZIP="always")
    async with (
        StreamClient.of(base_url) as stream_client,
        stream_client.open(room, headers={"Accept-Encoding": "identity"}) as stream,
    ):
        assert "content-encoding" not in stream.response.headers
        assert (await stream.next_frame()).type == "stream.opened"


async def test_gzip_hot_compresses_only_hot_rooms(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    stored.store(f"{room}-hot")
    stored.rooms[f"{room}-hot"].heat["hot"] = True
    async with StreamClient.of(await started(start_publish, STREAM_GZIP="hot")) as stream_client:
        async with stream_client.open(room) as stream:
            assert "content-encoding" not in stream.response.headers
        async with stream_client.open(f"{room}-hot") as stream:
            assert isinstance(stream.response, httpx.Response)
            assert stream.response.headers["content-encoding"] == "gzip"
            assert (await stream.next_frame()).data["heat"]["hot"] is True
