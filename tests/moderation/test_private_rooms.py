"""Private rooms: for everybody but members and hosts, on every path, they look like rooms that do not exist."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from chat_server.rooms.room_id import new_private_room_id
from tests.moderation.hosted_room import GOOD_FOR_A_MINUTE, code_of
from tests.moderation.private_room import PrivateRoom, accept, invite, join
from tests.moderation.test_deleted_rooms import CALLS, QUERIES
from tests.moderation.test_unlisted_rooms import listed_ids
from tests.moderation.test_who_may_do_what import NO_INVITE, ROLES, TABLE, call_id, held_message, report
from tests.support.api_calls import path_of
from tests.support.people import People, Person

STRANGERS = ("stranger", "banned", "nobody")
VARYING = {"date", "x-request-id", "content-length", "retry-after"}


async def request(
    client: httpx.AsyncClient,
    call: tuple[str, str],
    room: PrivateRoom,
    room_id: str,
    message_id: str,
    report_id: str = "7",
) -> httpx.Response:
    method, template = call
    path = path_of(
        template,
        room_id=room_id,
        message_id=message_id,
        user_id=room.target.id,
        invite_id=NO_INVITE,
        held_id=await held_message(room) if "{held_id}" in template else "",
        report_id=report_id,
    )
    row = TABLE.get(call)
    body = row.body(room, message_id) if row is not None and row.body is not None else None
    if template.endswith("/owner/recover"):
        body = {"recovery_code": "A" * 32}  # with the right one the caller would become the owner
    return await client.request(method, path, json=body, params=QUERIES.get(template))


def revealed(answer: httpx.Response, room_id: str) -> Any:
    """Everything that the caller can learn from the response. The id that the caller sent is replaced."""
    headers = sorted(name for name in answer.headers if name not in VARYING)
    return answer.status_code, headers, answer.text.replace(room_id, "ROOM")


@pytest.mark.parametrize("call", CALLS, ids=call_id)
async def test_a_private_room_answers_strangers_like_one_that_does_not_exist(
    people: People, call: tuple[str, str]
) -> None:
    room = await PrivateRoom.of(people)
    message = await room.guest.post(room.id, "hello")
    await room.room()  # in memory from now on
    await room.events()
    for role in STRANGERS:
        client = room.client(role)
        missing = new_private_room_id()
        expected = revealed(await request(client, call, room, missing, message["id"]), missing)
        assert expected[0] in (404, 401), expected
        for _ in range(2):
            answer = await request(client, call, room, room.id, message["id"])
            assert revealed(answer, room.id) == expected, role


@pytest.mark.parametrize("call", CALLS, ids=call_id)
async def test_a_process_that_has_never_read_the_room_gives_strangers_the_same_answers(
    people: People, call: tuple[str, str]
) -> None:
    room = await PrivateRoom.of(people)
    message_id = str(uuid.uuid4())
    fresh = await room.owner.http.post("/api/v1/rooms", json={"name": "New", "visibility": "private"})
    unread = fresh.json()["id"]
    missing = new_private_room_id()
    expected = revealed(await request(room.stranger.http, call, room, missing, message_id), missing)
    assert revealed(await request(room.stranger.http, call, room, unread, message_id), unread) == expected


WITHOUT_RECOVERY = [call for call in TABLE if not call[1].endswith("/owner/recover")]
"""The bearer of the right code becomes the owner: a test of its own."""


@pytest.mark.parametrize("which", WITHOUT_RECOVERY, ids=call_id)
async def test_members_and_hosts_may_do_what_they_may_in_a_public_room(
    people: People, which: tuple[str, str]
) -> None:
    row = TABLE[which]
    for role in ROLES[1:4]:
        room = await PrivateRoom.of(people)
        message = await room.target.post(room.id, "hello")
        report_id = await report(room, message["id"]) if "{report_id}" in which[1] else ""
        answer = await request(room.client(role), which, room, room.id, message["id"], report_id)
        assert answer.status_code == row.expected(role), f"{role}: {answer.text}"
        assert answer.headers["cache-control"] in ("no-store", "private, no-cache")


async def test_the_server_makes_the_id_of_a_private_room(people: People) -> None:
    ann = await people.enter("Ann")
    body = {"name": "Book club", "visibility": "private"}
    chosen = await ann.http.post("/api/v1/rooms", json={**body, "id": "book-club"})
    assert code_of(chosen) == (422, "validation_failed")
    ids = [(await ann.http.post("/api/v1/rooms", json=body)).json()["id"] for _ in range(3)]
    assert len(set(ids)) == 3 and all(len(room_id) == 26 for room_id in ids)


async def test_a_private_room_is_in_no_public_list_but_in_the_own_rooms_of_its_hosts_and_members(
    people: People,
) -> None:
    room = await PrivateRoom.of(people)
    name = f"Secret {uuid.uuid4().hex}"
    assert (await room.owner.http.patch(room.path(), json={"name": name})).status_code == 200
    for role in ("owner", "guest", "stranger"):
        person = getattr(room, role)
        assert await listed_ids(person, q=name) == set()
        assert room.id not in await listed_ids(person, limit=100)
    roles = {}
    for role in ("owner", "moderator", "guest", "stranger", "banned"):
        answer = await getattr(room, role).http.get("/api/v1/me/rooms")
        assert answer.headers["cache-control"] == "no-store"
        mine = {each["id"]: each["role"] for each in answer.json()["rooms"]}
        roles[role] = mine.get(room.id)
    assert roles == {
        "owner": "owner",
        "moderator": "moderator",
        "guest": "member",
        "stranger": None,
        "banned": None,
    }
    assert code_of(await room.nobody.get("/api/v1/me/rooms")) == (401, "unauthenticated")


async def test_my_rooms_show_their_last_messages(people: People) -> None:
    room = await PrivateRoom.of(people)
    [mine] = (await room.guest.get("/api/v1/me/rooms"))["rooms"]
    assert mine["last_message"] is None
    message = await room.owner.post(room.id, "hello")
    [mine] = (await room.guest.get("/api/v1/me/rooms"))["rooms"]
    assert mine["last_message"] == {
        key: message[key] for key in ("seq", "author", "text", "created_at", "deleted")
    }


async def test_my_rooms_come_in_pages(people: People) -> None:
    ann, ben = await people.enter("Ann"), await people.enter("Ben")
    made = {(await ann.make_room())["id"] for _ in range(5)}
    for _ in range(3):
        of_ben = (await ben.make_room())["id"]
        made.add(of_ben)
        assert (await ben.http.put(f"/api/v1/rooms/{of_ben}/moderators/{ann.id}")).status_code == 200
        body = {"name": "Book club", "visibility": "private"}
        private = (await ben.http.post("/api/v1/rooms", json=body)).json()["id"]
        made.add(private)
        await join(ben, ann, private)
    found: list[str] = []
    cursor = None
    while True:
        page = await ann.get("/api/v1/me/rooms", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [room["id"] for room in page["rooms"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == 11 and set(found) == made


async def test_members_and_hosts_see_their_own_role(people: People) -> None:
    room = await PrivateRoom.of(people)
    for role, expected in (("guest", "member"), ("moderator", "moderator"), ("owner", "owner")):
        assert (await room.me(getattr(room, role)))["role"] == expected


async def test_a_room_that_turns_private_is_lost_to_all_but_hosts_at_once(people: People) -> None:
    ann, ben = await people.enter("Ann"), await people.enter("Ben")
    room = await ann.make_room()
    path = f"/api/v1/rooms/{room['id']}"
    await ben.post(room["id"], "hello")
    etag = (await ben.http.get(f"{path}/messages")).headers["etag"]
    assert (await ann.http.patch(path, json={"visibility": "private"})).status_code == 200
    for rest in ("", "/messages", "/events?after_seq=0", "/search?q=hello", "/me"):
        assert code_of(await ben.http.get(path + rest)) == (404, "room_not_found"), rest
    known = await ben.http.get(f"{path}/messages", headers={"If-None-Match": etag})
    assert code_of(known) == (404, "room_not_found")
    assert code_of(await ben.try_post(room["id"], "still here?")) == (404, "room_not_found")
    await ann.get(f"{path}/messages")
    assert (await ann.http.patch(path, json={"visibility": "public"})).status_code == 200
    assert (await ben.http.get(f"{path}/messages")).status_code == 200


async def test_the_lobby_cannot_be_made_private(people: People) -> None:
    room = await PrivateRoom.of(people)
    answer = await room.operator.patch("/api/v1/rooms/lobby", json={"visibility": "private"})
    assert code_of(answer) == (403, "forbidden")


async def test_a_ban_ends_the_access_and_its_lift_returns_it(people: People) -> None:
    room = await PrivateRoom.of(people)
    await room.guest.get(room.path("messages"))
    await room.ban(room.guest)
    for rest in ("messages", "events?after_seq=0", "me", "search?q=x"):
        assert code_of(await room.guest.http.get(room.path(rest))) == (404, "room_not_found"), rest
    assert (await room.owner.http.delete(room.path(f"bans/{room.guest.id}"))).status_code == 200
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        while (await room.guest.http.get(room.path("messages"))).status_code != 200:
            await asyncio.sleep(0.05)


async def test_pages_of_a_private_room_are_kept_by_no_shared_cache(people: People) -> None:
    room = await PrivateRoom.of(people)
    message = await room.guest.post(room.id, "hello")
    for rest in (
        "",
        "messages",
        "messages?before_seq=9",
        "events?after_seq=0",
        "search?q=hello",
        "me",
        "reactions/mine",
        f"messages/{message['id']}",
        f"messages/{message['id']}/reactions",
    ):
        answer = await room.guest.http.get(room.path(rest))
        assert answer.status_code == 200, answer.text
        directives = {each.strip() for each in answer.headers["cache-control"].split(",")}
        assert directives & {"private", "no-store"}, rest


async def test_an_owner_who_lost_the_session_recovers_a_private_room(people: People) -> None:
    room = await PrivateRoom.of(people)
    wrong = await room.stranger.http.post(room.path("owner/recover"), json={"recovery_code": "A" * 32})
    assert code_of(wrong) == (404, "room_not_found")
    for _ in range(7):
        again = await room.stranger.http.post(room.path("owner/recover"), json={"recovery_code": "A" * 32})
        assert code_of(again) == (404, "room_not_found"), "the limit of guesses must not give the room away"


async def test_the_bearer_of_the_recovery_code_becomes_the_owner_of_a_private_room(people: People) -> None:
    room = await PrivateRoom.of(people)
    body = {"recovery_code": room.code}
    answer = await room.stranger.http.post(room.path("owner/recover"), json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["owner_id"] == room.stranger.id
    assert (await room.stranger.http.get(room.path("messages"))).status_code == 200


# Invites


async def test_an_invite_shows_its_code_once_and_links_to_the_page(people: People) -> None:
    room = await PrivateRoom.of(people)
    answer = await room.owner.http.post(room.path("invites"), json={}, headers={"Host": "127.0.0.1"})
    made = answer.json()
    assert answer.status_code == 201
    assert len(made["code"]) >= 22 and made["url"].endswith(f"#invite={made['code']}")
    assert (made["role"], made["uses_left"]) == ("member", 1)
    listed = (await room.owner.get(room.path("invites")))["invites"]
    assert made["id"] in {each["id"] for each in listed}
    assert not any(key in each for each in listed for key in ("code", "url"))
    assert made["code"] not in str(listed)


async def test_the_audit_log_has_invites_without_their_codes(people: People) -> None:
    room = await PrivateRoom.of(people)
    made = await invite(room.moderator, room.id, max_uses=3)
    assert (await room.owner.http.delete(room.path(f"invites/{made['id']}"))).status_code == 204
    assert (await room.owner.http.delete(room.path(f"invites/{made['id']}"))).status_code == 404
    of_operator = await room.operator.post(room.path("invites"), json={"role": "moderator"})
    assert of_operator.status_code == 201
    log = await room.owner.get(room.path("audit"))
    last, deleted, created = log["entries"][:3]
    assert (last["action"], last["actor"]) == ("create_invite", None)
    assert (deleted["action"], deleted["actor"]["id"]) == ("delete_invite", room.owner.id)
    assert (created["action"], created["actor"]["id"]) == ("create_invite", room.moderator.id)
    assert created["details"]["role"] == "member" and created["details"]["max_uses"] == 3
    assert made["code"] not in str(log)


async def test_moderators_invite_members_only(people: People) -> None:
    room = await PrivateRoom.of(people)
    await invite(room.moderator, room.id)
    path = room.path("invites")
    refused = await room.moderator.http.post(path, json={"role": "moderator"})
    assert code_of(refused) == (403, "forbidden")
    of_owner = await invite(room.owner, room.id, role="moderator")
    assert code_of(await room.moderator.http.delete(f"{path}/{of_owner['id']}")) == (403, "forbidden")
    assert (await room.owner.http.delete(f"{path}/{of_owner['id']}")).status_code == 204
    assert code_of(await accept(room.stranger, of_owner["code"])) == (404, "invite_not_found")


async def test_one_person_takes_one_use_and_the_last_use_is_taken_once(people: People) -> None:
    room = await PrivateRoom.of(people)
    made = await invite(room.owner, room.id, max_uses=2)
    repeated = await asyncio.gather(*(accept(room.stranger, made["code"]) for _ in range(5)))
    assert {code_of(answer) for answer in repeated} == {(200, "")}
    others = [await people.enter(f"Guest {number}") for number in range(5)]
    answers = await asyncio.gather(*(accept(person, made["code"]) for person in others))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
    assert code_of(await accept(room.stranger, made["code"])) == (200, "")


async def test_a_demoted_moderator_does_not_get_the_role_back_with_the_same_invite(people: People) -> None:
    room = await PrivateRoom.of(people)
    made = await invite(room.owner, room.id, role="moderator", max_uses=5)
    assert (await accept(room.stranger, made["code"])).status_code == 200
    assert (await room.me(room.stranger))["role"] == "moderator"
    path = room.path(f"moderators/{room.stranger.id}")
    assert (await room.owner.http.delete(path)).status_code == 200
    assert (await accept(room.stranger, made["code"])).status_code == 200
    assert (await room.me(room.stranger))["role"] == "member"


@pytest.mark.parametrize("way", ["demoted", "banned", "handed over"])
async def test_invites_of_those_who_may_no_longer_invite_are_not_valid(people: People, way: str) -> None:
    room = await PrivateRoom.of(people)
    role = "moderator" if way == "handed over" else "member"
    maker = room.owner if way == "handed over" else room.moderator
    code = (await invite(maker, room.id, role=role))["code"]
    if way == "demoted":
        answer = await room.owner.http.delete(room.path(f"moderators/{room.moderator.id}"))
    elif way == "banned":
        answer = await room.owner.http.put(room.path(f"bans/{room.moderator.id}"), json={"seconds": 60})
    else:
        answer = await room.owner.http.post(room.path("owner"), json={"user_id": room.guest.id})
    assert answer.status_code == 200, answer.text
    assert code_of(await accept(room.stranger, code)) == (404, "invite_not_found")


async def test_the_operator_invites_to_any_room(people: People) -> None:
    room = await PrivateRoom.of(people)
    answer = await room.operator.post(room.path("invites"), json={"role": "moderator"})
    assert code_of(await accept(room.stranger, answer.json()["code"])) == (200, "")
    assert (await room.me(room.stranger))["role"] == "moderator"


async def test_a_banned_person_cannot_come_back_by_an_invite(people: People) -> None:
    room = await PrivateRoom.of(people)
    made = await invite(room.owner, room.id)
    answer = await accept(room.banned, made["code"])
    assert code_of(answer) == (403, "banned")
    assert answer.json()["until"] is None


@pytest.mark.parametrize("code", ["x", "A" * 27, "%00", " ", "é"])
async def test_all_unknown_codes_get_the_same_refusal(people: People, code: str) -> None:
    ann = await people.enter("Ann")
    assert code_of(await accept(ann, code)) == (404, "invite_not_found")


async def test_an_invite_is_made_once_for_each_key_and_the_earlier_code_ends(people: People) -> None:
    room = await PrivateRoom.of(people)
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = [
        (await room.owner.http.post(room.path("invites"), json={}, headers=headers)).json() for _ in range(2)
    ]
    assert first["id"] == second["id"] and first["code"] != second["code"]
    assert code_of(await accept(room.stranger, first["code"])) == (404, "invite_not_found")
    assert (await accept(room.stranger, second["code"])).status_code == 200


async def test_an_invite_of_one_room_is_not_found_in_another(people: People) -> None:
    room, other = await PrivateRoom.of(people), await PrivateRoom.of(people)
    made = await invite(other.owner, other.id)
    for invite_id in (made["id"], str(uuid.uuid4()), "me"):
        answer = await room.owner.http.delete(room.path(f"invites/{invite_id}"))
        assert code_of(answer) == (404, "invite_not_found")
    assert (await accept(room.stranger, made["code"])).status_code == 200


async def test_the_link_of_a_deleted_room_is_not_found(people: People) -> None:
    room = await PrivateRoom.of(people)
    made = await invite(room.owner, room.id)
    assert (await room.owner.http.delete(room.path())).status_code == 204
    assert code_of(await accept(room.stranger, made["code"])) == (404, "invite_not_found")


async def test_former_hosts_keep_access_only_if_they_are_members(people: People) -> None:
    room = await PrivateRoom.of(people)
    await join(room.owner, room.stranger, room.id)
    handed = await room.owner.http.post(room.path("owner"), json={"user_id": room.guest.id})
    assert handed.status_code == 200
    path = room.path(f"moderators/{room.owner.id}")
    assert (await room.guest.http.delete(path)).status_code == 200
    assert code_of(await room.owner.http.get(room.path("messages"))) == (404, "room_not_found")
    assert (await room.stranger.http.get(room.path("messages"))).status_code == 200


def person_of(room: PrivateRoom, role: str) -> Person:
    person: Person = getattr(room, role)
    return person


async def test_a_ban_of_many_in_a_private_room_takes_effect_at_once(people: People) -> None:
    room = await PrivateRoom.of(people)
    both = {**GOOD_FOR_A_MINUTE, "user_ids": [room.guest.id, room.target.id]}
    assert (await room.owner.http.post(room.path("bans"), json=both)).status_code == 200
    for role in ("guest", "target"):
        answer = await person_of(room, role).http.get(room.path("messages"))
        assert code_of(answer) == (404, "room_not_found")
