"""Pages from memory are fresh, shared and correct. On a real Postgres, with time as a number."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from chat_contract.redis_keys import VIEWERS
from chat_server.fetch.history_reads import HistoryReads
from chat_server.fetch.internal_reads import InternalReads
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.read_repository import (
    MAX_PAGE_BYTES,
    MAX_SHORT_TEXT_BYTES,
    RECENT_EVENTS_MAX_BYTES,
    ReadRepository,
)
from chat_server.fetch.room_reads import RoomReads
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.cached_response import CachedResponse
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.limits.read_semaphore import read_semaphore
from server_kit.http.problem import ChatError
from tests.fetch.conftest import AUTHOR, Store
from tests.support.manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
def hot_rooms(redis: Redis, clock: ManualClock) -> HotRooms:
    return HotRooms(redis, clock=clock)


@pytest.fixture
def reads(repository: ReadRepository, hot_rooms: HotRooms, clock: ManualClock) -> RoomReads:
    return RoomReads(repository, hot_rooms, clock=clock)


@pytest.fixture
def internal_reads(repository: ReadRepository, hot_rooms: HotRooms, clock: ManualClock) -> InternalReads:
    return InternalReads(repository, hot_rooms, clock=clock)


def newest(room_id: str, limit: int = 50) -> FetchQuery:
    return FetchQuery(FetchKind.NEWEST, room_id, limit)


def events(room_id: str, after_seq: int, limit: int = 500) -> FetchQuery:
    return FetchQuery(FetchKind.EVENTS, room_id, limit, after_seq)


def event(
    room_id: str, seq: int, event_type: str = "room.changed", *, text: str | None = None
) -> CommittedEvent:
    message = b"" if text is None else b',"message":' + json.dumps({"text": text}).encode()
    payload = b'{"type":"%b","seq":%d%b}' % (event_type.encode(), seq, message)
    return CommittedEvent(room_id, seq, event_type, None, None, payload)


def created(room_id: str, first_seq: int, *texts: str) -> list[CommittedEvent]:
    return [
        event(room_id, seq, "message.created", text=text) for seq, text in enumerate(texts, start=first_seq)
    ]


async def answer(reads: RoomReads, query: FetchQuery, *, is_hot: bool = False) -> CachedResponse:
    build = reads.in_memory(query, is_hot=is_hot)
    if build is not None:
        return build()
    found = await reads.from_snapshot(query, is_hot=is_hot)
    return await reads.read_history(query) if found is None else found.answer


async def page(reads: RoomReads, query: FetchQuery, *, is_hot: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await answer(reads, query, is_hot=is_hot)).body)
    return found


def texts(page: dict[str, Any]) -> list[str]:
    return [message["text"] for message in page["messages"]]


def statements_by_name() -> Counter[str]:
    return Counter(
        {
            sample.labels["statement"]: int(sample.value)
            for metric in REGISTRY.collect()
            if metric.name == "hotchat_read_statements"
            for sample in metric.samples
            if sample.name == "hotchat_read_statements_total"
        }
    )


def statements() -> int:
    return statements_by_name().total()


async def test_simultaneous_fetches_cost_one_query(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abc")
    before = statements()
    pages = await asyncio.gather(*(page(reads, newest(room_id)) for _ in range(200)))
    assert statements() - before == 1
    assert all(texts(found) == ["a", "b", "c"] for found in pages)
    await asyncio.gather(*(page(reads, newest(room_id)) for _ in range(200)))
    assert statements() - before == 1, "a snapshot is served for a quarter of a second"


async def test_a_page_of_an_unchanged_room_costs_only_the_query_of_the_room(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abc")
    steps: list[tuple[str, dict[str, int]]] = []

    async def fetch(what: str) -> None:
        clock.now_s += 1
        before = statements_by_name()
        await page(reads, newest(room_id))
        steps.append((what, dict(statements_by_name() - before)))

    await fetch("the first page")
    await fetch("unchanged")
    await store.post(room_id, "d")
    reads.wrote(room_id, [event(room_id, 4)])
    await fetch("after a post to this process")
    await fetch("unchanged again")
    await store.post(room_id, "e")
    await fetch("after a post to another process")
    assert steps == [
        ("the first page", {"newest": 1}),
        ("unchanged", {"room": 1}),
        ("after a post to this process", {"newest": 1}),
        ("unchanged again", {"room": 1}),
        ("after a post to another process", {"room": 1, "newest": 1}),
    ]
    assert texts(await page(reads, newest(room_id))) == [*"abcde"]


async def test_a_room_with_pins_or_long_texts_costs_one_query_more_at_its_first_page(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    pinned, long = await store.make_room(), await store.make_room()
    [message_id] = await store.post(pinned, "a")
    await store.connection.execute(
        "UPDATE rooms SET pinned = ARRAY[$2::uuid] WHERE id = $1", pinned, message_id
    )
    await store.post(long, "x" * (MAX_SHORT_TEXT_BYTES + 1), "b")
    for room_id in (pinned, long):
        before = statements_by_name()
        await page(reads, newest(room_id))
        assert statements_by_name() - before == {"newest": 1, "newest_whole": 1}
        await store.post(room_id, "c")
        clock.now_s += 1
        before = statements_by_name()
        assert texts(await page(reads, newest(room_id)))[-1] == "c"
        assert statements_by_name() - before == {"room": 1, "newest_whole": 1}
    assert [message["text"] for message in (await page(reads, newest(pinned)))["pinned"]] == ["a"]
    assert len(texts(await page(reads, newest(long)))[0]) == MAX_SHORT_TEXT_BYTES + 1


async def test_a_room_without_pins_and_long_texts_costs_one_query_again(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "x" * (MAX_SHORT_TEXT_BYTES + 1))
    await page(reads, newest(room_id))
    await store.post(room_id, *["short"] * 100)
    for statements_of_page in ({"newest_whole": 1}, {"newest": 1}):
        await store.post(room_id, "short")
        reads.wrote(room_id, [event(room_id, 2_000)])
        clock.now_s += 1
        before = statements_by_name()
        await page(reads, newest(room_id))
        assert statements_by_name() - before == statements_of_page


async def test_every_page_size_is_cut_from_one_snapshot(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *[str(number) for number in range(120)])
    before = statements()
    largest = await page(reads, newest(room_id, 100))
    assert texts(largest) == [str(number) for number in range(20, 120)]
    assert texts(await page(reads, newest(room_id, 2))) == ["118", "119"]
    assert texts(await page(reads, newest(room_id, 50))) == [str(number) for number in range(70, 120)]
    assert statements() - before == 1
    assert largest["cursor"] == 120
    assert largest["has_more"] is True


async def test_a_larger_page_than_the_snapshot_holds_is_read(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *[str(number) for number in range(80)])
    assert len(texts(await page(reads, newest(room_id, 50)))) == 50
    assert len(texts(await page(reads, newest(room_id, 70)))) == 70
    small, large = await asyncio.gather(page(reads, newest(room_id, 10)), page(reads, newest(room_id, 80)))
    assert (len(texts(small)), len(texts(large))) == (10, 80)
    assert large["has_more"] is False


async def test_simultaneous_fetches_each_get_their_page_size(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *[str(number) for number in range(80)])
    sizes = [50, 100, 10, 60, 80] * 10
    pages = await asyncio.gather(*(page(reads, newest(room_id, size)) for size in sizes))
    assert [len(texts(found)) for found in pages] == [min(80, size) for size in sizes]


async def test_a_snapshot_is_at_most_a_quarter_of_a_second_old(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await page(reads, newest(room_id))
    await store.post(room_id, "b")
    clock.now_s += 0.25
    assert texts(await page(reads, newest(room_id))) == ["a"]
    clock.now_s += 0.01
    assert texts(await page(reads, newest(room_id))) == ["a", "b"]


async def test_a_write_is_readable_at_once_but_not_in_a_hot_room(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await page(reads, newest(room_id))
    await page(reads, events(room_id, 0))
    await store.post(room_id, "b")
    reads.wrote(room_id, [event(room_id, 2)])
    assert texts(await page(reads, newest(room_id), is_hot=True)) == ["a"]
    assert texts(await page(reads, newest(room_id))) == ["a", "b"]
    assert (await page(reads, events(room_id, 0)))["cursor"] == 2


async def test_a_post_to_this_process_costs_no_statement(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await page(reads, newest(room_id))
    await page(reads, events(room_id, 0))
    before = statements()
    reads.wrote(room_id, created(room_id, 1, "a", "b"))  # the snapshots already have the first one
    reads.wrote(room_id, created(room_id, 3, "c"))
    found = await page(reads, newest(room_id))
    assert (texts(found), found["cursor"], found["room"]["message_count"]) == ([*"abc"], 3, 3)
    polled = await page(reads, events(room_id, 1))
    assert [each["seq"] for each in polled["events"]] == [2, 3]
    assert statements() == before
    clock.now_s += 0.26
    assert texts(await page(reads, newest(room_id))) == ["a"], "Postgres has the last word"


async def test_a_page_of_a_posting_crowd_keeps_its_size(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *map(str, range(49)))
    assert (await page(reads, newest(room_id)))["has_more"] is False
    reads.wrote(room_id, created(room_id, 50, "49", "50"))
    before = statements()
    found = await page(reads, newest(room_id))
    assert (texts(found), found["has_more"]) == ([*map(str, range(1, 51))], True)
    assert statements() == before


@pytest.mark.parametrize(
    "commit",
    [
        pytest.param([("reaction.changed", 2, None)], id="another event"),
        pytest.param([("message.created", 2, "b"), ("message.edited", 3, "B")], id="an edit with it"),
        pytest.param([("message.created", 3, "c")], id="another process wrote in between"),
        pytest.param([("message.created", 2, "x" * MAX_SHORT_TEXT_BYTES)], id="a long text"),
    ],
)
async def test_a_page_is_read_again_after(
    store: Store, reads: RoomReads, commit: list[tuple[str, int, str | None]]
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await page(reads, newest(room_id))
    before = statements_by_name()
    reads.wrote(room_id, [event(room_id, seq, kind, text=text) for kind, seq, text in commit])
    await page(reads, newest(room_id))
    assert statements_by_name() - before == {"newest": 1}


async def test_after_a_deletion_no_earlier_page_is_served_even_in_a_hot_room(
    store: Store, reads: RoomReads
) -> None:
    room_id = await store.make_room()
    [message_id] = await store.post(room_id, "a secret")
    await page(reads, newest(room_id))
    await page(reads, events(room_id, 0))
    await store.delete(room_id, message_id)
    reads.wrote(room_id, [event(room_id, 2, "message.deleted")])
    assert reads.in_memory(newest(room_id), is_hot=True) is None
    assert reads.in_memory(events(room_id, 0), is_hot=True) is None
    assert texts(await page(reads, newest(room_id), is_hot=True)) == [""]
    assert (await page(reads, events(room_id, 0), is_hot=True))["events"][0] == {"blanked": True}


async def test_a_write_during_a_read_is_not_missed(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await page(reads, newest(room_id))
    # As if it was known before the current read, which began too early to include it.
    reads.wrote(room_id, [event(room_id, 2)])
    early = asyncio.create_task(page(reads, newest(room_id)))
    await asyncio.sleep(0)
    await store.post(room_id, "b")
    await early
    assert texts(await page(reads, newest(room_id))) == ["a", "b"]


async def test_the_tag_changes_with_every_seq_and_only_then(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    [message_id] = await store.post(room_id, "a")
    tag = (await answer(reads, newest(room_id))).etag
    clock.now_s += 1
    assert (await answer(reads, newest(room_id))).etag == tag
    await store.react(room_id, message_id)
    clock.now_s += 1
    reacted = await answer(reads, newest(room_id))
    assert reacted.etag != tag
    assert json.loads(reacted.body)["messages"][0]["reactions"] == {"heart": 1}
    assert (await answer(reads, newest(room_id, 10))).etag != reacted.etag


async def test_the_tag_of_the_newest_page_changes_with_the_rooms_settings_but_not_with_its_viewers(
    store: Store, reads: RoomReads, hot_rooms: HotRooms, redis: Redis, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    tag = (await answer(reads, newest(room_id))).etag
    await redis.hset(VIEWERS, room_id, "7")
    await hot_rooms.refresh_viewers()
    clock.now_s += 1
    watched = await answer(reads, newest(room_id))
    assert (watched.etag, json.loads(watched.body)["room"]["viewers"]) == (tag, 7)
    await store.connection.execute("UPDATE rooms SET slow_mode_s = 5 WHERE id = $1", room_id)
    clock.now_s += 1
    slowed = await answer(reads, newest(room_id))
    assert slowed.etag != tag
    assert json.loads(slowed.body)["room"]["slow_mode_s"] == 5


async def test_the_cursor_belongs_to_the_same_snapshot_as_the_messages(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()

    async def write() -> None:
        for number in range(60):
            await store.post(room_id, str(number))

    writing = asyncio.create_task(write())
    seen = 0
    while not writing.done():
        clock.now_s += 1
        found = await page(reads, newest(room_id, 100))
        assert len(found["messages"]) == found["cursor"], "every seq of this room is a message"
        seen += 1
    await writing
    assert seen > 1


async def test_the_recent_events_grow_by_the_new_events(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abc")
    first = await page(reads, events(room_id, 1))
    assert [event["seq"] for event in first["events"]] == [2, 3]
    assert (first["cursor"], first["last_seq"], first["has_more"]) == (3, 3, False)
    await store.post(room_id, *"de")
    clock.now_s += 1
    grown = await page(reads, events(room_id, 0, limit=4))
    assert [event["seq"] for event in grown["events"]] == [1, 2, 3, 4]
    assert (grown["cursor"], grown["last_seq"], grown["has_more"]) == (4, 5, True)


async def test_a_deleted_text_leaves_the_recent_events(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    message_id, _ = await store.post(room_id, "a secret", "b")
    assert b"a secret" in (await answer(reads, events(room_id, 0))).body
    await store.delete(room_id, message_id)
    clock.now_s += 1
    assert b"a secret" not in (await answer(reads, events(room_id, 0))).body


async def test_a_purge_makes_the_recent_events_be_read_again(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a secret", "b")
    assert b"a secret" in (await answer(reads, events(room_id, 0))).body
    await store.purge(room_id, AUTHOR)
    clock.now_s += 1
    after = json.loads((await answer(reads, events(room_id, 0))).body)
    assert [event.get("message", {}).get("text") for event in after["events"]] == ["", "", None]


async def test_a_restored_database_replaces_the_pages_in_memory(
    store: Store, reads: RoomReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcde")
    await page(reads, events(room_id, 0))
    await store.connection.execute("DELETE FROM events WHERE room_id = $1 AND seq > 3", room_id)
    await store.connection.execute("UPDATE rooms SET last_seq = 1000003 WHERE id = $1", room_id)
    clock.now_s += 1
    restored = await page(reads, events(room_id, 0))
    assert [event["seq"] for event in restored["events"]] == [1, 2, 3]
    assert restored["last_seq"] == 1000003


async def test_cursors_at_after_and_before_the_kept_events(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcde")
    await store.delete_events(room_id, 2)
    assert (await page(reads, events(room_id, 5)))["events"] == []
    above = await page(reads, events(room_id, 999))
    assert (above["events"], above["cursor"], above["last_seq"]) == ([], 999, 5)
    assert len((await page(reads, events(room_id, 2)))["events"]) == 3
    with pytest.raises(ChatError) as raised:
        await page(reads, events(room_id, 1))
    assert raised.value.code == "cursor_expired"
    assert raised.value.extra == {"oldest_seq": 3}


async def test_after_a_410_a_page_from_memory_continues_without_a_gap(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcde")
    assert (await page(reads, newest(room_id)))["cursor"] == 5
    await store.delete_events(room_id, 5)
    await store.post(room_id, "f")
    with pytest.raises(ChatError) as raised:
        await page(reads, events(room_id, 2))
    assert raised.value.code == "cursor_expired"
    remembered = await page(reads, newest(room_id))
    assert [message["text"] for message in remembered["messages"]] == [*"abcde"]
    following = await page(reads, events(room_id, remembered["cursor"]))
    assert [event["seq"] for event in following["events"]] == [6]


async def test_events_older_than_the_tail_come_from_the_log(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.connection.execute(
        "INSERT INTO events (room_id, seq, type, payload, created_at)"
        " SELECT $1, n, 'message.created', '{\"seq\":' || n || '}', now() FROM generate_series(1, 700) n",
        room_id,
    )
    await store.connection.execute("UPDATE rooms SET last_seq = 700 WHERE id = $1", room_id)
    assert await reads.from_snapshot(events(room_id, 199), is_hot=True) is None
    old = await page(reads, events(room_id, 100))
    assert [event["seq"] for event in old["events"]] == list(range(101, 601))
    assert (old["cursor"], old["last_seq"], old["has_more"]) == (600, 700, True)
    newest_events = await page(reads, events(room_id, 200))
    assert len(newest_events["events"]) == 500
    assert newest_events["has_more"] is False


async def test_a_page_of_very_long_events_ends_early(store: Store, reads: RoomReads) -> None:
    room_id = await store.make_room()
    await store.connection.execute(
        "INSERT INTO events (room_id, seq, type, payload, created_at) SELECT $1, n, 'message.created',"
        " '{\"seq\":' || n || ',\"text\":\"' || repeat('x', 300000) || '\"}', now() FROM generate_series(1, 9) n",
        room_id,
    )
    await store.connection.execute("UPDATE rooms SET last_seq = 9 WHERE id = $1", room_id)
    seen, cursor, has_more = [], 0, True
    while has_more:
        found = await page(reads, events(room_id, cursor))
        seen += [event["seq"] for event in found["events"]]
        cursor, has_more = found["cursor"], found["has_more"]
    assert seen == list(range(1, 10))


async def test_internal_pages_are_bounded_in_bytes_and_reach_the_end(
    store: Store, internal_reads: InternalReads
) -> None:
    room_id = await store.make_room()
    await store.connection.execute(
        "INSERT INTO events (room_id, seq, type, payload, created_at) SELECT $1, n, 'message.created',"
        " '{\"seq\":' || n || ',\"text\":\"' || repeat('\U0001f389', 4000) || '\"}', now()"
        " FROM generate_series(1, 500) n",
        room_id,
    )
    await store.connection.execute("UPDATE rooms SET last_seq = 500 WHERE id = $1", room_id)
    before = statements()
    seen, sizes, cursor, has_more = [], [], 0, True
    while has_more:
        body = await internal_reads.events_page(room_id, cursor)
        found = json.loads(body)
        seen += [event["seq"] for event in found["events"]]
        sizes.append(len(body))
        cursor, has_more = found["cursor"], found["has_more"]
    assert seen == list(range(1, 501))
    assert max(sizes) <= MAX_PAGE_BYTES + 1_000
    assert len(sizes) == 8  # 500 events of 16 KB at 65 a page
    assert statements() - before == 7  # the newest events, which hold the last two pages, and six older pages


async def test_the_newest_events_in_memory_are_bounded_in_bytes(
    store: Store, repository: ReadRepository
) -> None:
    room_id = await store.make_room()
    await store.connection.execute(
        "INSERT INTO events (room_id, seq, type, payload, created_at) SELECT $1, n, 'message.created',"
        " repeat('\U0001f389', 4000), now() FROM generate_series(1, 500) n",
        room_id,
    )
    await store.connection.execute("UPDATE rooms SET last_seq = 500 WHERE id = $1", room_id)
    tail = await repository.recent_events(room_id, 500)
    assert tail is not None
    assert [event.seq for event in tail.events] == list(range(501 - RECENT_EVENTS_MAX_BYTES // 16_000, 501))


async def test_a_newest_page_cut_at_its_byte_limit_is_served_from_memory_for_every_limit(
    store: Store, reads: RoomReads
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *["x" * 16_000] * 20)
    before = statements()
    pages = [await page(reads, newest(room_id, limit)) for limit in (50, 100, 50, 100)]
    assert statements() - before == 2  # the first query leaves long texts out
    assert all(found["has_more"] for found in pages)
    assert {len(found["messages"]) for found in pages} == {16}


async def test_simultaneous_fetches_of_the_same_history_cost_one_query(
    store: Store, reads: RoomReads
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcde")
    before = statements()
    query = FetchQuery(FetchKind.BEFORE, room_id, 50, 3)
    history = HistoryReads(reads, read_semaphore(1, "reads", asyncio.get_running_loop().time, Random(1)))
    pages = await asyncio.gather(*(history.read(query, "192.0.2.1") for _ in range(50)))
    assert statements() - before == 1
    assert all(texts(json.loads(found.body)) == ["a", "b"] for found in pages)


async def test_a_missing_file_is_not_found(store: Store, reads: RoomReads) -> None:
    for query in (newest("nowhere"), events("nowhere", 0), FetchQuery(FetchKind.BEFORE, "nowhere", 5, 5)):
        with pytest.raises(ChatError) as raised:
            await page(reads, query)
        assert raised.value.code == "room_not_found"
    room_id = await store.make_room()
    message_id = (await store.post(room_id, "a"))[0]
    other_room = await store.make_room()
    with pytest.raises(ChatError) as raised:
        await page(reads, FetchQuery(FetchKind.MESSAGE, other_room, message_id=message_id))
    assert raised.value.code == "message_not_found"
    assert "nowhere" not in reads.known
    assert other_room in reads.known


async def test_messages_after_a_seq_of_a_hot_room_come_from_its_latest_page(
    store: Store, reads: RoomReads
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *[str(number) for number in range(200)])
    near = FetchQuery(FetchKind.AFTER, room_id, 50, 190)
    await page(reads, newest(room_id))
    before = statements()
    hot = await page(reads, near, is_hot=True)
    assert statements() == before
    assert hot == await page(reads, near), "the same page as from Postgres"
    assert await reads.from_snapshot(FetchQuery(FetchKind.AFTER, room_id, 50, 10), is_hot=True) is None


async def test_internal_reads_return_the_log_uncounted(store: Store, internal_reads: InternalReads) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abc")
    reply = json.loads(await internal_reads.events_page(room_id, 1, 1))
    assert [event["seq"] for event in reply["events"]] == [2]
    assert reply["has_more"] is True


async def test_internal_reads_are_never_older_than_the_call(
    store: Store, internal_reads: InternalReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await page(internal_reads, events(room_id, 0))
    await store.post(room_id, "b")  # by another process, so this one is not notified
    clock.now_s += 0.001
    pages = await asyncio.gather(*(internal_reads.events_page(room_id, 0) for _ in range(20)))
    assert all(json.loads(body)["last_seq"] == 2 for body in pages)


async def test_internal_reads_get_503_while_the_store_is_unavailable(
    store: Store, repository: ReadRepository, internal_reads: InternalReads, clock: ManualClock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    before = await page(internal_reads, events(room_id, 0))
    clock.now_s += 1
    for _ in range(2):
        repository.postgres.failed(TimeoutError())
    with pytest.raises(ChatError) as raised:
        await internal_reads.events_page(room_id, 0)
    assert raised.value.code == "store_unavailable"
    stale = await internal_reads.from_snapshot(events(room_id, 0), is_hot=False)
    assert stale is not None
    assert (json.loads(stale.answer.body), stale.age_s) == (before, 1.0)
