"""Calls to chat_server whose callers do not wait for the response."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from random import Random
from uuid import UUID

import httpx
import pytest

from chat_contract.internal_api import MAX_ACCESS_PAIRS, RoomReaders
from local_stack.server_process import ServerProcess
from publish_server.recovery.access_checks import AccessChecks
from publish_server.recovery.chat_client import ChatClient
from publish_server.rooms.room import Room
from tests.moderation.private_room import PrivateRoom
from tests.publish.hub_fixtures import Core
from tests.publish.stream_reader import DEADLINE_S
from tests.support.chat_stack import SECRET
from tests.support.people import People, Person

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


class Streams:
    """Has streams of the given people in each room, and notes who may no longer read it."""

    def __init__(self, readers: Mapping[str, Collection[UUID]]) -> None:
        self._readers = readers
        self.lost: dict[str, set[UUID]] = {}
        self.are_checked = asyncio.Event()

    def readers_of(self, room: Room) -> Collection[UUID]:
        return self._readers[room.id]

    def access_checked(self, room: Room, version: int, lost: Collection[UUID]) -> None:
        self.lost[room.id] = set(lost)
        if len(self.lost) == len(self._readers):
            self.are_checked.set()


async def recheck(chat: CountedClient, core: Core, streams: Streams, room_ids: Iterable[str]) -> None:
    checks = AccessChecks(chat)
    for room_id in room_ids:
        checks.recheck(core.followed_rooms.follow(room_id).room)
    running = asyncio.create_task(checks.run(streams))
    async with asyncio.timeout(DEADLINE_S):
        await streams.are_checked.wait()
    running.cancel()


async def private_rooms(owner: Person, count: int) -> list[str]:
    body = {"name": "Book club", "visibility": "private"}
    return [(await owner.http.post("/api/v1/rooms", json=body)).json()["id"] for _ in range(count)]


async def test_one_call_rechecks_many_rooms(chat: CountedClient, core: Core, people: People) -> None:
    owner, stranger = await people.enter("Owner Ann"), await people.enter("Stranger Eve")
    room_ids = await private_rooms(owner, 30)
    streams = Streams({room_id: [UUID(owner.id), UUID(stranger.id)] for room_id in room_ids})
    await recheck(chat, core, streams, room_ids)
    assert len(chat.asked) == 1
    assert streams.lost == {room_id: {UUID(stranger.id)} for room_id in room_ids}


async def test_a_recheck_of_more_people_than_a_call_covers_takes_several(
    chat: CountedClient, core: Core, people: People
) -> None:
    owner = await people.enter("Owner Ann")
    small, large, empty = room_ids = await private_rooms(owner, 3)
    strangers = {UUID(int=n) for n in range(1, MAX_ACCESS_PAIRS + 1)}
    streams = Streams({small: [UUID(owner.id)], large: [*strangers, UUID(owner.id)], empty: []})
    await recheck(chat, core, streams, room_ids)
    assert [sum(map(len, asked.values())) for asked in chat.asked] == [1, MAX_ACCESS_PAIRS, 1]
    assert streams.lost == {small: set(), large: strangers, empty: set()}
