"""The operator reads every private room, on each path and by each way; a wrong token reads none."""

import httpx
import pytest

from chat_server.fastpath.routes import API, FAST_ROUTES
from local_stack.server_process import ServerProcess
from tests.moderation.hosted_room import code_of
from tests.moderation.private_room import PrivateRoom
from tests.moderation.test_deleted_rooms import QUERIES
from tests.support.api_calls import path_of
from tests.support.chat_stack import StartChatStack
from tests.support.people import People

READS = [
    API + route.path for route in FAST_ROUTES if route.is_fetch and "unauthenticated" not in route.problems
]
"""Without the fetch of a person's own reactions: the operator has none."""


@pytest.mark.parametrize("template", READS)
async def test_the_operator_reads_a_private_room(people: People, template: str) -> None:
    room = await PrivateRoom.of(people)
    message = await room.guest.post(room.id, "hello")
    path = path_of(template, room_id=room.id, message_id=message["id"])
    query = QUERIES.get(template)
    for _ in range(2):
        read = await room.operator.get(path, params=query)
        assert read.status_code == 200, read.text
        assert (await room.stranger.http.get(path, params=query)).status_code == 404
        assert (await room.nobody.get(path, params=query)).status_code == 404


async def test_the_operators_ticket_opens_a_private_stream(
    people: People, publish_server: ServerProcess
) -> None:
    room = await PrivateRoom.of(people)
    ticket = (await room.operator.post(room.path("stream-tickets"))).json()["ticket"]
    url = f"{publish_server.base_url}/stream/v1/rooms/{room.id}"
    async with httpx.AsyncClient(timeout=10) as http:
        async with http.stream("GET", url, params={"ticket": ticket}) as stream:
            assert stream.status_code == 200
            message = await room.guest.post(room.id, "only for members")
            async for line in stream.aiter_lines():
                if line.startswith("data: ") and message["id"] in line:
                    break
            else:
                raise AssertionError("the stream ended without the message")
        assert (await http.get(url)).status_code == 404


async def test_a_wrong_token_reads_no_private_room_and_counts_as_a_guess(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, OPERATOR_GUESSES_PER_ADDRESS_PER_MIN="3")
    people = People(stack.chat_url)
    room = await PrivateRoom.of(people)
    path = room.path("messages")
    assert (await room.operator.get(path)).status_code == 200
    for n in range(4):
        guess = await room.nobody.get(path, headers={"Authorization": f"Bearer guess {n}"})
        assert code_of(guess) == (404, "room_not_found")
    assert code_of(await room.operator.get(path)) == (404, "room_not_found")
    assert code_of(await room.operator.get(room.path("bans"))) == (429, "rate_limited")
    assert (await room.guest.http.get(path)).status_code == 200
    await people.leave()
