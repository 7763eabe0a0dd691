"""People who cannot post in a room cannot show their name in its typing line either."""

from collections.abc import AsyncIterator

import pytest

from local_stack.server_process import ServerProcess
from tests.moderation.hosted_room import HostedRoom
from tests.publish.stream_reader import StreamClient
from tests.support.people import People, Person


@pytest.fixture
async def client(publish_server: ServerProcess) -> AsyncIterator[StreamClient]:
    async with StreamClient.of(publish_server.base_url) as client:
        yield client


async def types(room: HostedRoom, person: Person) -> None:
    answer = await person.http.post(room.path("typing"))
    assert answer.status_code == 204, answer.text


async def test_people_who_are_banned_or_have_a_hosts_name_are_left_out_of_the_typing_line(
    people: People, client: StreamClient
) -> None:
    room = await HostedRoom.make(people)
    impostor = await people.enter(room.owner.nickname)
    await room.ban(room.target)
    async with client.open(room.id) as stream:
        await stream.wait_for("stream.opened")
        for person in (room.target, impostor, room.guest):
            await types(room, person)
        frame = await stream.wait_for("room.typing")
        assert [user["id"] for user in frame.data["users"]] == [room.guest.id]


async def test_people_with_a_filtered_nickname_are_left_out_of_the_typing_line(
    people: People, client: StreamClient
) -> None:
    room = await HostedRoom.make(people)
    named = await people.enter("see example.com")
    changed = await room.owner.http.patch(room.path(), json={"filters": {"links": "hold"}})
    assert changed.status_code == 200, changed.text
    async with client.open(room.id) as stream:
        await stream.wait_for("stream.opened")
        for person in (named, room.guest):
            await types(room, person)
        frame = await stream.wait_for("room.typing")
        assert [user["id"] for user in frame.data["users"]] == [room.guest.id]


async def test_guests_are_left_out_of_the_typing_line_of_a_room_for_moderators(
    people: People, client: StreamClient
) -> None:
    room = await HostedRoom.make(people)
    changed = await room.owner.http.patch(room.path(), json={"who_can_post": "moderators"})
    assert changed.status_code == 200, changed.text
    async with client.open(room.id) as stream:
        await stream.wait_for("stream.opened")
        for person in (room.guest, room.moderator):
            await types(room, person)
        frame = await stream.wait_for("room.typing")
        assert [user["id"] for user in frame.data["users"]] == [room.moderator.id]
