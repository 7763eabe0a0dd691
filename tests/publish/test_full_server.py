"""A full publish_server: places in the queue, in the order of arrival, over replicas and without Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio

from local_stack.valkey import Valkey
from publish_server.stream_queue.place_tokens import PlaceTokens, QueuePlace
from tests.publish.conftest import StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S, StreamClient, StreamReader
from tests.support.chat_stack import SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")


class FullServer:
    """One publish_server with few slots. A client opens streams of one room there, and asks for places."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, room_id: str) -> None:
        self._client = client
        self._places = f"{base_url}/stream/v1/places"
        self.room_url = f"{base_url}/stream/v1/rooms/{room_id}"
        self._open: list[AsyncExitStack] = []
        self._readers: list[StreamReader] = []
        """A reader that nobody refers to would close its stream."""

    async def place(self, place: str | None = None, **headers: str) -> dict[str, Any]:
        response = await self._client.post(
            self._places, json={} if place is None else {"place": place}, headers=headers
        )
        assert response.status_code == 200, response.text
        fields: dict[str, Any] = response.json()
        return fields

    async def post(self, **arguments: Any) -> httpx.Response:
        return await self._client.post(self._places, **arguments)

    async def open(self, place: str | None = None) -> tuple[httpx.Response, StreamReader]:
        stack = AsyncExitStack()
        self._open.append(stack)
        params = {} if place is None else {"place": place}
        response = await stack.enter_async_context(self._client.stream("GET", self.room_url, params=params))
        if response.status_code != 200:
            await response.aread()
        reader = StreamReader(response)
        self._readers.append(reader)
        return response, reader

    async def opened(self, place: str | None = None) -> StreamReader:
        response, reader = await self.open(place)
        assert response.status_code == 200, response.text
        assert (await reader.next_frame()).type == "stream.opened"
        return reader

    async def refused(self, place: str | None = None) -> dict[str, Any]:
        response, _ = await self.open(place)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        problem: dict[str, Any] = response.json()
        assert problem["code"] == "server_full"
        return problem

    async def close_one(self) -> None:
        await self._open.pop(0).aclose()

    async def close_all(self) -> None:
        while self._open:
            await self.close_one()

    async def until_position(self, place: str, position: int) -> dict[str, Any]:
        """Renew the place until it has that position."""
        async with asyncio.timeout(DEADLINE_S):
            while (standing := await self.place(place))["position"] != position:
                place = standing["place"]
                await asyncio.sleep(0.05)
        return standing


@pytest_asyncio.fixture(loop_scope="module")
async def start(
    start_publish: StartPublish, stored: StoredRooms, room: str, redis_url: str
) -> AsyncIterator[Callable[..., Any]]:
    """Starts a publish_server with `streams` slots; those of one test share a queue."""
    stored.store(room)
    async with StreamClient.of("") as client, AsyncExitStack() as stack:

        async def start_with(streams: int, **settings: str) -> FullServer:
            own = {"REDIS_URL": redis_url, "MAX_STREAMS": f"{streams}"} | settings
            base_url = await started(start_publish, **own)
            server = FullServer(client.client, base_url, room)
            stack.push_async_callback(server.close_all)
            return server

        yield start_with


async def test_who_came_first_gets_the_next_stream_and_newcomers_wait_behind(
    start: Callable[..., Any],
) -> None:
    server: FullServer = await start(1)
    await server.opened()
    first, second = await server.place(), await server.place()
    assert (first["position"], second["position"]) == (1, 2)
    assert second["estimate_s"] >= first["estimate_s"] > 0
    assert 0 < first["renew_in_s"] < 2
    problem = await server.refused(second["place"])
    assert problem["position"] == 2
    assert problem["estimate_s"] > 0
    assert "position" not in await server.refused()
    await server.close_one()
    await server.until_position(first["place"], 0)
    await server.refused()
    await server.refused(second["place"])
    await server.opened(first["place"])
    await server.until_position(second["place"], 1)


async def test_the_queue_is_one_over_all_replicas(start: Callable[..., Any]) -> None:
    one: FullServer = await start(1)
    other: FullServer = await start(1)
    for server in (one, other):
        await server.opened()
    first, second, third = await one.place(), await other.place(), await one.place()
    for position, place in enumerate(
        (first, second, third), 1
    ):  # free slots elsewhere are known within seconds
        await one.until_position(place["place"], position)
    await other.close_one()
    await other.until_position(first["place"], 0)
    await other.refused(second["place"])
    await other.refused()
    await other.opened(first["place"])
    await other.until_position(second["place"], 1)
    await one.close_one()
    await one.refused(third["place"])
    await one.opened(second["place"])
    await one.refused(first["place"])


async def test_a_place_opens_one_stream_even_if_many_ask_at_once(start: Callable[..., Any]) -> None:
    server: FullServer = await start(2)
    for _ in range(2):
        await server.opened()
    shared = await server.place()
    others = [await server.place() for _ in range(3)]
    for _ in range(2):
        await server.close_one()
    await server.until_position(shared["place"], 0)
    responses = await asyncio.gather(*(server.open(shared["place"]) for _ in range(8)))
    assert sorted(response.status_code for response, _ in responses) == [200, *[503] * 7]
    assert (await server.place(shared["place"]))["position"] == 4
    await server.opened(others[0]["place"])


async def test_forged_expired_and_foreign_places_count_as_new_ones(start: Callable[..., Any]) -> None:
    server: FullServer = await start(1)
    await server.opened()
    await server.place()
    front = QueuePlace("00000000000000ff", 1_000_000, 2**32 - 1)
    worthless = [
        "x",
        "A" * 50,
        PlaceTokens("another secret").sign(front),
        PlaceTokens(SECRET).sign(front),  # of 1970
        PlaceTokens(SECRET).sign(front._replace(number=-4_000_000_000_000_000, expires_s=1)),
    ]
    for number, place in enumerate(worthless, 2):
        assert "position" not in await server.refused(place)
        assert (await server.place(place))["position"] == number


async def test_a_stream_that_does_not_open_leaves_its_place_valid(start: Callable[..., Any]) -> None:
    server: FullServer = await start(1)
    await server.opened()
    mine, other = await server.place(), await server.place()
    await server.close_one()
    await server.until_position(mine["place"], 0)
    known, server.room_url = server.room_url, server.room_url + "-does-not-exist"
    response, _ = await server.open(mine["place"])
    assert response.status_code == 404
    server.room_url = known
    await server.refused(other["place"])
    await server.opened(mine["place"])


async def test_one_address_cannot_fill_the_queue(start: Callable[..., Any]) -> None:
    """Clients without an older session may use three quarters of the eight."""
    server: FullServer = await start(1, PLACES_PER_ADDRESS="8")
    await server.opened()
    places = [await server.place() for _ in range(6)]
    refused = await server.post(json={})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert (await server.place(places[0]["place"]))["position"] == 1
    await server.post(json={"place": places[1]["place"]})


@pytest.mark.parametrize(
    "body", ["[]", '{"place": 1}', '{"other": 1}', "{", '{"place": "' + "x" * 2_000 + '"}']
)
async def test_a_wrong_body_is_refused(start: Callable[..., Any], body: str) -> None:
    server: FullServer = await start(1)
    response = await server.post(content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == (413 if len(body) > 1_024 else 422)
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_page_of_another_origin_may_ask_for_a_place_only_without_the_cookie(
    start: Callable[..., Any],
) -> None:
    server: FullServer = await start(1)
    own = await server.post(json={}, headers={"Origin": "http://127.0.0.1:8000"})
    assert own.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
    assert own.headers["cache-control"] == "no-store"
    foreign = await server.post(
        json={}, headers={"Origin": "http://evil.example", "Cookie": "hotchat_session=x"}
    )
    assert foreign.status_code == 403


async def test_a_stream_that_the_server_ends_returns_before_those_who_wait(start: Callable[..., Any]) -> None:
    server: FullServer = await start(1, STREAM_LIFETIME_S="1", STREAM_PING_S="1")
    reader = await server.opened()
    waiting = await server.place()
    closing = await reader.wait_for("stream.closing")
    assert closing.data["reason"] == "lifetime"
    assert (await server.place(waiting["place"]))["position"] == 1
    await server.refused(waiting["place"])
    reader = await server.opened(closing.data["place"])
    await server.refused(closing.data["place"])
    unclaimed = (await reader.wait_for("stream.closing")).data["place"]
    await server.until_position(waiting["place"], 0)  # the slot waits for five seconds
    await server.opened(waiting["place"])
    assert (await server.refused(unclaimed))["position"] == 1


async def test_the_client_of_a_server_that_stops_comes_first_elsewhere(
    start: Callable[..., Any], start_publish: StartPublish, room: str, redis_url: str
) -> None:
    server: FullServer = await start(1)
    await server.opened()
    stopping = start_publish(MAX_STREAMS="1", REDIS_URL=redis_url)
    await asyncio.to_thread(stopping.wait_ready)
    async with StreamClient.of(stopping.base_url) as client, client.open(room) as stream:
        waiting = await server.place()
        stopped = asyncio.create_task(asyncio.to_thread(stopping.stop))
        closing = await stream.wait_for("stream.closing")
    await stopped
    assert closing.data["reason"] == "shutdown"
    await server.until_position(closing.data["place"], 1)
    assert (await server.place(waiting["place"]))["position"] == 2


async def test_a_server_with_free_slots_opens_streams_with_or_without_a_place(
    start: Callable[..., Any],
) -> None:
    server: FullServer = await start(10)
    await server.opened()
    place = await server.place()
    assert (place["position"], place["estimate_s"]) == (0, 0)
    await server.opened(place["place"])
    await server.opened("worthless")


async def test_without_redis_a_free_stream_goes_to_whoever_asks(
    start: Callable[..., Any], own_valkey: Valkey
) -> None:
    server: FullServer = await start(1, REDIS_URL=own_valkey.url(0))
    await server.opened()
    first, second = await server.place(), await server.place()
    await server.refused(second["place"])
    own_valkey.kill()
    assert (await server.place(second["place"]))["position"] == 1
    await server.refused(second["place"])
    await server.close_one()
    await server.until_position(second["place"], 0)
    await server.opened()
    own_valkey.start()
    async with asyncio.timeout(DEADLINE_S):  # until the order is back: each place knows its number
        while (await server.place(second["place"]))["position"] != 2:
            await server.place(first["place"])
            await asyncio.sleep(0.05)
    assert (await server.place(first["place"]))["position"] == 1
