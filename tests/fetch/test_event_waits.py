"""Waits for the next event of a room, without a store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID, uuid4

from chat_contract.internal_api import RoomHead
from chat_server.fetch.event_waits import (
    MAX_WAITING,
    MAX_WAITING_OF_ADDRESS,
    MAX_WAITING_OF_USER,
    WOKEN_AT_ONCE,
    EventWaits,
)
from chat_server.postgres.errors import store_unavailable
from server_kit.http.asgi import Message, Receive

LONG_S = 60.0


async def never_disconnected() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def waiting(
    waits: EventWaits,
    *fetches: tuple[str, int, str],
    user_id: UUID | None = None,
    receive: Receive = never_disconnected,
) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """Fetches that wait: each with its room, its seq and its address."""
    tasks = [
        asyncio.create_task(waits.until_after(room, seq, LONG_S, address, user_id, receive))
        for room, seq, address in fetches
    ]
    await asyncio.sleep(0)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ended(tasks: list["asyncio.Task[None]"], count: int) -> list[bool]:
    """Which of the tasks have ended, once `count` of them have."""
    async with asyncio.timeout(10):
        while sum(task.done() for task in tasks) < count:
            await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_a_newer_event_ends_the_waits_of_its_room_only() -> None:
    waits = EventWaits()
    async with waiting(waits, ("a", 5, "x"), ("a", 6, "y"), ("b", 5, "x")) as tasks:
        waits.wrote("a", 5)
        waits.wrote("c", 9)
        waits.wrote("a", 6)
        assert await ended(tasks, 1) == [True, False, False]
        assert waits.count == 2
        waits.wrote("a", 7)
        assert await ended(tasks, 2) == [True, True, False]
    assert waits.count == 0


async def test_a_wait_ends_by_itself() -> None:
    waits = EventWaits()
    await waits.until_after("a", 5, 0.001, "x", None, never_disconnected)
    assert waits.count == 0


async def test_waits_are_bounded_for_each_address_and_in_all() -> None:
    waits = EventWaits()
    of_one = [("a", 5, "one")] * (MAX_WAITING_OF_ADDRESS + 1)
    others = [("a", 5, f"other {number}") for number in range(MAX_WAITING)]
    async with waiting(waits, *of_one, *others) as tasks:
        assert waits.count == MAX_WAITING
        done = [task.done() for task in tasks]
        assert done[: len(of_one)] == [False] * MAX_WAITING_OF_ADDRESS + [True]
        assert sum(done) == 1 + MAX_WAITING_OF_ADDRESS
    assert waits.count == 0


async def test_waits_of_one_person_are_bounded_over_all_addresses() -> None:
    waits = EventWaits()
    fetches = [("a", 5, f"address {number}") for number in range(MAX_WAITING_OF_USER + 1)]
    async with waiting(waits, *fetches, user_id=uuid4()) as tasks:
        assert [task.done() for task in tasks] == [False] * MAX_WAITING_OF_USER + [True]
        async with waiting(waits, *fetches[:1], user_id=uuid4()) as others:
            assert [task.done() for task in others] == [False]
    assert waits.count == 0


async def test_a_client_that_disconnects_gives_its_place_back() -> None:
    waits = EventWaits()
    messages: list[Message] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]
    is_gone = asyncio.Event()

    async def receive() -> Message:
        if len(messages) == 1:
            await is_gone.wait()
        return messages.pop(0)

    async with waiting(waits, ("a", 5, "x"), receive=receive) as tasks:
        assert (waits.count, tasks[0].done()) == (1, False)
        is_gone.set()
        assert await ended(tasks, 1) == [True]
        assert waits.count == 0


async def test_many_waits_end_in_steps() -> None:
    waits = EventWaits()
    fetches = [("a", 5, f"address {number}") for number in range(3 * WOKEN_AT_ONCE)]
    async with waiting(waits, *fetches) as tasks:
        waits.wrote("a", 6)
        most, before = 0, 0
        async with asyncio.timeout(10):
            while before < len(tasks):
                await asyncio.sleep(0)
                now = sum(task.done() for task in tasks)
                most, before = max(most, now - before), now
        assert most <= WOKEN_AT_ONCE


async def test_events_of_other_processes_are_found_by_one_query_for_all_rooms() -> None:
    waits = EventWaits()
    asked: list[list[str]] = []

    async def read_heads(room_ids: list[str]) -> dict[str, RoomHead]:
        asked.append(sorted(room_ids))
        if len(asked) == 1:
            raise store_unavailable()
        return {"b": cast(RoomHead, {"last_seq": 6})}

    searching = asyncio.create_task(waits.run(read_heads))
    async with waiting(waits, ("a", 5, "x"), ("b", 5, "x"), ("b", 6, "y")) as tasks:
        assert await ended(tasks, 1) == [False, True, False]
    assert asked == [["a", "b"]] * 2
    searching.cancel()
    await asyncio.gather(searching, return_exceptions=True)


async def test_a_server_that_stops_ends_all_waits_and_lets_nothing_wait() -> None:
    waits = EventWaits()

    async def read_heads(_: list[str]) -> dict[str, RoomHead]:
        return {}

    searching = asyncio.create_task(waits.run(read_heads))
    async with waiting(waits, ("a", 5, "x"), ("b", 5, "y")) as tasks:
        waits.close()
        assert await ended(tasks, 2) == [True, True]
        async with asyncio.timeout(10):
            await waits.until_after("a", 5, LONG_S, "x", None, never_disconnected)
    searching.cancel()
    await asyncio.gather(searching, return_exceptions=True)
