"""Who may do what in a room: every call by every role, on a real server. A new call of a room without a row fails."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest

from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.main import create_app
from tests.moderation.hosted_room import GOOD_FOR_A_MINUTE, HostedRoom, code_of
from tests.support.api_calls import calls_of, path_of
from tests.support.people import People

ROOM: Final = f"{API}/rooms/{{room_id}}"
MESSAGE: Final = f"{ROOM}/messages/{{message_id}}"
ROLES: Final = ("operator", "owner", "moderator", "guest", "nobody")

EVERYBODY: Final = (401, 200, 200, 200, 401)
EVERYBODY_AND_THE_OPERATOR: Final = (200, 200, 200, 200, 401)
HOSTS: Final = (200, 200, 200, 403, 401)
OWNER_AND_OPERATOR: Final = (200, 200, 403, 403, 401)
OWNER: Final = (401, 200, 403, 403, 401)
NONE_OF_THEM: Final = (401, 403, 403, 403, 401)
"""The author of the message is another person."""

NO_INVITE: Final = str(uuid.UUID(int=7))

Body = Callable[[HostedRoom, str], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """`statuses`: one for each of ROLES. `body` takes the room and the id of a message by its target."""

    statuses: tuple[int, ...]
    body: Body | None = None
    created: bool = field(default=False)
    """Answers 201 instead of 200."""

    def expected(self, role: str) -> int:
        status = self.statuses[ROLES.index(role)]
        return 201 if status == 200 and self.created else status


def draft(*_: object) -> dict[str, Any]:
    return {"client_message_id": str(uuid.uuid4()), "text": "hello"}


TABLE: Final[dict[tuple[str, str], Row]] = {
    ("PATCH", ROOM): Row(HOSTS, lambda *_: {"who_can_post": "regulars"}),
    ("DELETE", ROOM): Row((204, 204, 403, 403, 401)),
    ("GET", f"{ROOM}/export"): Row(OWNER_AND_OPERATOR),
    ("GET", f"{ROOM}/me"): Row(EVERYBODY_AND_THE_OPERATOR),
    ("GET", f"{ROOM}/bans"): Row(HOSTS),
    ("POST", f"{ROOM}/bans"): Row(HOSTS, lambda room, _: {**GOOD_FOR_A_MINUTE, "user_ids": [room.target.id]}),
    ("PUT", f"{ROOM}/bans/{{user_id}}"): Row(HOSTS, lambda *_: GOOD_FOR_A_MINUTE),
    ("DELETE", f"{ROOM}/bans/{{user_id}}"): Row(HOSTS),
    ("GET", f"{ROOM}/audit"): Row(HOSTS),
    ("GET", f"{ROOM}/filters"): Row(HOSTS),
    ("GET", f"{ROOM}/held"): Row(HOSTS),
    ("GET", f"{ROOM}/reports"): Row(HOSTS),
    ("POST", f"{ROOM}/reports/{{report_id}}/resolve"): Row(HOSTS),
    ("POST", f"{MESSAGE}/reports"): Row(EVERYBODY, lambda *_: {"reason": "spam"}, created=True),
    ("POST", f"{ROOM}/held/{{held_id}}/allow"): Row(HOSTS),
    ("POST", f"{ROOM}/held/{{held_id}}/refuse"): Row(HOSTS),
    ("PUT", f"{ROOM}/moderators/{{user_id}}"): Row(OWNER_AND_OPERATOR),
    ("DELETE", f"{ROOM}/moderators/{{user_id}}"): Row(OWNER_AND_OPERATOR),
    ("POST", f"{ROOM}/owner"): Row(OWNER_AND_OPERATOR, lambda room, _: {"user_id": room.target.id}),
    ("POST", f"{ROOM}/owner/recover"): Row(EVERYBODY, lambda room, _: {"recovery_code": room.code}),
    ("POST", f"{ROOM}/owner/recovery-code"): Row(OWNER),
    ("POST", f"{ROOM}/invites"): Row(HOSTS, lambda *_: {"role": "member"}, created=True),
    ("GET", f"{ROOM}/invites"): Row(HOSTS),
    ("DELETE", f"{ROOM}/invites/{{invite_id}}"): Row((404, 404, 404, 403, 401)),
    ("POST", f"{ROOM}/stream-tickets"): Row((200, 200, 200, 200, 200)),
    ("POST", f"{ROOM}/typing"): Row((401, 204, 204, 204, 401)),
    ("POST", f"{ROOM}/messages"): Row(EVERYBODY, draft, created=True),
    ("PATCH", MESSAGE): Row(NONE_OF_THEM, lambda *_: {"text": "changed"}),
    ("DELETE", MESSAGE): Row(HOSTS),
    ("PUT", f"{MESSAGE}/pin"): Row(HOSTS),
    ("DELETE", f"{MESSAGE}/pin"): Row(HOSTS),
    ("PUT", f"{MESSAGE}/reactions/{{kind}}"): Row(EVERYBODY),
    ("DELETE", f"{MESSAGE}/reactions/{{kind}}"): Row(EVERYBODY),
}

READS: Final = {(route.method, API + route.path) for route in FAST_ROUTES if route.is_fetch}
"""Fetches of a public room, which everybody may make."""


def call_id(call: tuple[str, str]) -> str:
    method, template = call
    return f"{method} {template.removeprefix(API)}"


def test_every_call_of_a_room_has_a_row() -> None:
    fast = {(route.method, API + route.path) for route in FAST_ROUTES}
    of_rooms = {call for call in fast | set(calls_of(create_app())) if call[1].startswith(ROOM)}
    assert of_rooms - READS == set(TABLE)


async def held_message(room: HostedRoom) -> str:
    """The id of a message by the target that a filter holds."""
    filters = {"words": ["spam"], "words_action": "hold"}
    assert (await room.owner.http.patch(room.path(), json={"filters": filters})).status_code == 200
    held = await room.target.try_post(room.id, "spam")
    assert held.status_code == 202
    return str(held.json()["id"])


async def report(room: HostedRoom, message_id: str) -> str:
    """The id of a report of the message."""
    made = await room.guest.http.post(room.path(f"messages/{message_id}/reports"), json={"reason": "spam"})
    assert made.status_code == 201
    return str(made.json()["id"])


async def call(
    room: HostedRoom, role: str, call: tuple[str, str], message_id: str, body: dict[str, Any] | None
) -> httpx.Response:
    method, template = call
    path = path_of(
        template,
        room_id=room.id,
        message_id=message_id,
        user_id=room.target.id,
        report_id=await report(room, message_id) if "{report_id}" in template else "",
        held_id=await held_message(room) if "{held_id}" in template else "",
        invite_id=NO_INVITE,
    )
    return await room.client(role).request(method, path, json=body)


@pytest.mark.parametrize("which", TABLE, ids=call_id)
async def test_each_role_may_do_what_the_table_says(people: People, which: tuple[str, str]) -> None:
    first = await HostedRoom.make(people)
    row = TABLE[which]
    for role in ROLES:
        room = await first.another()
        message = await room.target.post(room.id, "hello")
        body = None if row.body is None else row.body(room, message["id"])
        answer = await call(room, role, which, message["id"], body)
        assert answer.status_code == row.expected(role), f"{role}: {answer.text}"
        if answer.status_code == 403:
            assert answer.json()["code"] == "forbidden"


WITH_BODY: Final = [which for which, row in TABLE.items() if row.body is not None]
IGNORES_UNKNOWN_FIELDS: Final = {("POST", f"{ROOM}/messages")}
FORGED: Final[dict[str, Any]] = {
    "role": "owner",
    "owner_id": str(uuid.UUID(int=7)),
    "moderators": [],
    "visibility": "hidden",
    "is_operator": True,
    "addresses": True,
    "last_seq": 0,
}


@pytest.mark.parametrize("which", [c for c in WITH_BODY if c not in IGNORES_UNKNOWN_FIELDS], ids=call_id)
async def test_a_field_that_a_call_does_not_have_is_refused_and_changes_nothing(
    people: People, which: tuple[str, str]
) -> None:
    room = await HostedRoom.make(people)
    message = await room.target.post(room.id, "hello")
    make_body = TABLE[which].body
    assert make_body is not None
    before = await room.room()
    for name, value in FORGED.items():
        body = {**make_body(room, message["id"]), name: value}
        answer = await call(room, "owner", which, message["id"], body)
        assert code_of(answer) == (422, "validation_failed"), name
        assert [error["field"] for error in answer.json()["errors"]] == [name]
    assert await room.room() == before


async def test_a_forged_field_of_a_new_room_has_no_effect(people: People) -> None:
    ann = await people.enter()
    room = await ann.make_room(owner_id=str(uuid.uuid4()), moderators=[{"id": ann.id}], last_seq=7)
    assert (room["owner_id"], room["moderators"], room["last_seq"]) == (ann.id, [], 0)
    refused = await ann.http.post("/api/v1/rooms", json={"name": "Tea", "visibility": "hidden"})
    assert code_of(refused) == (422, "validation_failed")


RANK: Final = {"operator": 3, "owner": 2, "moderator": 1, "guest": 0}


@pytest.mark.parametrize("actor", ["operator", "owner", "moderator"])
@pytest.mark.parametrize("target", ["owner", "moderator", "guest"])
async def test_nobody_acts_on_a_person_of_the_same_or_a_higher_role(
    people: People, actor: str, target: str
) -> None:
    room = await HostedRoom.make(people)
    if actor == target == "moderator":
        other = await people.enter("Moderator Eve")
        assert (await room.owner.http.put(room.path(f"moderators/{other.id}"))).status_code == 200
        person = other
    else:
        person = getattr(room, target)
    message = await person.post(room.id, "hello")
    by = room.client(actor)
    is_self = actor == target == "owner"
    expected = (200, "") if RANK[actor] > RANK[target] else (403, "forbidden")
    ban = await by.put(room.path(f"bans/{person.id}"), json=GOOD_FOR_A_MINUTE)
    assert code_of(ban) == expected
    purge = {"seconds": None, "purge": True, "user_ids": [room.target.id, person.id]}
    assert code_of(await by.post(room.path("bans"), json=purge)) == expected
    deletion = await by.delete(room.path(f"messages/{message['id']}"))
    assert code_of(deletion) == ((200, "") if is_self else expected)


async def test_nobody_bans_themselves_and_a_refused_ban_of_many_bans_nobody(people: People) -> None:
    room = await HostedRoom.make(people)
    own = await room.moderator.http.put(room.path(f"bans/{room.moderator.id}"), json=GOOD_FOR_A_MINUTE)
    assert code_of(own) == (403, "forbidden")
    many = {**GOOD_FOR_A_MINUTE, "user_ids": [room.guest.id, room.owner.id]}
    assert code_of(await room.moderator.http.post(room.path("bans"), json=many)) == (403, "forbidden")
    assert (await room.me(room.guest))["banned"] is None
    assert (await room.owner.get(room.path("bans")))["bans"] == []


async def test_a_host_of_one_room_is_a_guest_in_another(people: People) -> None:
    room = await HostedRoom.make(people)
    other = await HostedRoom.make(people)
    message = await other.guest.post(other.id, "hello")
    for role in ("owner", "moderator"):
        by = room.client(role)
        for answer in (
            await by.put(other.path(f"bans/{other.guest.id}"), json=GOOD_FOR_A_MINUTE),
            await by.get(other.path("bans")),
            await by.get(other.path("audit")),
            await by.put(other.path(f"moderators/{room.guest.id}")),
            await by.patch(other.path(), json={"who_can_post": "moderators"}),
            await by.delete(other.path(f"messages/{message['id']}")),
            await by.post(other.path("owner"), json={"user_id": room.owner.id}),
            await by.post(other.path("owner/recovery-code")),
            await by.post(other.path("owner/recover"), json={"recovery_code": room.code}),
        ):
            assert code_of(answer) == (403, "forbidden"), answer.request.url


async def test_ids_of_another_room_and_of_nobody_are_not_found(people: People) -> None:
    room = await HostedRoom.make(people)
    other = await HostedRoom.make(people)
    foreign = await other.guest.post(other.id, "hello")
    by = room.owner.http
    same_text = {**GOOD_FOR_A_MINUTE, "same_text_as": foreign["id"]}
    assert code_of(await by.post(room.path("bans"), json=same_text)) == (404, "message_not_found")
    for nobody in (str(uuid.uuid4()), str(uuid.UUID(int=0))):
        for answer in (
            await by.put(room.path(f"bans/{nobody}"), json=GOOD_FOR_A_MINUTE),
            await by.put(room.path(f"moderators/{nobody}")),
            await by.post(room.path("owner"), json={"user_id": nobody}),
        ):
            assert code_of(answer) == (404, "not_found"), answer.request.url
    for no_id in ("ann", "me", "1", "%00"):
        answer = await by.put(room.path(f"bans/{no_id}"), json=GOOD_FOR_A_MINUTE)
        assert code_of(answer) == (404, "not_found"), no_id
    for method, rest in (("GET", "me"), ("GET", "bans"), ("POST", "owner/recovery-code")):
        answer = await by.request(method, f"/api/v1/rooms/no-such-room/{rest}")
        assert code_of(answer) == (404, "room_not_found"), rest
