import asyncio
from contextlib import suppress

import httpx
from aiohttp import web

from load_tests.jmeter.steady_clients import Answers, HeatSeen, fetch_steadily, watch_heat
from local_stack.ports import LOOPBACK
from tests.load.conftest import Serve
from tests.support.plain_http import ANSWERS_WITHIN_S

WITHIN_S = 20.0


def frame(kind: str, hot: bool) -> bytes:
    return b'event: %b\ndata: {"heat":{"hot":%b}}\n\n' % (kind.encode(), b"true" if hot else b"false")


async def test_the_watcher_records_each_change_of_heat_across_a_reconnect(serve: Serve) -> None:
    streams = [
        [frame("stream.opened", False), frame("room.heat", True), frame("room.heat", True)],
        [frame("stream.opened", True), frame("room.heat", False), frame("room.heat", True)],
    ]

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for one in streams.pop(0) if streams else []:
            await response.write(one)
        return response

    seen, opened = HeatSeen(), asyncio.Event()
    url = f"http://{LOOPBACK}:{await serve(stream)}"
    watching = asyncio.create_task(watch_heat(url, "room", seen, opened))
    try:
        async with asyncio.timeout(WITHIN_S):
            await opened.wait()
            while len(seen.changes) < 3:
                await seen.changed.wait()
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    assert [hot for _, hot in seen.changes] == [True, False, True]


async def test_a_steady_reader_counts_responses_and_failed_requests(serve: Serve) -> None:
    statuses = [200, 304, 429]

    async def answer(request: web.Request) -> web.Response:
        if not statuses:
            request.transport.abort()  # type: ignore[union-attr]
        return web.Response(status=statuses.pop(0) if statuses else 200)

    answers = Answers()
    async with httpx.AsyncClient(
        base_url=f"http://{LOOPBACK}:{await serve(answer)}", timeout=ANSWERS_WITHIN_S
    ) as client:
        with suppress(TimeoutError):
            reading = asyncio.create_task(fetch_steadily(client, "room", 0.001, answers))
            async with asyncio.timeout(WITHIN_S):
                while answers.total < 4:
                    await asyncio.sleep(0)
            reading.cancel()
    assert {200, 304, 429, 0} <= set(answers.statuses)
    assert set(answers.others_than(200, 304)) == {429, 0}
