"""The queue of waiting writes is bounded, and no user or room can fill it alone."""

import asyncio
import uuid
from collections.abc import Callable
from uuid import UUID

import pytest

from chat_contract.limits import MAX_TEXT_CODE_POINTS
from chat_server.messages.operations import DeleteMessage, SetReaction
from chat_server.messages.write_queue import (
    MAX_BATCH,
    MAX_BATCH_BYTES,
    MAX_QUEUED,
    MAX_QUEUED_OF_USER,
    Batch,
    PendingWrite,
    WriteQueue,
)
from server_kit.http.problem import ChatError
from tests.support.message_store import post


def fill(queue: WriteQueue, room_id: str, user: Callable[[], UUID] = uuid.uuid4) -> tuple[int, str]:
    """Offer writes until one is refused. Returns the number of accepted writes and the code of the refusal."""
    future = asyncio.get_running_loop().create_future()
    accepted = 0
    while True:
        try:
            queue.offer(PendingWrite(post(room_id, author=user()), future, 0.0))
        except ChatError as refusal:
            return accepted, refusal.code
        accepted += 1


async def test_writes_of_one_user_are_bounded_over_all_rooms_and_kinds_of_writes() -> None:
    queue, mallory = WriteQueue(), uuid.uuid4()
    assert fill(queue, "a", lambda: mallory) == (MAX_QUEUED_OF_USER, "rate_limited")
    assert fill(queue, "b", lambda: mallory) == (0, "rate_limited")
    future = asyncio.get_running_loop().create_future()
    for operation in (
        DeleteMessage("c", uuid.uuid4(), mallory),
        SetReaction("c", uuid.uuid4(), mallory, "heart", True),
    ):
        with pytest.raises(ChatError, match="your writes"):
            queue.offer(PendingWrite(operation, future, 0.0))
    queue.offer(PendingWrite(post("a"), future, 0.0))


async def test_busy_rooms_leave_capacity_for_a_quiet_one() -> None:
    queue = WriteQueue()
    assert fill(queue, "busy") == (MAX_QUEUED // 2, "rate_limited")
    assert fill(queue, "busy too") == (MAX_QUEUED // 4, "rate_limited")
    queue.offer(PendingWrite(post("quiet"), asyncio.get_running_loop().create_future(), 0.0))


async def test_a_queue_filled_by_many_rooms_refuses_every_write() -> None:
    queue = WriteQueue()
    future = asyncio.get_running_loop().create_future()
    for number in range(MAX_QUEUED):
        queue.offer(PendingWrite(post(f"room-{number}"), future, 0.0))
    assert fill(queue, "one more") == (0, "store_unavailable")


async def test_batches_of_long_texts_are_bounded_and_every_room_gets_its_turn() -> None:
    queue, future = WriteQueue(), asyncio.get_running_loop().create_future()
    rooms = [f"room-{n}" for n in range(MAX_BATCH)]
    for room_id in [rooms[0]] * 200 + rooms[1:]:
        queue.offer(PendingWrite(post(room_id, "x" * MAX_TEXT_CODE_POINTS), future, 0.0))
    turns: set[str] = set()
    batches = 0
    while len(turns) < len(rooms):
        batch = queue.take()
        assert batch is not None
        size = sum(write.operation.text_bytes for write in batch.writes)
        assert size <= MAX_BATCH_BYTES + MAX_TEXT_CODE_POINTS
        turns.update(batch.room_ids())
        batches += 1
        queue.release(batch)
    assert batches <= len(rooms) * MAX_TEXT_CODE_POINTS / MAX_BATCH_BYTES + 1


async def test_a_batch_is_bounded_by_the_bytes_of_its_texts() -> None:
    queue, future = WriteQueue(), asyncio.get_running_loop().create_future()
    text = "\N{PARTY POPPER}" * MAX_TEXT_CODE_POINTS
    for _ in range(100):
        queue.offer(PendingWrite(post("room", text), future, 0.0))
    batch = queue.take()
    assert batch is not None
    assert len(batch.writes) == MAX_BATCH_BYTES // len(text.encode())


async def test_writes_that_are_put_back_count_against_the_limit_of_their_user() -> None:
    queue, ann = WriteQueue(), uuid.uuid4()
    fill(queue, "a", lambda: ann)
    batch = queue.take()
    assert isinstance(batch, Batch) and len(batch.writes) == min(MAX_BATCH, MAX_QUEUED_OF_USER)
    assert fill(queue, "b", lambda: ann)[0] == len(batch.writes)
    queue.put_back(batch.writes)
    queue.release(batch, skipped=["a"])
    assert fill(queue, "c", lambda: ann)[0] == 0
    queue.drain()
    assert queue.size == 0
    assert fill(queue, "c", lambda: ann)[0] == MAX_QUEUED_OF_USER


def offer(queue: WriteQueue, room_id: str) -> None:
    queue.offer(PendingWrite(post(room_id), asyncio.get_running_loop().create_future(), 0.0))


def taken(queue: WriteQueue) -> Batch:
    batch = queue.take()
    assert batch is not None
    return batch


def skip(queue: WriteQueue, *room_ids: str) -> None:
    """Another process has the locks of these rooms when the next batch tries them."""
    for room_id in room_ids:
        offer(queue, room_id)
    batch = taken(queue)
    assert batch.room_ids() == sorted(room_ids) and not batch.wait
    queue.put_back(batch.writes)
    queue.release(batch, skipped=room_ids)


async def test_a_batch_waits_for_the_lock_of_a_room_that_was_skipped() -> None:
    queue = WriteQueue()
    skip(queue, "hot")
    waiting = taken(queue)
    assert waiting.wait and waiting.room_ids() == ["hot"]
    queue.release(waiting)
    offer(queue, "hot")
    assert not taken(queue).wait


async def test_one_batch_waits_for_a_lock_at_a_time_so_that_a_cold_room_need_not() -> None:
    queue = WriteQueue()
    skip(queue, "hot", "hot too")
    waiting = taken(queue)
    assert waiting.wait and waiting.room_ids() == ["hot"]
    assert queue.take() is None
    offer(queue, "cold")
    cold = taken(queue)
    assert cold.room_ids() == ["cold"] and not cold.wait
    queue.release(waiting)
    assert taken(queue).room_ids() == ["hot too"]


async def test_a_batch_that_waited_takes_what_has_arrived_in_its_room_within_its_bounds() -> None:
    queue = WriteQueue()
    skip(queue, "hot")
    waiting = taken(queue)
    for _ in range(MAX_BATCH):
        offer(queue, "hot")
        offer(queue, "cold")
    arrived = queue.top_up(waiting)
    assert {write.operation.room_id for write in arrived} == {"hot"}
    assert len(waiting.writes) == MAX_BATCH and waiting.writes[1:] == arrived
    assert queue.top_up(waiting) == []
    assert queue.size == MAX_BATCH + 1
