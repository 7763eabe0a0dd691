"""The erasure removes deleted texts from stored events in bounded steps; reads hide them once a deletion commits."""

import asyncio
import time
from collections.abc import AsyncIterator
from random import Random
from uuid import UUID

import asyncpg
import pytest

from chat_server.fetch.read_repository import ReadRepository
from chat_server.messages.message_erasure import (
    MESSAGES_PER_STEP,
    ROWS_PER_MESSAGE,
    MessageErasure,
    erase_some,
)
from chat_server.messages.operations import DeleteMessage, EditMessage, PostMessage, SetPin
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.read_lane import open_read_lane
from chat_server.rooms.known_rooms import KnownRooms
from tests.support.message_store import Store, post

EARLIER_EDITS = 10 * ROWS_PER_MESSAGE + 7
SECRET = "a secret"  # a text, not a password


@pytest.fixture
async def reads(store: Store) -> AsyncIterator[ReadRepository]:
    async with open_read_lane(store.dsn, 2, "reads", clock=time.monotonic) as lane:
        yield ReadRepository(lane, KnownRooms())


async def texts_in_reads(reads: ReadRepository, room: str) -> int:
    """The number of events on pages and among the recent events that show the secret."""
    pages = [await reads.events(room, after_seq, 500) for after_seq in (0, 100, 300)]
    pages.append(await reads.recent_events(room, 500))
    return sum(SECRET.encode() in event.payload for page in pages if page for event in page.events)


async def texts_in_store(store: Store, room: str) -> int:
    query = "SELECT count(*) FROM events WHERE room_id = $1 AND payload LIKE '%' || $2 || '%'"
    return int((await store.rows(query, room, SECRET))[0][0])


async def post_with_earlier_edits(store: Store, writer: GroupCommitWriter, room: str) -> PostMessage:
    """A message written by an earlier version: it has reactions and more edits than today's limit."""
    message = post(room, SECRET)
    await writer.store(message)
    await store.rows(
        """INSERT INTO events (room_id, seq, type, message_id, payload, created_at)
        SELECT room_id, seq + n, 'message.edited', $2,
            replace(replace(payload, 'message.created', 'message.edited'), '"seq":1,"message"',
                    '"seq":' || seq + n || ',"message"'), now()
        FROM events, generate_series(1, $3::int) AS n WHERE room_id = $1""",
        room, message.message_id, EARLIER_EDITS,
    )  # fmt: skip
    await store.rows("UPDATE rooms SET last_seq = last_seq + $2 WHERE id = $1", room, EARLIER_EDITS)
    await store.rows(
        """INSERT INTO reactions (message_id, kind, user_id, room_id, message_seq)
        SELECT $2, 'heart', gen_random_uuid(), $1, 1 FROM generate_series(1, $3::int)""",
        room, message.message_id, EARLIER_EDITS,
    )  # fmt: skip
    return message


async def test_a_deletion_writes_only_a_tombstone_and_the_erasure_finishes_it_in_bounded_steps(
    store: Store, reads: ReadRepository
) -> None:
    room, writer = await store.make_room(), await store.writer()
    message = await post_with_earlier_edits(store, writer, room)
    assert await texts_in_store(store, room) == EARLIER_EDITS + 1
    await writer.store(DeleteMessage(room, message.message_id, message.author_id))
    assert await texts_in_store(store, room) == EARLIER_EDITS + 1
    assert await texts_in_reads(reads, room) == 0

    connection = await asyncpg.connect(store.dsn)
    first = await erase_some(connection)
    await connection.close()
    assert (first.messages, first.done) == (1, 0)
    assert await texts_in_reads(reads, room) == 0
    steps = [first, *await store.erase_all()]
    assert max(step.events for step in steps) <= ROWS_PER_MESSAGE + 1
    assert max(step.reactions for step in steps) <= ROWS_PER_MESSAGE
    assert sum(step.events for step in steps) == EARLIER_EDITS + 1
    assert sum(step.reactions for step in steps) == EARLIER_EDITS
    assert len(steps) == EARLIER_EDITS // ROWS_PER_MESSAGE + 1

    assert await texts_in_store(store, room) == 0
    assert await texts_in_reads(reads, room) == 0
    assert await store.rows("SELECT 1 FROM tombstones") == []
    assert await store.rows("SELECT 1 FROM reactions WHERE room_id = $1", room) == []


async def test_an_erased_event_equals_the_event_that_reads_showed_before(
    store: Store, reads: ReadRepository
) -> None:
    room, writer = await store.make_room(), await store.writer()
    message = post(room, f'{SECRET} with "quotes", \\ and a\nline')
    owner = UUID(int=0)
    await writer.store(message)
    await writer.store(EditMessage(room, message.message_id, message.author_id, SECRET))
    await writer.store(SetPin(room, message.message_id, owner, True, is_operator=True))
    await writer.store(DeleteMessage(room, message.message_id, message.author_id))
    before = await reads.events(room, 0, 100)
    await store.erase_all()
    after = await reads.events(room, 0, 100)
    assert before is not None and before == after
    payloads = [event.payload.decode() for event in before.events]
    assert payloads == [
        row["payload"]
        for row in await store.rows("SELECT payload FROM events WHERE room_id = $1 ORDER BY seq", room)
    ]
    tombstone = payloads[-1].partition(',"message":')[2]
    for event, payload in zip(before.events, payloads, strict=True):
        head = f'{{"type":"{event.type}","room_id":"{room}","seq":{event.seq},"message":'
        assert payload == head + tombstone


async def test_another_process_finishes_the_erasure(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    message = await post_with_earlier_edits(store, writer, room)
    await writer.store(DeleteMessage(room, message.message_id, message.author_id))
    task = asyncio.create_task(MessageErasure(store.dsn, Random(7)).run())
    async with asyncio.timeout(30):
        while await store.rows("SELECT 1 FROM tombstones"):
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await texts_in_store(store, room) == 0


async def test_two_processes_share_the_tombstones_of_many_deletions(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    messages = [post(room, SECRET) for _ in range(3 * MESSAGES_PER_STEP)]
    await asyncio.gather(*map(writer.store, messages))
    await asyncio.gather(*(writer.store(DeleteMessage(room, m.message_id, m.author_id)) for m in messages))
    both = await asyncio.gather(store.erase_all(), store.erase_all())
    steps = [step for steps in both for step in steps]
    assert sum(step.done for step in steps) == len(messages)
    assert max(step.messages for step in steps) <= MESSAGES_PER_STEP
    assert await texts_in_store(store, room) == 0
