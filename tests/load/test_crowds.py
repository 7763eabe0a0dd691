"""The C crowds count frames, gaps, reordering and latency correctly."""

import asyncio
import time

import pytest
from aiohttp import web

from load_tests.bench.crowds import CrowdFailed, StreamWindow, generator_note, http_crowd, stream_crowd
from load_tests.bench.http_requests import get, post_message
from local_stack.ports import LOOPBACK
from tests.load.conftest import Serve

SEEN_WITHIN_S = 20.0


async def watched(serve: Serve, frames: list[bytes], deliveries: int, *options: str) -> StreamWindow:
    """The report of a crowd of three about a stream that sends these frames and then nothing."""
    ended = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for frame in frames:
            await response.write(frame)
        await ended.wait()
        return response

    port = await serve(stream)
    try:
        async with stream_crowd(LOOPBACK, port, "/", 3, *options) as crowd, asyncio.timeout(SEEN_WITHIN_S):
            while (window := await crowd.report()).deliveries < 3 * deliveries:
                await asyncio.sleep(0.02)
            return window
    finally:
        ended.set()


def event(seq: int, text: str = "hello") -> bytes:
    return b'id: %d\nevent: message.created\ndata: {"text":"%b"}\n\n' % (seq, text.encode())


def rival(seq: int) -> bytes:
    """A message as other servers send it: our event within their JSON."""
    now = time.monotonic_ns() // 1000
    return b'data: {"pub":{"data":{"seq":%d,"message":{"seq":%d,"text":"@%016d"}}}}\n\n' % (seq, seq, now)


async def test_a_good_stream_is_in_order_and_counted(serve: Serve) -> None:
    opened = b"retry: 2000\n\nid: 4\nevent: stream.opened\ndata: {}\n\n"
    window = await watched(
        serve, [opened, event(5) + event(6), b"event: stream.ping\ndata: {}\n\n", event(7)], 3
    )
    assert window.is_in_order
    assert (window.fewest, window.most, window.lowest_last_id, window.gaps) == (3, 3, 7, 0)


async def test_a_frame_that_comes_in_pieces_is_one_event(serve: Serve) -> None:
    frame = event(1) + event(2)
    window = await watched(serve, [frame[i : i + 1] for i in range(len(frame))], 2)
    assert window.is_in_order
    assert window.lowest_last_id == 2


async def test_decreasing_and_repeated_ids_are_counted(serve: Serve) -> None:
    window = await watched(serve, [event(1), event(3), event(2), event(3), event(3)], 5)
    assert (window.went_back, window.repeated) == (3, 3)


async def test_the_cursor_of_an_empty_room_is_no_repeated_id(serve: Serve) -> None:
    window = await watched(serve, [b"id: 0\nevent: stream.opened\ndata: {}\n\n", event(1)], 1)
    assert (window.went_back, window.repeated) == (0, 0)


async def test_a_gap_is_noticed(serve: Serve) -> None:
    gap = b'id: 9\nevent: stream.gap\ndata: {"from_seq":1,"to_seq":9}\n\n'
    window = await watched(serve, [event(1), gap, event(10)], 2)
    assert window.gaps == 3


async def test_seqs_in_the_data_count_instead_of_ids(serve: Serve) -> None:
    frames = [b": hi\n\n", b"id: 7:0\n" + rival(1), rival(2), b"data: {}\n\n", rival(2), rival(1)]
    window = await watched(serve, frames, 4, "ids=seq")
    assert (window.deliveries, window.repeated, window.went_back) == (12, 3, 3)
    assert window.samples == 12
    assert window.lowest_last_id == 1


async def test_latency_is_taken_from_the_time_in_the_text(serve: Serve) -> None:
    a_second_ago = f"@{time.monotonic_ns() // 1000 - 1_000_000:016d} text"
    window = await watched(serve, [event(1, a_second_ago)], 1)
    assert window.samples == 3
    assert window.p50_ms >= 990


async def test_a_refused_stream_is_an_error(serve: Serve) -> None:
    async def full(_request: web.Request) -> web.Response:
        return web.Response(status=503)

    port = await serve(full)
    with pytest.raises(CrowdFailed, match="2 were refused"):
        async with stream_crowd(LOOPBACK, port, "/", 2):
            pass


async def test_every_post_has_its_own_id_and_responses_are_counted_by_status(serve: Serve) -> None:
    ids = []

    async def answer(request: web.Request) -> web.Response:
        ids.append((await request.json())["client_message_id"])
        return web.Response(status=429 if len(ids) % 4 == 0 else 201)

    port = await serve(answer)
    done = await http_crowd(LOOPBACK, port, [post_message("room", "token")], 2, 10, most=40)
    assert done.statuses == {"201": 30, "429": 10}
    assert done.bare_429 == 10
    assert len(set(ids)) == 40


async def test_requests_are_sent_in_turn(serve: Serve) -> None:
    paths = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=304)

    port = await serve(answer)
    await http_crowd(LOOPBACK, port, [get("/a"), get("/b"), get("/c")], 1, 10, most=6)
    assert paths == ["/a", "/b", "/c"] * 2


def test_a_saturated_generator_is_reported_as_such() -> None:
    assert "SATURATED" in generator_note(0.97)
    assert "SATURATED" not in generator_note(0.5)


async def test_streams_open_as_people_arrive_and_count_all_rows_but_reactions(serve: Serve) -> None:
    frames = b"id: 4\nevent: stream.opened\ndata: {}\n\n" + event(5)
    frames += b"id: 7\nevent: reaction.changed\ndata: {}\n\n" + event(8)
    ended = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(frames)
        await ended.wait()
        return response

    port = await serve(stream)
    try:
        async with stream_crowd(LOOPBACK, port, "/", 5, start=1) as crowd, asyncio.timeout(SEEN_WITHIN_S):
            while (first := await crowd.rows()).rows < 2:
                await asyncio.sleep(0.02)
            assert first.starts == [(4, 1)]
            crowd.open(4)
            while (rows := await crowd.rows()).rows < 8:
                await asyncio.sleep(0.02)
            assert (rows.streams, rows.ends, rows.starts) == (4, [(8, 4)], [(4, 4)])
            assert rows.missed == [(6, 4)]
            assert (await crowd.report()).open == 4
    finally:
        ended.set()


async def test_seqs_that_streams_skip_or_miss_are_counted_until_a_gap(serve: Serve) -> None:
    skipped = b'id: 8\nevent: stream.skipped\ndata: {"room_id":"r","from_seq":6,"to_seq":8}\n\n'
    gap = b'id: 20\nevent: stream.gap\ndata: {"from_seq":9,"to_seq":20}\n\n'
    opened = b"id: 4\nevent: stream.opened\ndata: {}\n\n"
    ended = asyncio.Event()
    turns = iter([opened + event(5) + skipped + event(9), opened + event(5) + gap + event(25)])

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(next(turns))
        await ended.wait()
        return response

    port = await serve(stream)
    try:
        async with stream_crowd(LOOPBACK, port, "/", 2) as crowd, asyncio.timeout(SEEN_WITHIN_S):
            while (await crowd.report()).deliveries < 4:
                await asyncio.sleep(0.02)
            rows = await crowd.rows()
    finally:
        ended.set()
    assert (rows.missed, rows.skipped) == ([(6, 1)], [(7, 1), (8, 1)])
    assert (rows.starts, rows.ends, rows.uncounted) == ([(4, 1)], [(9, 1)], 0)
