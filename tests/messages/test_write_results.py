"""Results of writes are delivered in slices, so that the responses of a large batch do not block the event loop."""

import asyncio
import uuid

import pytest

from chat_server.messages.operations import MessageResult, SetReaction
from chat_server.messages.write_queue import PendingWrite
from chat_server.messages.write_results import RESOLVED_AT_ONCE, fail, resolve, unavailable
from server_kit.http.problem import ChatError


def waiting_writes(count: int) -> list[PendingWrite]:
    loop = asyncio.get_running_loop()
    reaction = SetReaction("r", uuid.uuid4(), uuid.uuid4(), "heart", present=True)
    return [PendingWrite(reaction, loop.create_future(), 0.0, None) for _ in range(count)]


def resolved(writes: list[PendingWrite]) -> int:
    return sum(write.result.done() for write in writes)


@pytest.mark.parametrize(
    ("count", "slices"), [(1, 1), (RESOLVED_AT_ONCE, 1), (RESOLVED_AT_ONCE + 1, 2), (3 * RESOLVED_AT_ONCE, 3)]
)
async def test_each_iteration_of_the_event_loop_resolves_one_slice(count: int, slices: int) -> None:
    writes = waiting_writes(count)
    resolve([(write, MessageResult(b"{}")) for write in writes])
    resolved_after_each = [resolved(writes)]
    while resolved_after_each[-1] < count:
        await asyncio.sleep(0)
        resolved_after_each.append(resolved(writes))
    assert resolved_after_each == [min(count, n * RESOLVED_AT_ONCE) for n in range(1, slices + 1)]


async def test_a_write_that_has_its_result_keeps_it() -> None:
    refused, other = waiting_writes(2)
    fail([refused], unavailable(), "late")
    resolve([(refused, MessageResult(b"{}")), (other, unavailable())])
    for write in (refused, other):
        error = write.result.exception()
        assert isinstance(error, ChatError)
        assert error.code == "store_unavailable"
