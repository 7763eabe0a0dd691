"""Streams of private rooms: they open with a ticket only, and end when their reader loses access."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from chat_server.rooms.room_id import new_private_room_id
from local_stack.server_process import ServerProcess
from server_kit.stream_tickets import StreamTicket, StreamTickets
from tests.moderation.private_room import PrivateRoom, join
from tests.publish.stream_reader import DEADLINE_S, Frame, StreamClient, StreamEnded, StreamReader
from tests.support.chat_stack import SECRET, StartChatStack
from tests.support.people import People, Person


@pytest.fixture
async def client(publish_server: ServerProcess) -> AsyncIterator[StreamClient]:
    async with StreamClient.of(publish_server.base_url) as client:
        yield client


async def ticket_of(person: Person, room_id: str) -> str:
    answer = await person.http.post(f"/api/v1/rooms/{room_id}/stream-tickets")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    ticket: str = answer.json()["ticket"]
    return ticket


async def list_ticket_of(person: Person, *room_ids: str) -> str:
    answer = await person.http.post("/api/v1/stream-tickets", json={"rooms": list(room_ids)})
    assert answer.status_code == 200, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


async def opening(client: StreamClient, room_id: str, **query: Any) -> tuple[int, str, str]:
    """Status, code and body of a request for a stream; of an open one the first event."""
    async with client.open(room_id, **query) as stream:
        if stream.response.status_code != 200:
            await stream.response.aread()
            return (
                stream.response.status_code,
                stream.response.json()["code"],
                stream.response.text.replace(room_id, "ROOM"),
            )
        return 200, (await stream.next_frame()).type, ""


async def test_one_ticket_of_a_member_opens_several_streams(people: People, client: StreamClient) -> None:
    room = await PrivateRoom.of(people)
    ticket = await ticket_of(room.guest, room.id)
    async with (
        client.open(room.id, ticket=ticket) as first,
        client.open(room.id, ticket=ticket) as second,
    ):
        for stream in (first, second):
            await stream.wait_for("stream.opened")
            assert stream.response.headers["cache-control"] == "no-store"
        await room.owner.post(room.id, "hello")
        for stream in (first, second):
            assert (await stream.wait_for("message.created")).data["message"]["text"] == "hello"


async def test_without_a_ticket_a_private_room_does_not_exist(people: People, client: StreamClient) -> None:
    room = await PrivateRoom.of(people)
    missing = new_private_room_id()
    for _ in range(2):
        expected = await opening(client, missing)
        assert expected[:2] == (404, "room_not_found")
        assert await opening(client, room.id) == expected
        assert await opening(client, room.id, last_event_id="1") == expected
        assert await opening(client, room.id, mode="notify") == expected
        async with client.open(room.id, ticket=await ticket_of(room.guest, room.id)) as stream:
            await stream.wait_for("stream.opened")  # followed from now on


async def test_every_bad_ticket_gets_the_same_refusal_whether_or_not_the_room_exists(
    people: People, client: StreamClient
) -> None:
    room, other = await PrivateRoom.of(people), await PrivateRoom.of(people)
    public = await room.owner.make_room()
    missing = new_private_room_id()
    now_s = time.time()
    tickets = StreamTickets(SECRET)
    stranger = uuid.UUID(room.stranger.id)

    def of(ticket: StreamTicket, at_s: float = now_s) -> str:
        return tickets.issue(ticket, at_s)[0]

    bad = {
        "other room": await ticket_of(other.owner, other.id),
        "forged": StreamTickets("another secret").issue(StreamTicket(stranger, {room.id: 1}), now_s)[0],
        "expired": of(StreamTicket(uuid.UUID(room.owner.id), {room.id: 1}), now_s - 61),
        "no ticket": "x",
        "session": room.owner.http.headers["Authorization"].removeprefix("Bearer "),
    }
    for name, ticket in bad.items():
        for room_id in (room.id, missing, public["id"]):
            answer = await opening(client, room_id, ticket=ticket)
            assert answer[:2] == (401, "ticket_invalid"), (name, room_id)
    for user_id in (stranger, uuid.UUID(room.banned.id), None):
        for room_id in (room.id, missing):
            for version in (0, 1, 99):
                ticket = of(StreamTicket(user_id, {room_id: version}))
                assert (await opening(client, room_id, ticket=ticket))[:2] == (401, "ticket_invalid")


async def test_a_ticket_from_before_a_ban_opens_nothing(people: People, client: StreamClient) -> None:
    room = await PrivateRoom.of(people)
    ticket = await ticket_of(room.guest, room.id)
    async with client.open(room.id, ticket=await ticket_of(room.owner, room.id)) as stream:
        await stream.wait_for("stream.opened")
        await room.ban(room.guest)
        assert (await opening(client, room.id, ticket=ticket))[:2] == (401, "ticket_invalid")
    answer = await room.guest.http.post(room.path("stream-tickets"))
    assert answer.status_code == 404


async def last_frame(stream: StreamReader) -> Frame:
    """Read until the stream is closed by the server."""
    frame = await stream.next_frame()
    while frame.type != "stream.closing":
        frame = await stream.next_frame()
    with pytest.raises(StreamEnded):
        await stream.next_frame()
    return frame


async def test_a_ticket_without_a_user_opens_no_room_that_is_private_now(
    people: People, client: StreamClient
) -> None:
    owner = await people.enter("Owner Ann")
    made = await owner.make_room()
    answer = await people.anonymous().post(f"/api/v1/rooms/{made['id']}/stream-tickets")
    ticket = answer.json()["ticket"]
    assert (await opening(client, made["id"], ticket=ticket))[0] == 200
    answer = await owner.http.patch(f"/api/v1/rooms/{made['id']}", json={"visibility": "private"})
    assert answer.status_code == 200, answer.text
    assert (await opening(client, made["id"], ticket=ticket))[:2] == (401, "ticket_invalid")


@pytest.mark.parametrize("way", ["ban", "bans"])
async def test_a_banned_person_loses_the_stream_and_others_keep_theirs(
    people: People, client: StreamClient, way: str
) -> None:
    room = await PrivateRoom.of(people)
    async with (
        client.open(room.id, ticket=await ticket_of(room.guest, room.id)) as lost,
        client.open(room.id, ticket=await ticket_of(room.target, room.id)) as kept,
    ):
        for stream in (lost, kept):
            await stream.wait_for("stream.opened")
        if way == "ban":
            await room.ban(room.guest)
        else:
            many = {"seconds": None, "purge": True, "user_ids": [room.guest.id]}
            assert (await room.owner.http.post(room.path("bans"), json=many)).status_code == 200
        assert (await last_frame(lost)).data == {"reason": "access_lost"}
        await room.owner.post(room.id, "after the ban")
        assert (await kept.wait_for("message.created")).data["message"]["text"] == "after the ban"


async def test_a_room_that_turns_private_ends_the_streams_of_everybody_but_its_hosts(
    people: People, client: StreamClient
) -> None:
    ann, ben = await people.enter("Ann"), await people.enter("Ben")
    room = await ann.make_room()
    async with (
        client.open(room["id"]) as anonymous,
        client.open(room["id"], ticket=await ticket_of(ben, room["id"])) as of_guest,
        client.open(room["id"], ticket=await ticket_of(ann, room["id"])) as of_owner,
    ):
        for stream in (anonymous, of_guest, of_owner):
            await stream.wait_for("stream.opened")
        path = f"/api/v1/rooms/{room['id']}"
        assert (await ann.http.patch(path, json={"visibility": "private"})).status_code == 200
        for stream in (anonymous, of_guest):
            assert (await last_frame(stream)).data == {"reason": "access_lost"}
        await ann.post(room["id"], "among ourselves")
        await of_owner.wait_for("message.created")
    assert (await opening(client, room["id"]))[:2] == (404, "room_not_found")


async def test_a_removed_moderator_without_a_membership_loses_the_stream(
    people: People, client: StreamClient
) -> None:
    room = await PrivateRoom.of(people)
    helper = room.stranger
    path = room.path(f"moderators/{helper.id}")
    assert (await room.owner.http.put(path)).status_code == 200
    async with client.open(room.id, ticket=await ticket_of(helper, room.id)) as stream:
        await stream.wait_for("stream.opened")
        assert (await room.owner.http.delete(path)).status_code == 200
        assert (await last_frame(stream)).data == {"reason": "access_lost"}


async def opened_list(
    http: httpx.AsyncClient, server: ServerProcess, room_ids: list[str], **query: str
) -> Any:
    url = f"{server.base_url}/stream/v1/rooms"
    return http.stream("GET", url, params={"room": room_ids, **query})


async def test_a_list_shows_private_rooms_that_its_ticket_covers(
    people: People, publish_server: ServerProcess
) -> None:
    room, other = await PrivateRoom.of(people), await PrivateRoom.of(people)
    public = (await room.owner.make_room())["id"]
    rooms = [room.id, other.id, public, new_private_room_id()]
    ticket = await list_ticket_of(room.guest, *rooms)
    async with (
        await opened_list(people.anonymous(), publish_server, rooms, ticket=ticket) as with_ticket,
        await opened_list(people.anonymous(), publish_server, rooms) as without,
    ):
        assert await updated_rooms(StreamReader(with_ticket), 2) == {room.id, public}
        stream = StreamReader(without)
        assert await updated_rooms(stream, 1) == {public}
        await room.owner.post(room.id, "a secret")
        await other.owner.post(other.id, "a secret")
        await room.owner.post(public, "in public")
        async with asyncio.timeout(DEADLINE_S):
            frame = await stream.wait_for("room.updated")
            while frame.data.get("last_message", {}).get("text") != "in public":
                assert frame.data["room_id"] == public
                frame = await stream.wait_for("room.updated")
    url = f"{publish_server.base_url}/stream/v1/rooms"
    refused = await people.anonymous().get(url, params={"room": rooms, "ticket": "x"})
    assert (refused.status_code, refused.json()["code"]) == (401, "ticket_invalid")


async def updated_rooms(stream: StreamReader, count: int) -> set[str]:
    """The rooms of the first `count` updates."""
    return {(await stream.wait_for("room.updated")).data["room_id"] for _ in range(count)}


async def test_a_list_no_longer_shows_a_room_that_its_reader_lost(
    people: People, publish_server: ServerProcess, client: StreamClient
) -> None:
    room = await PrivateRoom.of(people)
    public = (await room.owner.make_room())["id"]
    ticket = await list_ticket_of(room.guest, room.id)
    async with await opened_list(
        people.anonymous(), publish_server, [room.id, public], ticket=ticket
    ) as response:
        stream = StreamReader(response)
        assert await updated_rooms(stream, 2) == {room.id, public}
        async with (
            client.open(room.id, ticket=await ticket_of(room.guest, room.id)) as of_guest,
            client.open(room.id, ticket=await ticket_of(room.owner, room.id)) as of_owner,
        ):
            await of_guest.wait_for("stream.opened")
            await of_owner.wait_for("stream.opened")
            await room.ban(room.guest)
            await last_frame(of_guest)  # the list was checked with it
            await room.owner.post(room.id, "a secret")
            await of_owner.wait_for("message.created")
        await room.owner.post(public, "in public")
        frame = await stream.wait_for("room.updated")
        while frame.data.get("last_message", {}).get("text") != "in public":
            assert frame.data.get("last_message", {}).get("text") != "a secret"
            frame = await stream.wait_for("room.updated")


@pytest.mark.asyncio(loop_scope="function")
async def test_access_is_lost_without_kafka_and_nothing_is_sent_without_heads(
    start_chat_stack: StartChatStack,
) -> None:
    """publish_server gets no signal here: Kafka's address leads nowhere."""
    stack = await asyncio.to_thread(start_chat_stack, scheduler=0, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    people = People(stack.chat_url)
    ann, ben = await people.enter("Ann"), await people.enter("Ben")
    made = await ann.http.post("/api/v1/rooms", json={"name": "Tea", "visibility": "private"})
    room_id = made.json()["id"]
    await join(ann, ben, room_id)
    async with (
        StreamClient.of(stack.publish_url) as client,
        client.open(room_id, ticket=await ticket_of(ben, room_id)) as stream,
    ):
        await stream.wait_for("stream.opened")
        ban = {"seconds": None, "purge": False}
        answer = await ann.http.put(f"/api/v1/rooms/{room_id}/bans/{ben.id}", json=ban)
        assert answer.status_code == 200
        assert (await last_frame(stream)).data == {"reason": "access_lost"}
    await people.leave()
