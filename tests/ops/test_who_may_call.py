"""Who may make the calls of the operator: every call by every kind of caller. A call without a row fails."""

import uuid
from typing import Any, Final

import httpx
import pytest

from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.main import create_app
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.moderation.test_who_may_do_what import ROLES, Row, call_id
from tests.support.api_calls import calls_of, path_of
from tests.support.chat_stack import ADMIN_TOKEN
from tests.support.people import People

OPS: Final = f"{API}/ops"
ROOM: Final = f"{OPS}/rooms/{{room_id}}"
SESSION: Final = f"{OPS}/session"
STREAM: Final = ("GET", f"{OPS}/stream")
VENUE: Final = "203.0.113.7"
FOR_A_MINUTE: Final = {"seconds": 60}

OPERATOR: Final = (200, 403, 403, 403, 401)

TABLE: Final[dict[tuple[str, str], Row]] = {
    ("GET", f"{OPS}/bans"): Row(OPERATOR),
    ("POST", f"{OPS}/bans"): Row(OPERATOR, lambda room, _: {**FOR_A_MINUTE, "user_ids": [room.target.id]}),
    ("PUT", f"{OPS}/bans/{{user_id}}"): Row(OPERATOR, lambda *_: FOR_A_MINUTE),
    ("DELETE", f"{OPS}/bans/{{user_id}}"): Row(OPERATOR),
    ("GET", f"{OPS}/audit"): Row(OPERATOR),
    ("GET", f"{OPS}/settings"): Row(OPERATOR),
    ("PATCH", f"{OPS}/settings"): Row(OPERATOR, lambda *_: {"calm_ticks": None}),
    ("GET", f"{OPS}/rooms"): Row(OPERATOR),
    STREAM: Row(OPERATOR),
    ("GET", f"{OPS}/exemptions"): Row(OPERATOR),
    ("POST", f"{OPS}/exemptions"): Row(OPERATOR, lambda *_: {"address": VENUE, "hours": 1}, created=True),
    ("DELETE", f"{OPS}/exemptions/{{address}}"): Row((404, *OPERATOR[1:])),
    ("PUT", f"{ROOM}/hidden"): Row(OPERATOR),
    ("DELETE", f"{ROOM}/hidden"): Row(OPERATOR),
    ("POST", f"{ROOM}/owner"): Row(OPERATOR, lambda room, _: {"user_id": room.target.id}),
    ("DELETE", ROOM): Row((204, *OPERATOR[1:])),
}
"""What the operator sends; nobody else may."""

SIGN_IN_AND_OUT: Final[dict[tuple[str, str], Row]] = {
    ("POST", SESSION): Row((200,) * len(ROLES), lambda *_: {"token": ADMIN_TOKEN}),
    ("DELETE", SESSION): Row((204,) * len(ROLES)),
}
"""Open to everybody who has the token, see test_session.py."""

CODES: Final = {401: "unauthenticated", 403: "forbidden"}
VISIBILITIES: Final = ("public", "unlisted", "private")


def test_every_call_of_the_operator_has_a_row() -> None:
    fast = {(route.method, API + route.path) for route in FAST_ROUTES}
    calls = {call for call in fast | set(calls_of(create_app())) if call[1].startswith(OPS)}
    assert calls == set(TABLE | SIGN_IN_AND_OUT)


async def call(
    room: HostedRoom, client: httpx.AsyncClient, which: tuple[str, str], in_room: str = "", **given: Any
) -> httpx.Response:
    """Make the call; `in_room`: the id of another room than this one."""
    method, template = which
    make_body = (TABLE | SIGN_IN_AND_OUT)[which].body
    body = None if make_body is None else {**make_body(room, ""), **given}
    path = path_of(template, room_id=in_room or room.id, user_id=room.target.id)
    if which == STREAM:
        async with client.stream(method, path) as answer:
            if answer.status_code != 200:  # otherwise it has no end
                await answer.aread()
            return answer
    return await client.request(method, path, json=body)


@pytest.mark.parametrize("which", TABLE | SIGN_IN_AND_OUT, ids=call_id)
async def test_each_caller_may_do_what_the_table_says(people: People, which: tuple[str, str]) -> None:
    room = await HostedRoom.make(people)
    row = (TABLE | SIGN_IN_AND_OUT)[which]
    for role in reversed(ROLES):
        answer = await call(room, room.client(role), which)
        assert answer.status_code == row.expected(role), f"{role}: {answer.text}"
        if answer.status_code in CODES:
            assert answer.json()["code"] == CODES[answer.status_code]


OF_ROOMS: Final = [which for which in TABLE if which[1].startswith(ROOM)]


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("which", OF_ROOMS, ids=call_id)
async def test_a_refusal_does_not_depend_on_the_room(
    people: People, which: tuple[str, str], visibility: str
) -> None:
    """Others do not learn whether there is such a room, and the operator acts on rooms of every visibility."""
    room = await HostedRoom.make(people)
    changed = await room.owner.http.patch(room.path(), json={"visibility": visibility})
    assert changed.status_code == 200, changed.text
    row = TABLE[which]
    for role in reversed(ROLES):
        missing = await call(room, room.client(role), which, in_room="no-such-room")
        answer = await call(room, room.client(role), which)
        assert answer.status_code == row.expected(role), f"{role}: {answer.text}"
        if role == "operator":
            assert code_of(missing) == (404, "room_not_found")
        else:
            assert (missing.status_code, missing.text) == (answer.status_code, answer.text), role


async def test_a_wrong_token_makes_no_call(people: People) -> None:
    wrong = people.anonymous()
    wrong.headers["Authorization"] = "Bearer not the operator's token"
    assert code_of(await wrong.get(f"{OPS}/bans")) == (401, "unauthenticated")


@pytest.mark.parametrize("which", [each for each, row in TABLE.items() if row.body is not None], ids=call_id)
async def test_a_field_that_a_call_does_not_have_is_refused(people: People, which: tuple[str, str]) -> None:
    room = await HostedRoom.make(people)
    for field in ("addresses", "is_operator", "room_id"):
        given: dict[str, Any] = {field: True}
        answer = await call(room, room.operator, which, **given)
        assert code_of(answer) == (422, "validation_failed"), field
    assert (await room.target.try_post(room.id, "not banned")).status_code == 201


async def test_calls_about_unknown_people_and_rooms_are_refused(people: People) -> None:
    room = await HostedRoom.make(people)
    for user_id in (str(uuid.uuid4()), "nobody"):
        answer = await room.operator.put(f"{OPS}/bans/{user_id}", json=FOR_A_MINUTE)
        assert code_of(answer) == (404, "not_found")
    for method, path in (("PUT", "nowhere/hidden"), ("DELETE", "nowhere/hidden"), ("DELETE", "nowhere")):
        answer = await room.operator.request(method, f"{OPS}/rooms/{path}")
        assert code_of(answer) == (404, "room_not_found")
    given = await room.operator.post(f"{OPS}/rooms/{room.id}/owner", json={"user_id": str(uuid.uuid4())})
    assert code_of(given) == (404, "not_found")
