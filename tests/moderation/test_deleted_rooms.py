"""Deleted rooms over HTTP: gone at once on every path and for every stream, and the id is never given again."""

import asyncio
import uuid

import pytest

from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.main import create_app
from local_stack.server_process import ServerProcess
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.moderation.test_who_may_do_what import ROOM, TABLE, call_id
from tests.publish.stream_reader import StreamClient
from tests.support.api_calls import calls_of, path_of
from tests.support.people import People

CALLS = sorted(
    call
    for call in {(route.method, API + route.path) for route in FAST_ROUTES} | set(calls_of(create_app()))
    if call[1].startswith(ROOM)
)
QUERIES = {f"{ROOM}/events": {"after_seq": "0"}, f"{ROOM}/search": {"q": "hello"}}


@pytest.mark.parametrize("call", CALLS, ids=call_id)
async def test_no_call_finds_a_deleted_room(people: People, call: tuple[str, str]) -> None:
    room = await HostedRoom.make(people)
    message = await room.guest.post(room.id, "hello")
    method, template = call
    path = path_of(template, room_id=room.id, message_id=message["id"], user_id=room.target.id)
    make_body = TABLE[call].body if call in TABLE else None
    body = None if make_body is None else make_body(room, message["id"])
    await room.room()  # in memory from now on
    await room.events()
    assert (await room.owner.http.delete(room.path())).status_code == 204
    answer = await room.owner.http.request(method, path, json=body, params=QUERIES.get(template))
    assert code_of(answer) == (404, "room_not_found")


async def test_the_id_of_a_deleted_room_is_never_given_again(people: People) -> None:
    room = await HostedRoom.make(people)
    assert (await room.owner.http.delete(room.path())).status_code == 204
    for person in (room.owner, room.guest):
        again = await person.http.post("/api/v1/rooms", json={"name": "Again", "id": room.id})
        assert code_of(again) == (409, "room_exists")
    named = await room.owner.http.post("/api/v1/rooms", json={"name": room.id})
    assert named.status_code == 201
    assert named.json()["id"].startswith(f"{room.id}-"), "a suffix, because the plain id is taken"


async def test_a_room_made_while_its_id_is_deleted_is_refused(people: People) -> None:
    owner, other = await people.enter("Ann"), await people.enter("Ben")
    for _ in range(20):
        room = await owner.make_room()
        body = {"name": "Again", "id": room["id"]}
        made = [other.http.post("/api/v1/rooms", json=body) for _ in range(3)]
        deleted, *refused = await asyncio.gather(owner.http.delete(f"/api/v1/rooms/{room['id']}"), *made)
        assert deleted.status_code == 204
        assert {code_of(answer) for answer in refused} == {(409, "room_exists")}


async def test_the_repeat_of_the_call_that_made_a_deleted_room_makes_none(people: People) -> None:
    ann = await people.enter("Ann")
    body = {"name": "Tea", "id": f"r-{uuid.uuid4().hex}"}
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    assert (await ann.http.post("/api/v1/rooms", json=body, headers=headers)).status_code == 201
    assert (await ann.http.delete(f"/api/v1/rooms/{body['id']}")).status_code == 204
    repeated = await ann.http.post("/api/v1/rooms", json=body, headers=headers)
    assert code_of(repeated) == (409, "room_exists")


async def test_the_lobby_cannot_be_deleted(people: People) -> None:
    room = await HostedRoom.make(people)
    for role in ("operator", "guest"):
        answer = await room.client(role).delete("/api/v1/rooms/lobby")
        assert code_of(answer) == (403, "forbidden"), role


async def test_a_session_that_was_ended_deletes_no_room(people: People) -> None:
    room = await HostedRoom.make(people)
    token = dict(room.owner.http.headers)
    assert (await room.owner.http.delete("/api/v1/sessions/current")).status_code == 204
    answer = await people.anonymous().delete(room.path(), headers=token)
    assert code_of(answer) == (401, "session_expired")
    assert (await room.guest.http.get(room.path())).status_code == 200


async def test_streams_of_a_deleted_room_end_and_none_opens_again(
    people: People, publish_server: ServerProcess
) -> None:
    room = await HostedRoom.make(people)
    async with StreamClient.of(publish_server.base_url) as client:
        async with (
            client.open(room.id) as stream,
            client.open(room.id, cursor=0) as resumed,
            client.open(room.id, mode="notify") as notified,
        ):
            for each in (stream, resumed, notified):
                await each.wait_for("stream.opened")
            assert (await room.owner.http.delete(room.path())).status_code == 204
            for each in (stream, resumed, notified):
                assert (await each.wait_for("stream.closing")).data == {"reason": "room_deleted"}
        async with client.open(room.id) as stream:
            assert stream.response.status_code == 404


async def test_posts_that_race_with_the_deletion_are_stored_before_it_or_refused(people: People) -> None:
    room = await HostedRoom.make(people)
    posts = [room.guest.try_post(room.id, f"message {number}") for number in range(20)]
    deletion = room.owner.http.delete(room.path())
    deleted, *posted = await asyncio.gather(deletion, *posts)
    assert deleted.status_code == 204
    assert {code_of(answer) for answer in posted} <= {(201, ""), (404, "room_not_found")}
