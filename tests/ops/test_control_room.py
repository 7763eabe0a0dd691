"""The stream of the control room: what it shows, who shares it, and what stays when a store or a process is gone."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from starlette.types import Receive, Scope, Send

from chat_contract.events import HeatLevel
from chat_contract.ops_snapshot import MAX_PROCESSES, MAX_SNAPSHOT_ROOMS, OpsSnapshot
from chat_contract.redis_keys import PROCESSES, PROCESSES_TTL_MS
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.post_level import LevelState
from chat_server.ops import snapshot_feed
from chat_server.ops.hottest_rooms import hottest_rooms
from chat_server.ops.process_list import UNKNOWN, decode_processes, read_processes
from chat_server.ops.snapshot_feed import MAX_WATCHERS, SnapshotFeed
from chat_server.ops.stream_endpoints import SnapshotStream
from chat_server.sessions.operator_sessions import COOKIE, LIFETIME_S, OperatorSessions
from local_stack.postgres import Postgres
from local_stack.server_process import ServerProcess
from local_stack.valkey import Valkey
from server_kit.http.connections import STALL_S
from server_kit.http.problem import ChatError
from server_kit.process_reports import OwnFigures, ProcessReport, Sample, Totals, flush_width, rates_between
from tests.hotchat.test_heat_end_to_end import make_room
from tests.moderation.hosted_room import code_of
from tests.server_kit.test_connections import serving
from tests.server_kit.test_connections import until as server_has
from tests.support.chat_stack import ADMIN_TOKEN, SECRET, StartChatStack
from tests.support.people import People

STREAM: Final = "/api/v1/ops/stream"
BEARER: Final = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
WITHIN_S: Final = 30.0


@asynccontextmanager
async def watching(base_url: str, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The snapshots of a stream, in turn."""
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=WITHIN_S) as client,
        client.stream("GET", STREAM, headers=headers or BEARER) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["cache-control"] == "no-store"
        yield snapshots_of(answer)


async def snapshots_of(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    event = ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            assert event == "ops.snapshot"
            yield orjson.loads(value)


async def one_that(snapshots: AsyncIterator[dict[str, Any]], fits: Any) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        async for snapshot in snapshots:
            if fits(snapshot):
                return snapshot
    raise AssertionError("the stream has ended")


def kinds(snapshot: dict[str, Any]) -> list[str]:
    return [process["kind"] for process in snapshot["processes"]]


def up(snapshot: dict[str, Any], store: str) -> bool:
    return bool(next(each["up"] for each in snapshot["stores"] if each["name"] == store))


async def test_it_shows_rooms_processes_and_stores_and_a_killed_process_disappears(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(chat=2, publish=1, scheduler=1)
    room_id = await make_room(stack)
    async with (
        watching(stack.chat_url) as snapshots,
        httpx.AsyncClient(base_url=stack.publish_url, timeout=WITHIN_S) as reader,
    ):
        all_there = await one_that(
            snapshots, lambda each: kinds(each) == ["chat_server", "chat_server", "publish_server"]
        )
        assert all(process["ready"] and process["age_s"] < 5 for process in all_there["processes"])
        assert all(process["resident_bytes"] > 10_000_000 for process in all_there["processes"])
        async with reader.stream("GET", f"/stream/v1/rooms/{room_id}") as stream:
            assert stream.status_code == 200
            seen = await one_that(
                snapshots,
                lambda each: any(r["id"] == room_id and r["viewers"] == 1 for r in each["rooms"]),
            )
        room = next(each for each in seen["rooms"] if each["id"] == room_id)
        assert (room["level"], room["hot"], room["slow_mode_s"]) == (0, False, 0)
        assert (room["visibility"], room["who_can_post"]) == ("public", "everyone")
        assert room["slow_mode"] == {"mode": "off", "seconds": 0, "target_posts_per_s": None}
        assert [each["name"] for each in seen["stores"]] == ["postgres", "redis", "kafka"]
        assert all(each["up"] for each in seen["stores"])
        assert seen["outbox"]["events"] is not None
        publisher = next(each for each in seen["processes"] if each["kind"] == "publish_server")
        assert publisher["kafka_lag_events"] is not None
        stack.chat_servers[1].kill()
        await one_that(snapshots, lambda each: kinds(each) == ["chat_server", "publish_server"])


@contextmanager
def down(store: Postgres | Valkey) -> Iterator[None]:
    store.stop()
    yield
    store.start()


async def test_while_a_store_is_down_the_stream_goes_on_and_says_so(
    start_chat_stack: StartChatStack, own_postgres: Postgres, own_valkey: Valkey
) -> None:
    own_postgres.ensure_database("hotchat")
    urls = {"DATABASE_URL": own_postgres.url("hotchat"), "REDIS_URL": own_valkey.url()}
    stack = start_chat_stack(publish=0, scheduler=0, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", **urls)
    async with watching(stack.chat_url) as snapshots:
        seen = await one_that(snapshots, lambda each: up(each, "redis") and kinds(each) == ["chat_server"])
        assert not up(seen, "kafka")
        assert seen["rates"]["posts_per_s"] == 0
        with down(own_valkey):
            seen = await one_that(
                snapshots, lambda each: not up(each, "redis") and each["rooms"][0]["level"] is None
            )
            assert (seen["processes"], seen["rates"]) == ([], UNKNOWN.rates)
            assert seen["rooms"][0]["name"] is not None
        with down(own_postgres):
            seen = await one_that(snapshots, lambda each: up(each, "redis") and not up(each, "postgres"))
            assert seen["outbox"] == {"events": None, "oldest_s": None}
        await one_that(snapshots, lambda each: up(each, "redis") and up(each, "postgres"))


async def test_nobody_but_the_operator_watches_and_a_cookie_is_enough(people: People) -> None:
    ann = await people.enter()
    assert code_of(await ann.http.get(STREAM)) == (403, "forbidden")
    assert code_of(await people.anonymous().get(STREAM)) == (401, "unauthenticated")
    operator = people.anonymous()
    signed_in = await operator.post("/api/v1/ops/session", json={"token": ADMIN_TOKEN})
    cookie = signed_in.cookies[COOKIE]
    async with watching(people.base_url, cookie=f"{COOKIE}={cookie}") as snapshots:
        assert (await anext(snapshots))["overridden_settings"] == 0


async def test_head_gets_the_head_and_ends(people: People) -> None:
    answer = await people.anonymous().head(STREAM, headers=BEARER)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-accel-buffering"] == "no"


async def test_the_stream_ends_with_the_cookie(chat_server: ServerProcess) -> None:
    sessions = OperatorSessions(ADMIN_TOKEN, SECRET)
    left_s = 3
    cookie, _ = sessions.issue(time.time() - LIFETIME_S + left_s)
    async with (
        watching(chat_server.base_url, cookie=f"{COOKIE}={cookie}") as snapshots,
        asyncio.timeout(WITHIN_S),
    ):
        assert [each async for each in snapshots]
    assert sessions.expires_s(_scope(cookie), time.time()) is None


def _scope(cookie: str) -> dict[str, Any]:
    return {"method": "GET", "headers": [(b"cookie", f"{COOKIE}={cookie}".encode())]}


def an_empty_snapshot() -> OpsSnapshot:
    return {
        "at": "2026-11-27T10:00:00.000Z",
        "rooms": [],
        "rooms_omitted": 0,
        "rates": UNKNOWN.rates,
        "processes": [],
        "stores": [],
        "outbox": {"events": 0, "oldest_s": 0.0},
        "overridden_settings": 0,
        "exemptions_stale": False,
    }


async def test_watchers_share_one_snapshot_and_nobody_costs_nothing() -> None:
    composed = 0

    async def compose() -> OpsSnapshot:
        nonlocal composed
        composed += 1
        return an_empty_snapshot()

    feed = SnapshotFeed(compose)
    running = asyncio.create_task(feed.run())
    for _ in range(10):
        await asyncio.sleep(0)
    assert composed == 0, "nobody watches"
    watchers = [feed.frames(math.inf, time.time) for _ in range(MAX_WATCHERS)]
    for _ in watchers:
        feed.enter()
    with pytest.raises(ChatError) as refused:
        feed.enter()
    assert refused.value.code == "server_full"
    first = await asyncio.gather(*map(anext, watchers))
    assert composed == 1
    assert all(frame is first[0] for frame in first), "encoded once"
    for _ in watchers:
        feed.leave()
    assert feed.watchers == 0
    running.cancel()


async def test_a_slow_watcher_gets_the_newest_snapshot_next() -> None:
    numbers = iter(range(100))

    async def compose() -> OpsSnapshot:
        return {**an_empty_snapshot(), "overridden_settings": next(numbers)}

    feed = SnapshotFeed(compose)
    feed.enter()
    feed.enter()
    running = asyncio.create_task(feed.run())
    slow, fast = feed.frames(math.inf, time.time), feed.frames(math.inf, time.time)
    await asyncio.gather(anext(slow), anext(fast))
    await anext(fast)
    _, newest = await asyncio.gather(anext(slow), anext(fast))
    assert b'"overridden_settings":2' in newest
    running.cancel()


async def test_a_watcher_that_never_reads_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_feed, "EVERY_S", 0.0)

    async def compose() -> OpsSnapshot:
        return {**an_empty_snapshot(), "at": "x" * 1_000_000}

    feed = SnapshotFeed(compose)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        feed.enter()
        await SnapshotStream(feed, math.inf)(scope, receive, send)

    running = asyncio.create_task(feed.run())
    async with serving(app) as server:
        await server.connect(f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await server_has(lambda: server.guard.stalled)
        assert feed.watchers == 1
        server.pass_time(STALL_S + 1)
        await server_has(lambda: feed.watchers == 0)
    running.cancel()


def entry(level: HeatLevel = 0, *, hot: bool = False, fetches: float = 0.0, posts: float = 0.0) -> HotEntry:
    return HotEntry(hot, None, fetches, 0, LevelState(posts_per_s=posts, level=level))


def test_rooms_come_by_level_then_hot_then_rates_then_viewers() -> None:
    entries = {
        "fetched": entry(fetches=9),
        "hot": entry(hot=True),
        "warm": entry(1),
        "blazing": entry(3),
        "written": entry(posts=10),
    }
    found = hottest_rooms(entries, {"viewed": 5, "more-viewed": 6, "hot": 1})
    assert found.room_ids == ["blazing", "warm", "hot", "written", "fetched", "more-viewed", "viewed"]
    assert found.omitted == 0


def test_of_many_rooms_the_hottest_are_shown_and_the_others_counted() -> None:
    viewers = {f"room-{number}": number for number in range(1_000)}
    found = hottest_rooms({"room-3": entry(2)}, viewers)
    assert len(found.room_ids) == MAX_SNAPSHOT_ROOMS
    assert found.room_ids[:2] == ["room-3", "room-999"]
    assert found.omitted == 1_000 - MAX_SNAPSHOT_ROOMS


def report_of(redis: Redis) -> ProcessReport:
    return ProcessReport(redis, "publish_server", lambda: OwnFigures(True, 7, 0, Totals()), time.monotonic)


async def test_the_hash_of_processes_is_bounded_and_gives_up_old_records_first(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        seconds, _ = await redis.time()
        now_ms = seconds * 1000
        fresh: dict[Any, Any] = {f"p-{number}": f"{now_ms}:{{}}" for number in range(MAX_PROCESSES)}
        await redis.hset(PROCESSES, mapping=fresh)
        report = report_of(redis)
        await report._write(report.record())
        assert await redis.hlen(PROCESSES) == MAX_PROCESSES
        assert (await read_processes(redis)).listed == []
        await redis.hset(PROCESSES, "p-0", f"{now_ms - 10 * PROCESSES_TTL_MS}:{{}}")
        await report._write(report.record())
        [own] = (await read_processes(redis)).listed
        assert (own["kind"], own["streams"]) == ("publish_server", 7)
        await report.withdraw()
        assert (await read_processes(redis)).listed == []


async def test_a_value_of_another_type_is_replaced(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.set(PROCESSES, "nonsense")
        report = report_of(redis)
        await report._write(report.record())
        assert len((await read_processes(redis)).listed) == 1
        assert 0 < await redis.pttl(PROCESSES) <= PROCESSES_TTL_MS


def test_records_that_are_old_or_unreadable_are_left_out() -> None:
    record = report_of(Redis()).record()
    rates = {**record["rates"], "posts_per_s": 2.0}
    good = orjson.dumps({**record, "rates": rates})
    raw = {
        b"a": b"1000:" + good,
        b"b": b"900:" + good,
        b"old": b"%d:" % (1_000 - PROCESSES_TTL_MS - 1) + good,
        b"x": b"1000:{}",
        b"y": b"nonsense",
    }
    found = decode_processes(raw, 1_000)
    assert [each["age_s"] for each in found.listed] == [0, 0.1]
    assert found.rates["posts_per_s"] == 4.0


def test_rates_are_of_the_time_between_two_records() -> None:
    before = Sample(10.0, 0.0, Totals(posts=5, deliveries=100, flushes=2))
    after = Sample(12.0, 0.0, Totals(posts=9, deliveries=400, flushes=8))
    rates = rates_between(before, after)
    assert (rates["posts_per_s"], rates["deliveries_per_s"]) == (2.0, 150.0)
    assert flush_width(before.totals, after.totals) == 50.0
    assert flush_width(after.totals, after.totals) is None
