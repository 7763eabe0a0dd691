"""Who may make the calls of the operator: every call by every kind of caller. A call without a row fails."""

import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from chat_server.fastpath.routes import API
from chat_server.main import create_app
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.api_calls import calls_of, path_of
from tests.support.people import People

OPS: Final = f"{API}/ops"
FOR_A_MINUTE: Final = {"seconds": 60}
CALLERS: Final = ("operator", "owner", "moderator", "guest", "nobody")

Body = Callable[[HostedRoom], dict[str, Any]]

ROOM: Final = f"{OPS}/rooms/{{room_id}}"

TABLE: Final[dict[tuple[str, str], Body | None]] = {
    ("GET", f"{OPS}/bans"): None,
    ("POST", f"{OPS}/bans"): lambda room: {**FOR_A_MINUTE, "user_ids": [room.target.id]},
    ("PUT", f"{OPS}/bans/{{user_id}}"): lambda _: FOR_A_MINUTE,
    ("DELETE", f"{OPS}/bans/{{user_id}}"): None,
    ("GET", f"{OPS}/audit"): None,
    ("GET", f"{OPS}/rooms"): None,
    ("PUT", f"{ROOM}/hidden"): None,
    ("DELETE", f"{ROOM}/hidden"): None,
    ("POST", f"{ROOM}/owner"): lambda room: {"user_id": room.target.id},
    ("DELETE", ROOM): None,
}
"""What the operator sends; nobody else may."""

TO_SIGN_IN: Final = {("POST", f"{OPS}/session"), ("DELETE", f"{OPS}/session")}
"""Open to everybody, see test_session.py."""

ANSWERS_204: Final = {("DELETE", ROOM)}


def call_id(call: tuple[str, str]) -> str:
    return f"{call[0]} {call[1].removeprefix(API)}"


def test_every_call_of_the_operator_has_a_row() -> None:
    calls = {call for call in calls_of(create_app()) if call[1].startswith(OPS)}
    assert calls - TO_SIGN_IN == set(TABLE)


async def call(
    room: HostedRoom, client: httpx.AsyncClient, which: tuple[str, str], **given: Any
) -> httpx.Response:
    method, template = which
    make_body = TABLE[which]
    body = None if make_body is None else {**make_body(room), **given}
    path = path_of(template, room_id=room.id, user_id=room.target.id)
    return await client.request(method, path, json=body)


@pytest.mark.parametrize("which", TABLE, ids=call_id)
async def test_only_the_operator_may_make_the_call(people: People, which: tuple[str, str]) -> None:
    room = await HostedRoom.make(people)
    done = 204 if which in ANSWERS_204 else 200
    expected = {"operator": (done, ""), "nobody": (401, "unauthenticated")}
    for caller in reversed(CALLERS):
        answer = await call(room, room.client(caller), which)
        assert code_of(answer) == expected.get(caller, (403, "forbidden")), f"{caller}: {answer.text}"


async def test_a_wrong_token_makes_no_call(people: People) -> None:
    wrong = people.anonymous()
    wrong.headers["Authorization"] = "Bearer not the operator's token"
    assert code_of(await wrong.get(f"{OPS}/bans")) == (401, "unauthenticated")


@pytest.mark.parametrize("which", [each for each, body in TABLE.items() if body is not None], ids=call_id)
async def test_a_field_that_a_call_does_not_have_is_refused(people: People, which: tuple[str, str]) -> None:
    room = await HostedRoom.make(people)
    for field in ("address", "is_operator", "room_id"):
        answer = await call(room, room.operator, which, **{field: True})
        assert code_of(answer) == (422, "validation_failed"), field
    assert (await room.target.try_post(room.id, "not banned")).status_code == 201


async def test_calls_about_nobody_and_about_no_room_are_refused(people: People) -> None:
    room = await HostedRoom.make(people)
    for user_id in (str(uuid.uuid4()), "nobody"):
        answer = await room.operator.put(f"{OPS}/bans/{user_id}", json=FOR_A_MINUTE)
        assert code_of(answer) == (404, "not_found")
    for method, path in (("PUT", "nowhere/hidden"), ("DELETE", "nowhere/hidden"), ("DELETE", "nowhere")):
        answer = await room.operator.request(method, f"{OPS}/rooms/{path}")
        assert code_of(answer) == (404, "room_not_found")
    given = await room.operator.post(f"{OPS}/rooms/{room.id}/owner", json={"user_id": str(uuid.uuid4())})
    assert code_of(given) == (404, "not_found")
