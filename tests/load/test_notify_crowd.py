"""The C readers fetch what their streams say is new, wait as they should, and count both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from load_tests.bench.crowds import CrowdFailed
from load_tests.crowd.notify_crowd import NotifyCrowd, NotifyReport, notify_crowd
from load_tests.crowd.notify_reader import SignPolicy
from local_stack.ports import LOOPBACK
from tests.load.conftest import Serve

SEEN_WITHIN_S = 20.0


class FakeRoom:
    """Both servers of one room. `refusals` fetches are answered 429 first; a page has at most `page_size` events."""

    def __init__(self, *, refusals: int = 0, page_size: int = 500, retry_after_ms: int = 1) -> None:
        self.head = 10
        self.fetched: list[str] = []
        self.sessions: list[str] = []
        self.retry_after_ms = retry_after_ms
        self._refusals, self._page_size = refusals, page_size
        self._moved = asyncio.Condition()
        self._is_over = False

    async def move(self, head: int) -> None:
        async with self._moved:
            self.head = head
            self._moved.notify_all()

    async def end(self) -> None:
        async with self._moved:
            self._is_over = True
            self._moved.notify_all()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/sessions"):
            self.sessions.append((await request.json())["nickname"])
            return web.json_response({"id": "x", "token": f"token-{len(self.sessions)}"}, status=201)
        if request.path.startswith("/stream/"):
            return await self._stream(request)
        self.fetched.append(request.headers["Authorization"])
        if self._refusals > 0:
            self._refusals -= 1
            body = {"code": "room_hot", "retry_after_ms": self.retry_after_ms}
            return web.json_response(body, status=429)
        return web.json_response(self._page(request))

    def _page(self, request: web.Request) -> dict[str, Any]:
        if request.path.endswith("/messages"):
            return {"messages": [{"text": "x" * 9_000}], "cursor": self.head, "has_more": True, "room": {}}
        cursor = min(self.head, int(request.query["after_seq"]) + self._page_size)
        events = [{"cursor": 999}]  # an event may have a field of that name
        return {
            "events": events,
            "cursor": cursor,
            "last_seq": self.head,
            "has_more": cursor < self.head,
        }

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        assert request.query_string == "mode=notify"
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b'id: 10\nevent: stream.opened\ndata: {"seq":10}\n\n')
        said = 10
        while not self._is_over:
            if self.head > said:
                said = self.head
                await response.write(b'event: room.updated\ndata: {"room_id":"r","seq":%d}\n\n' % said)
            async with self._moved:
                await self._moved.wait_for(lambda: self._is_over or self.head > said)  # noqa: B023
        return response


@asynccontextmanager
async def crowd_of(serve: Serve, room: FakeRoom, readers: int, **options: Any) -> AsyncIterator[NotifyCrowd]:
    port = await serve(room.answer)
    try:
        async with notify_crowd(LOOPBACK, port, port, "r", readers, 10, **options) as crowd:
            yield crowd
    finally:
        await room.end()


async def all_current(crowd: NotifyCrowd, head: int) -> NotifyReport:
    async with asyncio.timeout(SEEN_WITHIN_S):
        while (report := await crowd.report(head)).current < report.readers:
            await asyncio.sleep(0.01)
    return report


async def test_each_reader_fetches_with_its_own_session_when_the_room_moves(serve: Serve) -> None:
    room = FakeRoom()
    async with crowd_of(serve, room, 3) as crowd:
        assert (await crowd.report(10)).fetches == 0
        await room.move(12)
        report = await all_current(crowd, 12)
    assert (report.fetches, report.refused, report.failed, report.staleness.count) == (3, 0, 0, 3)
    assert (report.following, report.dropped_signs, report.until_current.count) == (3, 0, 0)
    assert sorted(room.fetched) == ["Bearer token-1", "Bearer token-2", "Bearer token-3"]
    assert len(set(room.sessions)) == 3
    assert len(report.staleness_quantiles_ms) == 101


async def test_a_reader_fetches_until_no_page_follows(serve: Serve) -> None:
    room = FakeRoom(page_size=2)
    async with crowd_of(serve, room, 1) as crowd:
        await room.move(15)
        report = await all_current(crowd, 15)
    assert (report.fetches, report.staleness.count) == (3, 1)


async def test_a_refused_reader_waits_and_counts_until_it_is_current(serve: Serve) -> None:
    room = FakeRoom(refusals=2, retry_after_ms=300)
    async with crowd_of(serve, room, 1) as crowd:
        await room.move(11)
        report = await all_current(crowd, 11)
    assert (report.fetches, report.refused, report.until_current.count) == (3, 2, 1)
    assert report.until_current.max_ms >= 600
    assert report.staleness.max_ms >= report.until_current.max_ms
    assert report.figures.refused_share == pytest.approx(2 / 3)


async def test_a_crowd_counts_from_the_reset_on(serve: Serve) -> None:
    room = FakeRoom()
    async with crowd_of(serve, room, 2) as crowd:
        await room.move(11)
        assert (await all_current(crowd, 11)).fetches == 2
        crowd.reset()
        await room.move(12)
        report = await all_current(crowd, 12)
    assert (report.fetches, report.staleness.count) == (2, 2)
    assert report.figures.fetches_per_s == pytest.approx(2 / report.took_s)


async def test_a_reader_without_its_signs_is_stale_until_the_end(serve: Serve) -> None:
    room = FakeRoom()
    async with crowd_of(serve, room, 2, signs=SignPolicy(dropped_share=1.0)) as crowd:
        await room.move(11)
        async with asyncio.timeout(SEEN_WITHIN_S):
            while (await crowd.report(11)).dropped_signs < 2:
                await asyncio.sleep(0.01)
        await crowd.stop()
        report = await crowd.report(11)
    assert (report.fetches, report.current, report.staleness.count) == (0, 0, 2)
    assert room.fetched == []


async def test_a_reader_that_debounces_fetches_once_for_several_signs(serve: Serve) -> None:
    room = FakeRoom()
    async with crowd_of(serve, room, 1, signs=SignPolicy(debounce_s=0.5)) as crowd:
        for head in (11, 12, 13):
            await room.move(head)
        report = await all_current(crowd, 13)
    assert (report.fetches, report.staleness.count) == (1, 1)
    assert report.staleness.max_ms >= 500


async def test_a_refresher_fetches_the_newest_page_again_and_stops_when_told(serve: Serve) -> None:
    room = FakeRoom()
    async with crowd_of(serve, room, 1, refresh_ms=5) as crowd:
        async with asyncio.timeout(SEEN_WITHIN_S):
            while (await crowd.report(10)).fetches < 5:
                await asyncio.sleep(0.01)
        await room.move(11)
        await all_current(crowd, 11)
        await crowd.stop()
        after = await crowd.report(11)
        async with asyncio.timeout(SEEN_WITHIN_S):
            while len(room.fetched) < after.fetches:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)  # ten times the pause of a refresher
        assert (await crowd.report(11)).fetches == after.fetches
        assert after.staleness.count == 1


async def test_a_crowd_without_readers_is_ready_at_once_and_one_without_sessions_fails(serve: Serve) -> None:
    async with crowd_of(serve, FakeRoom(), 0) as crowd:
        assert (await crowd.report(10)).figures.count == 0

    async def full(_request: web.Request) -> web.Response:
        return web.Response(status=503)

    port = await serve(full)
    with pytest.raises(CrowdFailed, match="Of 2 readers 2"):
        async with notify_crowd(LOOPBACK, port, port, "r", 2, 10):
            pass
