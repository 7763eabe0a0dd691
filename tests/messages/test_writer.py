"""The group-commit writer on a real Postgres: no holes and no duplicates, also under contention and failures."""

import asyncio
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import asyncpg
import pytest
from prometheus_client import REGISTRY

from chat_server.filters.filter_cache import FilterCache
from chat_server.messages.operations import DeleteMessage, EditMessage, MessageResult, SetReaction
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.commit_watchdog import CHECK_EVERY_S, SILENT_AFTER_S
from server_kit.background_tasks import BackgroundTasks
from server_kit.http.problem import ChatError
from tests.support.message_store import CommitCutter, Store, post


async def test_writes_that_arrive_during_a_commit_share_the_next_one(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    await asyncio.gather(*(writer.store(post(room)) for _ in range(300)))
    await store.assert_no_holes(room)
    [row] = await store.rows(
        "SELECT count(DISTINCT xmin::text) AS commits, count(*) AS posts FROM messages WHERE room_id = $1",
        room,
    )
    assert row["posts"] == 300
    assert row["commits"] < 30


async def test_a_message_that_changes_in_its_own_commit_is_stored_as_changed(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    message = post(room)
    await asyncio.gather(
        writer.store(message),
        writer.store(EditMessage(room, message.message_id, message.author_id, "changed")),
        writer.react(SetReaction(room, message.message_id, message.author_id, "heart", True)),
    )
    [row] = await store.rows(
        "SELECT text, edited_at IS NOT NULL AS is_edited, revisions, reactions,"
        " (SELECT count(DISTINCT xmin::text) FROM events WHERE room_id = $1) AS commits"
        " FROM messages WHERE room_id = $1",
        room,
    )
    assert dict(row) == {
        "text": "changed", "is_edited": True, "revisions": 1, "reactions": '{"heart": 1}', "commits": 1
    }  # fmt: skip


async def test_two_processes_that_write_to_one_room_leave_no_hole(store: Store) -> None:
    room = await store.make_room()
    writers = [await store.writer(), await store.writer()]
    results = await asyncio.gather(*(writers[n % 2].store(post(room)) for n in range(400)))
    seqs = await store.assert_no_holes(room)
    assert sorted(result.message["seq"] for result in results) == seqs


async def test_the_same_key_sent_to_two_servers_at_once_makes_one_message(store: Store) -> None:
    room = await store.make_room()
    writers = [await store.writer(), await store.writer()]
    for _ in range(20):
        message = post(room)
        twin = replace(message, message_id=uuid.uuid4())
        one, two = await asyncio.gather(writers[0].store(message), writers[1].store(twin))
        assert one.message["id"] == two.message["id"]
        assert {one.created, two.created} == {True, False}
    assert len(await store.assert_no_holes(room)) == 20


async def test_committed_events_are_passed_on_in_the_order_of_the_room(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    await asyncio.gather(*(writer.store(post(room)) for _ in range(200)))
    assert [event.seq for event in store.handed_over] == list(range(1, 201))


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
async def test_a_text_that_postgres_rejects_fails_alone(store: Store, bad: str) -> None:
    """Endpoints refuse such a text. If one reaches the writer, the other writes of its batch must succeed."""
    room, writer = await store.make_room(), await store.writer()
    writes = [writer.store(post(room, bad if n == 7 else f"fine {n}")) for n in range(20)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [n for n, result in enumerate(results) if not isinstance(result, MessageResult)] == [7]
    assert isinstance(results[7], ChatError)
    assert len(await store.assert_no_holes(room)) == 19


async def test_a_post_reads_no_other_message_of_its_room(store: Store) -> None:
    """Postgres once kept a plan made for a small table, which scanned the whole room for every post."""
    room = await store.make_room()
    first = await store.writer()
    await asyncio.gather(*(first.store(post(room)) for _ in range(40)))
    await store.rows("ANALYZE messages")
    async with GroupCommitWriter(
        store.dsn, lambda events: None, lambda: datetime.now(UTC), FilterCache()
    ).committing(BackgroundTasks(Random(7), time.monotonic)) as writer:
        for _ in range(20):
            await writer.store(post(room))

    async def scans(index: str) -> int:
        query = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1"
        return int((await store.rows(query, index))[0]["idx_scan"])

    async with asyncio.timeout(30):  # a connection reports its scans when it ends
        while await scans("messages_idempotency") < 20:
            await asyncio.sleep(0.05)
    assert await scans("messages_by_seq") == 0


async def test_a_cold_room_does_not_wait_for_a_locked_one(store: Store) -> None:
    hot, cold = await store.make_room(), await store.make_room()
    writer, held = await store.writer(), post(hot)
    holder = await asyncpg.connect(store.dsn)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM rooms WHERE id = $1 FOR NO KEY UPDATE", hot)
        waiting = asyncio.create_task(writer.store(held))
        for _ in range(50):
            await writer.store(post(cold))
    with suppress(ChatError):  # on a busy machine the fifty commits take longer than a post may wait
        await waiting
    await writer.store(held)
    await holder.close()
    assert len(await store.assert_no_holes(cold)) == 50
    assert len(await store.assert_no_holes(hot)) == 1


def skipped_rooms() -> float:
    return REGISTRY.get_sample_value("hotchat_write_room_skips_total") or 0.0


async def test_posts_that_arrive_during_the_wait_for_a_lock_share_one_commit(store: Store) -> None:
    """Two processes that write to one busy room hand its lock to each other, with everything that has arrived."""
    writer, holder = await store.writer(), await asyncpg.connect(store.dsn)
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"

    async def posts_while_locked(room: str) -> list[MessageResult | BaseException]:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM rooms WHERE id = $1 FOR NO KEY UPDATE", room)
            posts = [asyncio.create_task(writer.store(post(room)))]
            while not (posts[0].done() or await holder.fetchval(waiting)):
                await asyncio.sleep(0.001)
            posts += [asyncio.create_task(writer.store(post(room))) for _ in range(50)]
            await asyncio.sleep(0)
        return await asyncio.gather(*posts, return_exceptions=True)

    async with asyncio.timeout(30):
        results: list[MessageResult | BaseException] = []
        while not results or isinstance(
            results[0], ChatError
        ):  # a busy machine may lock longer than a post waits
            room, skipped_before = await store.make_room(), skipped_rooms()
            results = await posts_while_locked(room)
    await holder.close()
    [row] = await store.rows(
        "SELECT count(DISTINCT xmin::text) AS commits, count(*) AS posts FROM messages WHERE room_id = $1",
        room,
    )
    assert dict(row) == {"commits": 1, "posts": 51}
    assert skipped_rooms() == skipped_before + 1
    await store.assert_no_holes(room)


async def test_a_post_to_a_room_that_stays_locked_gets_503_and_can_be_repeated(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    holder = await asyncpg.connect(store.dsn)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM rooms WHERE id = $1 FOR NO KEY UPDATE", room)
        with pytest.raises(ChatError) as refused:
            await writer.store(post(room))
    assert refused.value.code == "store_unavailable"
    assert "Retry-After" in refused.value.headers
    await holder.close()
    assert await writer.store(post(room))
    await store.assert_no_holes(room)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_lost_at_commit_neither_loses_nor_duplicates_a_post(
    store: Store, cutter: tuple[CommitCutter, str], when: str
) -> None:
    proxy, dsn = cutter
    room = await store.make_room()
    writer = await store.writer(dsn)
    await writer.store(post(room, "zero"))
    for n in range(5):
        proxy.cut_next = when
        result = await writer.store(post(room, f"cut {n}"))
        assert result.created
    assert proxy.cuts == 5
    assert len(await store.assert_no_holes(room)) == 6
    assert [event.seq for event in store.handed_over] == [1, 2, 3, 4, 5, 6]


async def test_after_a_lost_commit_its_writes_get_results_and_skipped_writes_stay_queued(
    store: Store, cutter: tuple[CommitCutter, str]
) -> None:
    proxy, dsn = cutter
    free, held = await store.make_room(), await store.make_room()
    writer = await store.writer(dsn)
    await writer.store(post(free, "first"))
    holder = await asyncpg.connect(store.dsn)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM rooms WHERE id = $1 FOR NO KEY UPDATE", held)
        proxy.cut_next = "after"
        skipped = asyncio.create_task(writer.store(post(held)))
        assert (await writer.store(post(free, "cut"))).created
    assert (await skipped).created
    await holder.close()
    assert len(await store.assert_no_holes(free)) == 2
    assert len(await store.assert_no_holes(held)) == 1


async def test_writes_are_refused_while_postgres_is_silent_and_accepted_afterwards(
    store: Store, cutter: tuple[CommitCutter, str]
) -> None:
    proxy, dsn = cutter
    room, writer = await store.make_room(), await store.writer(dsn)
    await writer.store(post(room))
    proxy.answers.clear()
    held = post(room, "held up")
    for attempt in (held, post(room, "meanwhile")):
        with pytest.raises(ChatError) as refused:
            await writer.store(attempt)
        assert refused.value.code == "store_unavailable"
    proxy.answers.set()
    async with asyncio.timeout(30):
        while True:
            try:
                again = await writer.store(held)
                break
            except ChatError:
                await asyncio.sleep(0.1)
    assert again.message["text"] == "held up"
    assert len(await store.assert_no_holes(room)) == 2


async def test_the_metric_of_waiting_writes_is_their_number_at_the_scrape() -> None:
    writer = GroupCommitWriter(
        "", lambda _: None, lambda: datetime.now(UTC), FilterCache()
    )  # commits nothing
    waiting = [asyncio.create_task(writer.store(post("a"))) for _ in range(3)]
    await asyncio.sleep(0)
    assert REGISTRY.get_sample_value("hotchat_writes_waiting") == 3
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_slow_commit_does_not_count_as_silence(
    store: Store, cutter: tuple[CommitCutter, str]
) -> None:
    """The commit takes longer than SILENT_AFTER_S, as on a slow disk; other connections get responses."""
    proxy, dsn = cutter
    rooms = [await store.make_room() for _ in range(3)]
    writer = await store.writer(dsn)
    await writer.store(post(rooms[0]))
    proxy.commits.clear()
    asyncio.get_running_loop().call_later(SILENT_AFTER_S + 6 * CHECK_EVERY_S, proxy.commits.set)
    results = await asyncio.gather(*(writer.store(post(room)) for room in rooms))
    assert proxy.commits.is_set() and all(result.created for result in results)


async def test_a_deletion_removes_the_text_from_the_log(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    message = post(room, "a secret")
    await writer.store(message)
    await writer.store(EditMessage(room, message.message_id, message.author_id, "another secret"))
    await writer.react(SetReaction(room, message.message_id, message.author_id, "heart", True))
    await writer.store(DeleteMessage(room, message.message_id, message.author_id))
    await store.erase_all()
    payloads = [
        row["payload"] for row in await store.rows("SELECT payload FROM events WHERE room_id = $1", room)
    ]
    assert len(payloads) == 4
    assert not any("secret" in payload for payload in payloads)
    assert await store.rows("SELECT 1 FROM reactions WHERE room_id = $1", room) == []


async def test_reactions_count_each_person_once(store: Store) -> None:
    room = await store.make_room()
    writers = [await store.writer(), await store.writer()]
    message = post(room)
    await writers[0].store(message)
    people = [uuid.uuid4() for _ in range(40)]
    await asyncio.gather(
        *(
            writers[n % 2].react(SetReaction(room, message.message_id, person, "heart", True))
            for n, person in enumerate(people * 3)
        )
    )
    [row] = await store.rows("SELECT reactions FROM messages WHERE room_id = $1", room)
    assert row["reactions"] == '{"heart": 40}'
    await store.assert_no_holes(room)


@pytest.mark.parametrize("off_by", [timedelta(hours=2), timedelta(hours=-2)], ids=["fast", "slow"])
async def test_relay_retention_and_room_order_use_the_clock_of_postgres(
    store: Store, off_by: timedelta
) -> None:
    """A process with a wrong clock must neither hide its events from the relays nor make them expire early."""
    room, writer = await store.make_room(), await store.writer(clock_is_off_by=off_by)
    result = await writer.store(post(room))
    await writer.store(
        EditMessage(room, uuid.UUID(result.message["id"]), uuid.UUID(result.message["author"]["id"]), "b")
    )
    [row] = await store.rows(
        """SELECT (SELECT bool_and(abs(extract(epoch FROM now() - created_at)) < 600) FROM events
                   WHERE room_id = $1) AS events,
                  (SELECT bool_and(abs(extract(epoch FROM now() - created_at)) < 600) FROM outbox
                   WHERE room_id = $1) AS outbox,
                  (SELECT abs(extract(epoch FROM now() - active_at)) < 600 FROM rooms WHERE id = $1) AS rooms""",
        room,
    )
    assert dict(row) == {"events": True, "outbox": True, "rooms": True}
