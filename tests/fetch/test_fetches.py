"""Fetches on the fast path: responses, counting and refusals. On real stores, without a server."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from random import Random
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_contract.redis_keys import FETCHES, HOT
from chat_server.fastpath.call_shares import SHARE_OF
from chat_server.fastpath.fetch_services import FetchServices, open_fetch_services
from chat_server.fastpath.immediate_answers import ImmediateAnswers
from chat_server.fastpath.router import FastPath
from chat_server.fastpath.routes import FAST_ROUTES
from chat_server.fastpath.share_limiter import ShareLimiter
from chat_server.fetch.event_waits import EventWaits
from chat_server.fetch.query import FetchQuery
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.heat_rules import LiveHeatRules, environment_rules
from chat_server.hotchat.redis_entries import encode_entry
from chat_server.http.cached_response import CachedResponse
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.search_semaphore import search_semaphore
from chat_server.postgres.pools import open_database
from chat_server.postgres.read_lane import open_read_lane
from chat_server.rooms.access_repository import Access, AccessRepository
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.room_access import RoomAccess
from chat_server.rooms.room_settings_cache import RoomSettingsCache
from chat_server.search.handler import SearchHandler
from chat_server.search.message_search import MessageSearch
from chat_server.settings import ChatSettings
from server_kit.background_tasks import BackgroundTasks
from server_kit.http.asgi import Scope
from server_kit.http.problem import ChatError
from server_kit.http.request_head import RequestHead
from server_kit.limits.shares import Shares
from server_kit.session_tokens import SessionTokens, session_in
from tests.fetch.conftest import (
    AUTHOR,
    Collected,
    Reply,
    Store,
    fetch_scope,
    receive,
    reply_on_the_wire,
)
from tests.support.manual_clock import ManualClock

SECRET = "a secret for tests only"
TOKENS = SessionTokens(SECRET)
READ_TIMEOUT_S = 20.0
"""On a busy machine the first read, which opens a connection, takes longer than reads of the server may."""


class EveryHost:
    """Admits requests of every host and counts those that it checks."""

    def __init__(self) -> None:
        self.passes: AbstractSet[bytes] = {b"localhost"}
        self.checked = 0

    def check(self, scope: Scope, head: RequestHead) -> None:
        self.checked += 1
        if head.host == b"evil.example":
            raise ChatError("misdirected", "This server does not answer under that host name.")


class CountedAccess(AccessRepository):
    """Counts the queries of the gate."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.queries = 0

    async def of(self, pairs: Iterable[tuple[str, UUID | None]]) -> list[Access]:
        self.queries += 1
        return await super().of(pairs)


class Reader:
    """Sends fetches through the fast path as the server does: first to memory, then to the router."""

    def __init__(
        self,
        fetches: FetchServices,
        event_waits: EventWaits,
        search: SearchHandler,
        redis: Redis,
        shares: Shares,
        clock: ManualClock,
        access: CountedAccess,
    ) -> None:
        self.clock = clock
        self._access = access
        self.fetches = fetches
        self.event_waits = event_waits
        routes = [route for route in FAST_ROUTES if route.is_fetch]
        self.fast_path = FastPath(routes, (fetches.handler, search), fetches.admission)
        self.limiter = ShareLimiter(SHARE_OF, shares, TOKENS, fetches.hot_rooms.is_hot, clock, time.time)
        self.admission = EveryHost()
        self.immediate_answers = ImmediateAnswers(
            self.fast_path, fetches.handler, fetches.admission, self.limiter, self.admission
        )
        self.redis = redis

    @property
    def access_queries(self) -> int:
        return self._access.queries

    async def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        reply = self.get_from_memory(path, method, **headers)
        return reply if reply is not None else await self.get_through_layers(path, method, **headers)

    def get_from_memory(self, path: str, method: str = "GET", **headers: str) -> Reply | None:
        given = {"host": "localhost", **headers}
        answer = self.immediate_answers(fetch_scope(f"/api/v1/rooms/{path}", method, **given))
        return None if answer is None else reply_on_the_wire(*answer)

    async def get_through_layers(self, path: str, method: str = "GET", **headers: str) -> Reply:
        collected = Collected()
        assert await self.fast_path(
            fetch_scope(f"/api/v1/rooms/{path}", method, **headers), receive, collected.send, []
        )
        return collected.reply()

    async def heat(self, room_id: str) -> None:
        entry = HotEntry(True, "2026-01-02T03:04:05.678Z", 9000.0, 0)
        await self.redis.hset(HOT, room_id, encode_entry(entry))
        await self.fetches.hot_rooms.refresh_hot()

    async def counted(self, room_id: str) -> int:
        await self.fetches.counters.flush()
        return int(await self.redis.hget(FETCHES, room_id) or 0)


def session(user_id: uuid.UUID | None = None) -> str:
    token, _ = TOKENS.issue(user_id or uuid.uuid4(), "ann", 4_000_000_000, session_id=uuid.uuid4())
    return f"Bearer {token}"


def user_of(scope: Scope) -> UUID | None:
    try:
        found = session_in(scope, TOKENS, time.time())
    except ChatError:
        return None
    return None if found is None else found.user_id


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
        yield redis


@pytest.fixture
async def reader(store: Store, redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    """`@pytest.mark.parametrize("reader", [{setting: value}], indirect=True)` opens it with other settings."""
    given = getattr(request, "param", {})
    settings = ChatSettings(hotchat_secret=SECRET, database_url=store.dsn, **given)
    shares, rng, clock = Shares(settings, Random(7)), Random(7), ManualClock()
    tasks, known_rooms, event_waits = BackgroundTasks(rng, clock), KnownRooms(), EventWaits()
    async with open_database(store.dsn, 2) as engine, AsyncExitStack() as stack:
        look_ups = LookUpSemaphore(2, lambda scope: shares.source_of(scope).address, clock, rng)
        queries = CountedAccess(engine)
        access = RoomAccess(queries, known_rooms, look_ups, user_of, clock)
        lane = await stack.enter_async_context(
            open_read_lane(store.dsn, 2, "search", clock=clock, timeout_s=READ_TIMEOUT_S)
        )
        services = open_fetch_services(
            settings=settings,
            heat=LiveHeatRules(environment_rules(settings)),
            access=access,
            redis=redis,
            tokens=TOKENS,
            shares=shares,
            event_waits=event_waits,
            tasks=tasks,
            rng=rng,
            clock=clock,
            read_timeout_s=READ_TIMEOUT_S,
        )
        fetches = await stack.enter_async_context(services)
        search = MessageSearch(lane, clock=clock)
        rooms = RoomRepository(engine)
        await rooms.get("lobby")  # connect now: on a busy machine that takes longer than the cache waits
        room_settings = RoomSettingsCache(rooms, known_rooms, search_semaphore(2, clock, rng), clock)
        yield Reader(
            fetches,
            event_waits,
            SearchHandler(search, search_semaphore(2, clock, rng), room_settings, shares),
            redis,
            shares,
            clock,
            queries,
        )


async def commands(redis: Redis) -> int:
    """Commands that clients sent to Redis about heat; INFO itself and the refresh of the hot set are left out."""
    stats = await redis.info("commandstats")
    return sum(
        int(stat["calls"])
        for name, stat in stats.items()
        if name not in ("cmdstat_info", "cmdstat_hgetall", "cmdstat_select", "cmdstat_hset")
    )


def statements() -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name in ("hotchat_read_statements", "hotchat_reads_refused")
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


async def test_the_latest_page_of_a_room(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b")
    reply = await reader.get(f"{room_id}/messages")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "private, no-cache"
    assert reply.headers["cache-status"] == "hotchat; fwd=miss"
    assert reply.headers["etag"].startswith('W/"')
    assert int(reply.headers["content-length"]) == len(reply.body)
    page = reply.json()
    assert [message["text"] for message in page["messages"]] == ["a", "b"]
    assert (page["cursor"], page["has_more"]) == (2, False)
    again = await reader.get(f"{room_id}/messages?limit=50")
    assert again.headers["cache-status"] == "hotchat; hit"
    assert again.body == reply.body


async def test_an_empty_room_has_cursor_0(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    page = (await reader.get(f"{room_id}/messages")).json()
    assert (page["messages"], page["cursor"], page["has_more"]) == ([], 0, False)
    reply = (await reader.get(f"{room_id}/events?after_seq=0")).json()
    assert reply == {"events": [], "cursor": 0, "last_seq": 0, "has_more": False}


async def test_a_room_shows_its_head_heat_and_viewers(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    assert (await reader.get(room_id)).json() == {
        "id": room_id,
        "name": "A room",
        "visibility": "public",
        "owner_id": None,
        "last_seq": 1,
        "message_count": 1,
        "heat": {"hot": False, "since": None, "fetches_per_s": 0.0, "posts_per_s": 0.0, "level": 0},
        "slow_mode_s": 0,
        "viewers": 0,
        "owner": None,
        "moderators": [],
        "who_can_post": "everyone",
        "regular_after_s": 86_400,
        "slow_mode": {"mode": "off", "seconds": 0, "target_posts_per_s": None},
    }
    cold_tag = (await reader.get(room_id)).headers["etag"]
    await reader.heat(room_id)
    hot = await reader.get(room_id)
    assert hot.json()["heat"]["hot"] is True
    assert hot.headers["etag"] != cold_tag, "heat takes no seq but changes the response"


async def test_a_room_lists_its_moderators_in_the_order_of_appointment(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b", "c")
    moderators = [{"id": str(uuid.UUID(int=n)), "nickname": f"moderator {n}"} for n in range(100)]
    await store.connection.execute(
        "UPDATE rooms SET moderators = $2::jsonb WHERE id = $1", room_id, json.dumps(moderators)
    )
    assert (await reader.get(room_id)).json()["moderators"] == moderators


async def events_after(reader: Reader, room_id: str, seq: int, wait_s: int) -> list[int]:
    reply = await reader.get(f"{room_id}/events?after_seq={seq}&wait_s={wait_s}")
    assert reply.status == 200
    return [event["seq"] for event in reply.json()["events"]]


async def test_a_fetch_of_events_waits_for_the_next_one_and_counts_once(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    assert await events_after(reader, room_id, 0, 5) == [1]
    counted = await reader.counted(room_id)
    waiting = [asyncio.create_task(events_after(reader, room_id, 1, 5)) for _ in range(2)]
    async with asyncio.timeout(20):
        while reader.event_waits.count < 2:
            await asyncio.sleep(0)
        assert await reader.counted(room_id) == counted + 2
        await store.post(room_id, "b")  # by another process
        reader.clock.now_s += 1.0
        assert await asyncio.gather(*waiting) == [[2], [2]]
    assert await reader.counted(room_id) == counted + 2
    assert reader.event_waits.count == 0


async def test_a_fetch_of_events_does_not_wait_in_a_hot_room_nor_above_the_head(
    store: Store, reader: Reader
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    assert await events_after(reader, room_id, 0, 0) == [1]
    async with asyncio.timeout(20):
        assert await events_after(reader, room_id, 7, 5) == []
        assert await events_after(reader, room_id, 1, 1) == []
        await reader.heat(room_id)
        assert await events_after(reader, room_id, 1, 5) == []


async def test_only_the_newest_page_carries_the_room(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b")
    room = (await reader.get(room_id)).json()
    for size in (1, 50):
        assert (await reader.get(f"{room_id}/messages?limit={size}")).json()["room"] == room
    for place in ("before_seq=2", "after_seq=1", "around_seq=1"):
        assert "room" not in (await reader.get(f"{room_id}/messages?{place}")).json()


@pytest.mark.parametrize("path", ["messages", "events?after_seq=0", "", "messages?before_seq=2"])
async def test_a_matching_etag_gets_304(store: Store, reader: Reader, path: str) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b")
    url = f"{room_id}/{path}".rstrip("/")
    tag = (await reader.get(url)).headers["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        reply = await reader.get(url, if_none_match=known)
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["etag"] == tag
        assert reply.headers["cache-control"] == "private, no-cache"
    assert (await reader.get(url, if_none_match='W/"other"')).status == 200


async def test_memory_gives_the_same_responses_as_the_layers(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b")
    for path in ("", "/messages", "/messages?limit=1", "/events?after_seq=0"):
        url = f"{room_id}{path}"
        assert reader.get_from_memory(url) is None
        await reader.get_through_layers(url)
        layered = await reader.get_through_layers(url)
        for headers in ({}, {"if_none_match": layered.headers["etag"]}):
            layered = await reader.get_through_layers(url, **headers)
            remembered = reader.get_from_memory(url, **headers)
            assert remembered is not None
            assert len(remembered.headers.pop("x-request-id")) == 16
            assert remembered == layered
    assert await reader.counted(room_id) == 4 * 6
    assert reader.admission.checked == 0


async def test_memory_leaves_unusual_requests_to_the_layers(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    url = f"{room_id}/messages"
    await reader.get_through_layers(url)
    assert reader.get_from_memory(url) is not None
    assert reader.get_from_memory(url, "HEAD") is None
    assert reader.get_from_memory(url, origin="http://localhost") is None
    assert reader.get_from_memory(f"{room_id}/messages?limit=0") is None
    assert await reader.counted(room_id) == 2


async def test_memory_answers_only_requests_that_admission_and_shares_let_pass(
    store: Store, reader: Reader
) -> None:
    room_id = await store.make_room()
    url = f"{room_id}/messages"
    await reader.get_through_layers(url)
    assert reader.get_from_memory(url, x_forwarded_for="192.0.2.9", x_request_id="mine") is not None
    assert reader.admission.checked == 1
    reply = reader.get_from_memory(url, host="evil.example")
    assert reply is not None
    assert (reply.status, reply.json()["code"]) == (421, "misdirected")
    assert await reader.counted(room_id) == 2


@pytest.mark.parametrize("reader", [{"fetches_per_address_per_s": 1}], indirect=True)
async def test_a_share_refuses_what_memory_could_answer(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    url = f"{room_id}/messages"
    await reader.get_through_layers(url)
    replies = [reader.get_from_memory(url) for _ in range(20)]
    statuses = [reply.status for reply in replies if reply is not None]
    assert (len(statuses), statuses[-1]) == (20, 429)
    assert await reader.counted(room_id) == 1 + statuses.count(200)


@pytest.mark.parametrize("reader", [{"fetches_per_address_per_s": 1}], indirect=True)
async def test_a_refused_fetch_builds_no_page(
    store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcdefghij")
    urls = [f"{room_id}/events?after_seq={seq}" for seq in range(10)]
    for url in urls:
        await reader.get_through_layers(url)  # memory answers only requests that were parsed before
    handler = reader.fetches.handler
    in_memory = handler.in_memory
    built: list[FetchQuery] = []

    def counted(query: FetchQuery, *, is_hot: bool) -> Callable[[], CachedResponse] | None:
        build = in_memory(query, is_hot=is_hot)
        assert build is not None

        def count() -> CachedResponse:
            built.append(query)
            return build()

        return count

    monkeypatch.setattr(handler, "in_memory", counted)
    reader.immediate_answers = ImmediateAnswers(
        reader.fast_path, handler, reader.fetches.admission, reader.limiter, reader.admission
    )

    def statuses() -> list[int]:
        replies = [reader.get_from_memory(url) for url in urls]
        return [reply.status for reply in replies if reply is not None]

    served = statuses().count(200)
    assert (len(built), statuses()) == (served, [429] * 10)
    await reader.heat(room_id)
    for _ in range(50):
        statuses()
    built.clear()
    assert (statuses(), built) == ([429] * 10, [])


async def test_head_returns_the_headers_of_get_without_a_body(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    full = await reader.get(f"{room_id}/messages")
    head = await reader.get(f"{room_id}/messages", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == full.headers["content-length"]


async def test_failed_fetches_get_their_problem_codes(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b")
    await store.delete_events(room_id, 1)
    for path, status, code in (
        ("nowhere/messages", 404, "room_not_found"),
        ("NOWHERE", 404, "room_not_found"),
        (f"{room_id}/messages/{uuid.uuid4()}", 404, "message_not_found"),
        (f"{room_id}/messages/x", 404, "message_not_found"),
        (f"{room_id}/messages/", 404, "message_not_found"),
        (f"{room_id}/messages?limit=0", 422, "validation_failed"),
        (f"{room_id}/events?after_seq=0", 410, "cursor_expired"),
        (f"{room_id}/reactions/mine", 401, "unauthenticated"),
    ):
        reply = await reader.get(path)
        assert reply.headers["content-type"] == "application/problem+json"
        assert (reply.status, reply.json()["code"]) == (status, code)


async def test_own_reactions_need_a_session(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    [message_id] = await store.post(room_id, "a")
    await store.react(room_id, message_id)
    mine = await reader.get(f"{room_id}/reactions/mine", authorization=session(AUTHOR))
    assert mine.json() == {"mine": {str(message_id): ["heart"]}}
    expired, _ = TOKENS.issue(AUTHOR, "ann", 0, session_id=AUTHOR)
    reply = await reader.get(f"{room_id}/reactions/mine", authorization=f"Bearer {expired}")
    assert (reply.status, reply.json()["code"]) == (401, "session_expired")


async def test_a_public_room_can_be_read_with_an_invalid_session(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await reader.heat(room_id)
    assert (await reader.get(f"{room_id}/messages", authorization="Bearer nonsense")).status == 200


async def test_every_fetch_of_a_known_room_counts_for_any_response(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    [message_id] = await store.post(room_id, "a")
    await store.delete_events(room_id, 1)
    tag = (await reader.get(f"{room_id}/messages")).headers["etag"]
    await reader.get(f"{room_id}/messages", if_none_match=tag)
    await reader.get(room_id)
    await reader.get(f"{room_id}/messages/{message_id}")
    await reader.get(f"{room_id}/messages/{uuid.uuid4()}")
    await reader.get(f"{room_id}/events?after_seq=0")
    await reader.get(f"{room_id}/messages", "HEAD")
    await reader.heat(room_id)
    await reader.get(f"{room_id}/messages?before_seq=5")
    assert await reader.counted(room_id) == 8
    await reader.get("nowhere/messages")
    assert await reader.counted("nowhere") == 0


async def test_a_hot_room_serves_everybody_within_their_share(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a", "b")
    await reader.heat(room_id)
    for path in ("messages", "messages?after_seq=1", "events?after_seq=1", ""):
        assert (await reader.get(f"{room_id}/{path}".rstrip("/"), authorization=session())).status == 200


async def test_a_session_over_its_share_gets_429_with_retry_after(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await reader.heat(room_id)
    ann, bob = session(), session()
    statuses = [(await reader.get(f"{room_id}/messages", authorization=ann)).status for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = await reader.get(f"{room_id}/messages", authorization=ann)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "room_hot"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit-policy"] == '"session";q=10;w=5'
    assert refused.headers["ratelimit"] == '"session";r=0;t=1'
    assert 500 <= refused.json()["retry_after_ms"] <= 1000
    assert (await reader.get(f"{room_id}/messages", authorization=bob)).status == 200
    assert (await reader.get(f"{room_id}/messages")).status == 200, (
        "an address without a session has a separate share"
    )


async def test_a_sessions_first_page_of_a_hot_room_is_served(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await reader.heat(room_id)
    ann = session()
    for _ in range(15):
        await reader.get(f"{room_id}/events?after_seq=0", authorization=ann)
    assert (await reader.get(f"{room_id}/messages", authorization=ann)).status == 200
    assert (await reader.get(f"{room_id}/messages", authorization=ann)).status == 429


@pytest.mark.parametrize("path", ["messages?before_seq=5", "messages?around_seq=5", "messages?after_seq=1"])
async def test_a_hot_room_refuses_fetches_of_its_history(store: Store, reader: Reader, path: str) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *[str(number) for number in range(120)])
    assert (await reader.get(f"{room_id}/{path}")).status == 200
    await reader.heat(room_id)
    refused = await reader.get(f"{room_id}/{path}", authorization=session())
    assert (refused.status, refused.json()["code"]) == (429, "room_hot")
    assert int(refused.headers["retry-after"]) >= 3


async def test_events_older_than_the_tail_of_a_hot_room_are_history(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.events(room_id, 700)
    await reader.heat(room_id)
    assert (await reader.get(f"{room_id}/events?after_seq=300")).status == 200
    assert (await reader.get(f"{room_id}/events?after_seq=100")).status == 429


async def test_a_refused_fetch_costs_no_store_a_query(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await reader.heat(room_id)
    ann = session()
    for _ in range(11):
        await reader.get(f"{room_id}/messages", authorization=ann)
    await reader.fetches.counters.flush()
    statements_before, commands_before = statements(), await commands(reader.redis)
    for _ in range(200):
        for path in ("messages", "messages?before_seq=3", "events?after_seq=0", "reactions/mine"):
            assert (await reader.get(f"{room_id}/{path}", authorization=ann)).status == 429
    assert statements() == statements_before
    flushes = await commands(reader.redis) - commands_before
    # Counts are flushed four times a second for any number of fetches; 800 were refused here.
    assert flushes < 40


@pytest.mark.parametrize("reader", [{"hot_fetch_per_client_per_s": 20}], indirect=True)
async def test_a_fetch_counts_once_while_the_share_refills(
    store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_id = await store.make_room()
    await store.events(room_id, 700)
    await reader.heat(room_id)
    ann = session()
    await reader.get(f"{room_id}/messages", authorization=ann)

    def next_instant(clock: ManualClock) -> float:
        clock.now_s += 0.00137  # no divisor of the 50 ms between two refills
        return clock.now_s

    monkeypatch.setattr(ManualClock, "__call__", next_instant)
    before = await reader.counted(room_id)
    for _ in range(200):
        older_than_memory = await reader.get(f"{room_id}/events?after_seq=100", authorization=ann)
        assert older_than_memory.status == 429
    assert await reader.counted(room_id) == before + 200


async def test_other_rooms_are_not_refused(store: Store, reader: Reader) -> None:
    hot, cold = await store.make_room(), await store.make_room()
    await reader.heat(hot)
    ann = session()
    for _ in range(30):
        await reader.get(f"{hot}/messages", authorization=ann)
        assert (await reader.get(f"{cold}/messages", authorization=ann)).status == 200


@pytest.mark.parametrize("reader", [{"hotchat_mode": "shadow"}], indirect=True)
async def test_shadow_counts_and_reports_but_refuses_nothing(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await reader.heat(room_id)
    ann = session()
    would_have_been = {"reason": "over_share", "mode": "shadow"}
    before = REGISTRY.get_sample_value("hotchat_fetches_refused_total", would_have_been) or 0
    for _ in range(15):
        assert (await reader.get(f"{room_id}/messages", authorization=ann)).status == 200
    assert (await reader.get(f"{room_id}/messages?before_seq=5")).status == 200
    assert await reader.counted(room_id) == 16
    after = REGISTRY.get_sample_value("hotchat_fetches_refused_total", would_have_been)
    assert after == before + 5
    assert (await reader.get(room_id)).json()["heat"]["hot"] is True


@pytest.mark.parametrize("reader", [{"hotchat_mode": "off"}], indirect=True)
async def test_off_neither_counts_nor_refuses(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await reader.heat(room_id)
    for _ in range(15):
        assert (await reader.get(f"{room_id}/messages", authorization=session(AUTHOR))).status == 200
    assert await reader.counted(room_id) == 0


@pytest.mark.parametrize("reader", [{"hotchat_strategy": "refuse_all"}], indirect=True)
async def test_refuse_all_refuses_everything_of_a_hot_room(store: Store, reader: Reader) -> None:
    room_id, other = await store.make_room(), await store.make_room()
    await reader.heat(room_id)
    for path in ("", "messages", "events?after_seq=0"):
        assert (await reader.get(f"{room_id}/{path}".rstrip("/"), authorization=session())).status == 429
    assert (await reader.get(f"{other}/messages")).status == 200


async def test_a_search_counts_as_a_fetch_and_a_hot_room_refuses_it(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await reader.get(room_id)
    found = await reader.get(f"{room_id}/search?q=x")
    assert (found.status, found.json()["messages"]) == (200, [])
    await reader.heat(room_id)
    refused = await reader.get(f"{room_id}/search?q=x")
    assert (refused.status, refused.json()["code"]) == (429, "room_hot")
    assert "ratelimit" in refused.headers
    assert await reader.counted(room_id) == 3


async def test_other_requests_go_to_the_next_layer(reader: Reader) -> None:
    collected = Collected()
    for url, method in (
        ("/api/v1/rooms", "GET"),
        ("/api/v1/rooms/lobby/messages", "POST"),
        ("/api/v1/rooms/lobby/nothing", "GET"),
        ("/api/v1/roomsX/a", "GET"),
        ("/", "GET"),
    ):
        assert not await reader.fast_path(fetch_scope(url, method), receive, collected.send, [])
    assert collected.messages == []


async def test_fetches_of_a_hot_room_cost_one_query_a_quarter_second(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await reader.heat(room_id)
    before = statements()
    replies = await asyncio.gather(
        *(reader.get(f"{room_id}/messages", authorization=session()) for _ in range(300))
    )
    assert {(reply.status, reply.json().get("code")) for reply in replies} == {(200, None)}
    assert statements() - before <= 2
    assert len({json.dumps(reply.json()) for reply in replies}) == 1


async def make_private(store: Store, member: UUID) -> str:
    room_id = await store.make_room()
    await store.post(room_id, "a secret")
    await store.connection.execute("UPDATE rooms SET visibility = 'private' WHERE id = $1", room_id)
    await store.connection.execute(
        "INSERT INTO members (room_id, user_id, nickname, joined_at) VALUES ($1, $2, 'ann', now())",
        room_id,
        member,
    )
    return room_id


PATHS_OF_A_ROOM = ("", "/messages", "/messages?before_seq=9", "/events?after_seq=0", "/reactions/mine")


@pytest.mark.parametrize("is_hot", [False, True])
@pytest.mark.parametrize("is_read_before", [False, True])
async def test_fetches_of_strangers_in_a_private_room_are_neither_counted_nor_throttled(
    store: Store, reader: Reader, is_hot: bool, is_read_before: bool
) -> None:
    ann = uuid.uuid4()
    room_id = await make_private(store, ann)
    if is_hot:
        await reader.heat(room_id)
    if is_read_before:
        for path in PATHS_OF_A_ROOM:
            await reader.get(f"{room_id}{path}", authorization=session(ann))
    before = await reader.counted(room_id)
    assert before == (len(PATHS_OF_A_ROOM) if is_read_before else 0)
    for authorization in (session(), "Bearer x"):
        for path in PATHS_OF_A_ROOM * 4:
            refused = await reader.get(f"{room_id}{path}", authorization=authorization, if_none_match="*")
            assert (refused.status, refused.json()["code"]) == (404, "room_not_found"), path
    assert await reader.counted(room_id) == before


async def test_a_private_room_is_never_answered_from_memory_below_the_gate(
    store: Store, reader: Reader
) -> None:
    ann = uuid.uuid4()
    room_id = await make_private(store, ann)
    for path in ("", "/messages", "/events?after_seq=0"):
        assert (await reader.get(f"{room_id}{path}", authorization=session(ann))).status == 200
        assert reader.get_from_memory(f"{room_id}{path}", authorization=session(ann)) is None
        assert reader.get_from_memory(f"{room_id}{path}") is None


async def test_a_page_of_a_room_that_turned_private_elsewhere_is_not_shown(
    store: Store, reader: Reader
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "in public")
    assert (await reader.get(f"{room_id}/messages")).status == 200
    await store.connection.execute("UPDATE rooms SET visibility = 'private' WHERE id = $1", room_id)
    await store.post(room_id, "a secret")
    reader.clock.now_s += 1
    for path in ("/messages?before_seq=9", "/messages", "/events?after_seq=0"):
        assert (await reader.get(f"{room_id}{path}")).status == 404


async def test_a_public_room_costs_no_statement_for_the_gate(store: Store, reader: Reader) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "in public")
    asked = reader.access_queries
    for path in PATHS_OF_A_ROOM[:4] * 3:
        assert (await reader.get(f"{room_id}{path}")).status == 200
    assert reader.access_queries == asked == 0
