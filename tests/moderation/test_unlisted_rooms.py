"""Unlisted rooms: everybody who knows the id may enter, and nothing else shows that the room exists."""

import asyncio
import uuid
from typing import Any

import pytest

from local_stack.server_process import ServerProcess
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.publish.stream_reader import DEADLINE_S, StreamReader
from tests.support.people import People, Person


async def listed_ids(person: Person, **query: Any) -> set[str]:
    """The ids of all rooms on all pages of the list."""
    found: set[str] = set()
    cursor = None
    while True:
        page = await person.get("/api/v1/rooms", **query, **({"cursor": cursor} if cursor else {}))
        found |= {room["id"] for room in page["rooms"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_an_unlisted_room_is_in_no_list_and_no_search_of_rooms(people: People) -> None:
    ann, ben = await people.enter("Ann"), await people.enter("Ben")
    name = f"Book club {uuid.uuid4().hex}"
    unlisted = await ann.make_room(name=name, visibility="unlisted")
    public = await ann.make_room(name=name)
    assert unlisted["visibility"] == "unlisted" and unlisted["recovery_code"]
    await ann.post(unlisted["id"], "hello")
    assert await listed_ids(ben, q=name) == {public["id"]}
    assert unlisted["id"] not in await listed_ids(ben, limit=100)
    entered = await ben.get(f"/api/v1/rooms/{unlisted['id']}")
    assert entered["visibility"] == "unlisted"
    await ben.post(unlisted["id"], "found it")


async def test_the_owner_takes_a_room_off_the_list_and_puts_it_back(people: People) -> None:
    room = await HostedRoom.make(people)
    name = f"Choir {uuid.uuid4().hex}"
    for visibility, listed in (("unlisted", set()), ("public", {room.id})):
        change = {"name": name, "visibility": visibility}
        answer = await room.owner.http.patch(room.path(), json=change)
        assert (answer.status_code, answer.json()["visibility"]) == (200, visibility)
        assert await listed_ids(room.guest, q=name) == listed
        assert (await room.events())[-1]["room"]["visibility"] == visibility


@pytest.mark.parametrize(("role", "expected"), [("moderator", 403), ("guest", 403), ("operator", 200)])
async def test_only_the_owner_and_the_operator_change_who_sees_a_room(
    people: People, role: str, expected: int
) -> None:
    room = await HostedRoom.make(people)
    answer = await room.client(role).patch(room.path(), json={"visibility": "unlisted"})
    assert answer.status_code == expected, answer.text
    assert (await room.room())["visibility"] == ("unlisted" if expected == 200 else "public")


async def test_a_visibility_that_does_not_exist_is_refused(people: People) -> None:
    room = await HostedRoom.make(people)
    for visibility in ("hidden", "", None, 1):
        answer = await room.owner.http.patch(room.path(), json={"visibility": visibility, "name": "Tea"})
        if visibility is None:
            assert answer.status_code == 200
        else:
            assert code_of(answer) == (422, "validation_failed"), visibility


async def announced_until(stream: StreamReader, room_id: str) -> list[str]:
    """The ids of the new rooms that the stream announces, up to this one."""
    created: list[str] = []
    async with asyncio.timeout(DEADLINE_S):
        while room_id not in created:
            created.append((await stream.wait_for("room.created")).data["room_id"])
    return created


async def test_a_new_unlisted_room_is_announced_to_nobody(
    people: People, publish_server: ServerProcess
) -> None:
    ann = await people.enter("Ann")
    watched = await ann.make_room()
    url = f"{publish_server.base_url}/stream/v1/rooms"
    async with ann.http.stream("GET", url, params={"room": watched["id"]}) as response:
        stream = StreamReader(response)
        await stream.wait_for("room.updated")
        unlisted = await ann.make_room(visibility="unlisted")
        public = await ann.make_room()
        created = await announced_until(stream, public["id"])
    assert unlisted["id"] not in created


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
async def test_a_repeated_creation_does_not_announce_a_room_that_is_hidden_now(
    people: People, publish_server: ServerProcess, visibility: str
) -> None:
    ann = await people.enter("Ann")
    watched = await ann.make_room()
    url = f"{publish_server.base_url}/stream/v1/rooms"
    body, headers = {"name": "Choir"}, {"Idempotency-Key": uuid.uuid4().hex}
    made = (await ann.http.post("/api/v1/rooms", json=body, headers=headers)).json()
    answer = await ann.http.patch(f"/api/v1/rooms/{made['id']}", json={"visibility": visibility})
    assert answer.status_code == 200, answer.text
    async with ann.http.stream("GET", url, params={"room": watched["id"]}) as response:
        stream = StreamReader(response)
        await stream.wait_for("room.updated")
        first = await ann.make_room()
        await announced_until(stream, first["id"])
        repeated = await ann.http.post("/api/v1/rooms", json=body, headers=headers)
        assert (repeated.status_code, repeated.json()["id"]) == (201, made["id"])
        public = await ann.make_room()
        assert made["id"] not in await announced_until(stream, public["id"])
