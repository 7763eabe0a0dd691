"""Readers who arrive together share the reads of Postgres: the newest page and the head of the room's stream."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.people import People, Person

pytestmark = pytest.mark.asyncio(loop_scope="function")

READERS = 200
READS_OF_A_ROOM = 8
"""The newest page, and what publish_server asks when it begins to follow the room."""

READS_PER_S = 5
"""A page in memory is at most 250 ms old, and publish_server compares heads every 2 s."""

OPENED_WITHIN_S = 60.0


async def reads(http: aiohttp.ClientSession, stack: ChatStack) -> int:
    """Statements that chat_server has sent to read rooms, messages and events."""
    async with http.get(f"{stack.chat_url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    counted = [line for line in lines if line.startswith("hotchat_read_statements_total{")]
    return sum(round(float(line.rpartition(" ")[2])) for line in counted)


async def join(stack: ChatStack, room: str) -> None:
    """What the app does when a reader arrives, over connections of their own."""
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{stack.chat_url}/api/v1/rooms/{room}/messages") as answer:
            assert answer.status == 200
            cursor = (await answer.json())["cursor"]
        async with http.get(
            f"{stack.publish_url}/stream/v1/rooms/{room}", headers={"Last-Event-ID": f"{cursor}"}
        ) as stream:
            assert stream.status == 200
            async for line in stream.content:
                if line == b"event: stream.opened\n":
                    return


@asynccontextmanager
async def people_of(stack: ChatStack) -> AsyncIterator[People]:
    people = People(stack.chat_url)
    try:
        yield people
    finally:
        await people.leave()


async def make_room(people: People, room: str) -> Person:
    """A room with three messages. Returns its owner."""
    owner = await people.enter("Ada")
    await owner.make_room(id=room, name=room)
    for number in range(3):
        await owner.post(room, f"{number}")
    return owner


async def newest_page(http: aiohttp.ClientSession, stack: ChatStack, room: str) -> tuple[bytes, int]:
    """The body, and how many statements were sent meanwhile."""
    before = await reads(http, stack)
    async with http.get(f"{stack.chat_url}/api/v1/rooms/{room}/messages") as answer:
        assert answer.status == 200
        body = await answer.read()
    return body, await reads(http, stack) - before


async def test_the_reads_of_a_joining_crowd_do_not_grow_with_the_crowd(
    start_chat_stack: StartChatStack,
) -> None:
    room = f"join-{uuid.uuid4().hex[:12]}"
    stack = await asyncio.to_thread(start_chat_stack, scheduler=0)
    async with aiohttp.ClientSession() as http, people_of(stack) as people:
        await make_room(people, room)
        before, begun_s = await reads(http, stack), time.monotonic()
        async with asyncio.timeout(OPENED_WITHIN_S):
            await asyncio.gather(*(join(stack, room) for _ in range(READERS)))
        most = READS_OF_A_ROOM + READS_PER_S * (time.monotonic() - begun_s)
        assert 0 < await reads(http, stack) - before <= most


async def test_a_page_with_messages_added_in_memory_is_what_postgres_gives(
    start_chat_stack: StartChatStack,
) -> None:
    room = f"same-{uuid.uuid4().hex[:12]}"
    stack = await asyncio.to_thread(start_chat_stack, scheduler=0)
    async with aiohttp.ClientSession() as http, people_of(stack) as people, asyncio.timeout(OPENED_WITHIN_S):
        owner, guest = await make_room(people, room), await people.enter("Grace")
        statements = 1
        while statements:  # until the posts and the page are within a quarter of a second
            await newest_page(http, stack, room)
            first = (await owner.post(room, '한국어 "quoted" 👋'))["id"]
            many = (guest.post(room, f"fast {number}") for number in range(12))
            await asyncio.gather(guest.post(room, "a reply", reply_to=first), *many)
            from_memory, statements = await newest_page(http, stack, room)
        while not statements:
            from_postgres, statements = await newest_page(http, stack, room)
        assert from_memory == from_postgres
        page = orjson.loads(from_memory)
        assert any(message["reply_to"] == first for message in page["messages"])
        assert any(message.get("calm") is False for message in page["messages"]), "some are marked"
