"""Calls to chat_server whose callers do not wait for the response."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from random import Random
from uuid import UUID

import httpx
import pytest

from chat_contract.internal_api import RoomReaders
from local_stack.server_process import ServerProcess
from publish_server.recovery.access_checks import AccessChecks
from publish_server.recovery.chat_client import ChatClient
from tests.moderation.private_room import PrivateRoom
from tests.publish.stream_reader import DEADLINE_S
from tests.support.chat_stack import SECRET
from tests.support.people import People

CONNECTIONS = 4


class CountedClient(ChatClient):
    """Keeps what was asked about access."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        super().__init__(http, [base_url], [SECRET])
        self.asked: list[Mapping[str, Sequence[UUID]]] = []

    async def access(self, people: Mapping[str, Sequence[UUID]]) -> dict[str, RoomReaders]:
        self.asked.append(people)
        return await super().access(people)


@pytest.fixture
async def chat(chat_server: ServerProcess) -> AsyncIterator[CountedClient]:
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(timeout=DEADLINE_S, limits=limits, trust_env=False) as http:
        chat = CountedClient(http, chat_server.base_url)
        yield chat
        await chat.close()


async def test_calls_whose_callers_are_gone_cost_no_connections(chat: CountedClient) -> None:
    rng = Random(7)

    async def give_up() -> None:
        try:
            async with asyncio.timeout(rng.random() * 0.02):
                await chat.heads(["lobby"])
        except TimeoutError:
            pass

    for _ in range(10):
        await asyncio.gather(*(give_up() for _ in range(2 * CONNECTIONS)))
    async with asyncio.timeout(DEADLINE_S):
        assert list(await chat.heads(["lobby"])) == ["lobby"]


async def test_one_call_checks_all_streams_that_wait(chat: CountedClient, people: People) -> None:
    room = await PrivateRoom.of(people)
    made = await room.owner.http.post("/api/v1/rooms", json={"name": "Another", "visibility": "private"})
    other_id = made.json()["id"]
    checks = AccessChecks(chat)
    owner, member, banned = (UUID(each.id) for each in (room.owner, room.guest, room.banned))
    wanted = [
        (owner, [room.id, other_id]),
        (member, [room.id, other_id]),
        (banned, [room.id]),
        (None, [room.id]),
    ]
    waiting = [asyncio.ensure_future(checks.readable(*each)) for each in (*wanted, *wanted)]
    gone = asyncio.ensure_future(checks.readable(owner, ["no-such-room"]))
    await asyncio.sleep(0)
    gone.cancel()
    running = asyncio.create_task(checks.check_waiting())
    async with asyncio.timeout(DEADLINE_S):
        found = [set(each) for each in await asyncio.gather(*waiting)]
    assert found == 2 * [{room.id, other_id}, {room.id}, set(), set()]
    [asked] = chat.asked
    assert sum(map(len, asked.values())) == 6
    running.cancel()
