"""Bans from all rooms: no new message, edit or reaction of the person in any room, in whichever process."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import httpx
import pytest

from chat_server.messages.writer import CONNECTION_NAME
from chat_server.ops.server_purge import MESSAGES_PER_STEP
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.moderation.private_room import PrivateRoom, accept, invite
from tests.support.chat_stack import ADMIN_TOKEN, ChatStack, StartChatStack
from tests.support.people import People, Person

FOR_GOOD: Final = {"seconds": None}
WITHIN_S: Final = 20.0


@dataclass
class TwoServers:
    """The people and the operator call either of two chat_servers that share their stores."""

    stack: ChatStack
    people: People
    operator: httpx.AsyncClient
    database: asyncpg.Connection

    async def ban(self, *people: Person, **fields: Any) -> dict[str, Any]:
        body = {**FOR_GOOD, **fields, "user_ids": [person.id for person in people]}
        answer = await self.operator.post("/api/v1/ops/bans", json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def on_other(self, person: Person) -> Person:
        """The same person at the second server."""
        client = self.people.anonymous()
        client.base_url = httpx.URL(self.stack.chat_servers[1].base_url)
        client.headers["Authorization"] = person.http.headers["Authorization"]
        return Person(client, person.id, person.nickname)


@pytest.fixture
async def two(start_chat_stack: StartChatStack, database_url: str) -> AsyncIterator[TwoServers]:
    stack = start_chat_stack(chat=2, publish=0, scheduler=0)
    people = People(stack.chat_url)
    operator = people.anonymous()
    operator.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    database = await asyncpg.connect(database_url.replace("postgresql+asyncpg", "postgresql"))
    yield TwoServers(stack, people, operator, database)
    await database.close()
    await people.leave()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not await true():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        await asyncio.sleep(0.05)


async def writes_of(person: Person, room: str, own: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    """A post, an edit of their message and a reaction to another one."""
    messages = f"/api/v1/rooms/{room}/messages"
    return [
        code_of(await person.try_post(room, "again")),
        code_of(await person.http.patch(f"{messages}/{own['id']}", json={"text": "changed"})),
        code_of(await person.http.put(f"{messages}/{other['id']}/reactions/heart")),
    ]


async def test_a_banned_person_writes_in_no_room_of_either_server(two: TwoServers) -> None:
    ann, troll = await two.people.enter("ann"), await two.people.enter("troll")
    rooms = [(await ann.make_room())["id"] for _ in range(3)]
    own = {room: await troll.post(room, "hello") for room in rooms}
    other = {room: await ann.post(room, "hello") for room in rooms}
    kept = str(uuid.uuid4())
    await troll.post(rooms[0], "kept", client_message_id=kept)
    for room in rooms:
        mine = f"/api/v1/rooms/{room}/messages/{other[room]['id']}/reactions/laugh"
        assert (await troll.http.put(mine)).status_code == 200
    result = await two.ban(troll)
    assert result == {
        "users": [{"id": troll.id, "nickname": "troll"}],
        "until": None,
        "address_held": False,
    }
    for person in (troll, two.on_other(troll)):
        for room in rooms:
            assert await writes_of(person, room, own[room], other[room]) == [(403, "banned")] * 3
        fresh = (await ann.make_room())["id"]
        assert code_of(await person.try_post(fresh, "a new room")) == (403, "banned")
        assert (await person.try_post(rooms[0], "kept", client_message_id=kept)).status_code == 200
        refused = await person.http.post("/api/v1/rooms", json={"name": "Mine"})
        assert (refused.json()["code"], refused.json()["until"]) == ("banned", None)
        assert refused.json()["everywhere"] is True
    taken_back = f"/api/v1/rooms/{rooms[0]}/messages/{other[rooms[0]]['id']}/reactions/laugh"
    assert (await troll.http.delete(taken_back)).status_code == 200
    deleted = await troll.http.delete(f"/api/v1/rooms/{rooms[0]}/messages/{own[rooms[0]]['id']}")
    assert deleted.status_code == 200
    assert await ann.post(rooms[0], "I am not banned")


async def test_nothing_of_a_person_gets_a_seq_after_their_ban_was_answered(two: TwoServers) -> None:
    """Authors post, edit and react at both servers as fast as they can until each of them is banned."""
    ann = await two.people.enter("ann")
    rooms = [(await ann.make_room())["id"] for _ in range(4)]
    first = {room: await ann.post(room, "hello") for room in rooms}
    authors = [await two.people.enter(f"author {n}") for n in range(12)]
    refused: set[str] = set()

    async def write(person: Person, room: str) -> None:
        message = await person.try_post(room, "mine")
        while message.status_code == 201:
            path = f"/api/v1/rooms/{room}/messages"
            await person.http.patch(f"{path}/{message.json()['id']}", json={"text": str(uuid.uuid4())})
            await person.http.put(f"{path}/{first[room]['id']}/reactions/heart")
            await person.http.delete(f"{path}/{first[room]['id']}/reactions/heart")
            message = await person.try_post(room, "mine")
        assert code_of(message) == (403, "banned")
        refused.add(person.id)

    writers = [
        asyncio.create_task(write(each, rooms[(number + offset) % len(rooms)]))
        for number, author in enumerate(authors)
        for offset, each in enumerate((author, two.on_other(author)))
    ]
    heads: dict[str, dict[str, int]] = {}
    for author in authors:
        await asyncio.sleep(0.05)  # so that the bans meet writes at different moments
        await two.ban(author)
        rows = await two.database.fetch("SELECT id, last_seq FROM rooms")
        heads[author.id] = dict(rows)
    await asyncio.gather(*writers)
    assert refused == {author.id for author in authors}
    for room in rooms:
        for author_id, head in heads.items():
            later = await two.database.fetch(
                "SELECT type, payload FROM events WHERE room_id = $1 AND seq > $2", room, head[room]
            )
            for event_type, payload in later:
                if event_type in ("message.created", "message.edited"):
                    assert f'"author":{{"id":"{author_id}"' not in payload.replace(" ", "")
                added = payload.partition('"added":[')[2].partition("]")[0]
                assert author_id not in added


async def test_a_ban_is_answered_once_the_writes_under_way_have_ended(
    two: TwoServers, database_url: str
) -> None:
    """A transaction that began before the ban may have read the bans without it."""
    troll = await two.people.enter("troll")
    slow = await asyncpg.connect(database_url, server_settings={"application_name": CONNECTION_NAME})
    await slow.execute("BEGIN")
    ban = asyncio.create_task(two.ban(troll))

    async def is_stored() -> bool:
        return bool((await two.operator.get("/api/v1/ops/bans")).json()["bans"])

    await until(is_stored)
    assert not ban.done()
    await slow.execute("COMMIT")
    assert (await ban)["until"] is None
    await slow.close()


async def test_a_ban_whose_writes_under_way_do_not_end_is_stored_and_asks_to_be_repeated(
    two: TwoServers, database_url: str
) -> None:
    troll = await two.people.enter("troll")
    hung = await asyncpg.connect(database_url, server_settings={"application_name": CONNECTION_NAME})
    await hung.execute("BEGIN")
    body = {**FOR_GOOD, "user_ids": [troll.id]}
    answer = await two.operator.post("/api/v1/ops/bans", json=body)
    assert code_of(answer) == (503, "store_unavailable")
    assert answer.headers["Retry-After"]
    assert code_of(await troll.try_post("lobby", "still here")) == (403, "banned")
    await hung.close()
    assert (await two.operator.post("/api/v1/ops/bans", json=body)).status_code == 200


async def test_a_purge_deletes_messages_of_all_rooms_in_steps(two: TwoServers) -> None:
    ann, troll = await two.people.enter("ann"), await two.people.enter("troll")
    rooms = [(await ann.make_room())["id"] for _ in range(7)]
    for room in rooms:
        await ann.post(room, "stays")
    posts = [troll.post(rooms[n % len(rooms)], f"spam {n}") for n in range(MESSAGES_PER_STEP + 30)]
    for start in range(0, len(posts), 20):
        await asyncio.gather(*posts[start : start + 20])
    deleted_room = (await ann.make_room())["id"]
    await troll.post(deleted_room, "in a room that is deleted")
    assert (await ann.http.delete(f"/api/v1/rooms/{deleted_room}")).status_code == 204
    await two.ban(troll, purge=True)

    async def is_purged() -> bool:
        [ban] = (await two.operator.get("/api/v1/ops/bans")).json()["bans"]
        return not ban["purging"]

    await until(is_purged)
    for room in rooms:
        events = (await ann.get(f"/api/v1/rooms/{room}/events", after_seq=0))["events"]
        assert [event["author_id"] for event in events if event["type"] == "messages.purged"] == [troll.id]
        shown = await two.database.fetch(
            "SELECT author_id, text FROM visible_messages WHERE room_id = $1 AND NOT deleted", room
        )
        assert [(str(author), text) for author, text in shown] == [(ann.id, "stays")]


async def test_a_ban_ends_by_itself_and_by_a_lift(two: TwoServers) -> None:
    ann = await two.people.enter("ann")
    result = await two.ban(ann, seconds=1)
    assert result["until"] is not None
    assert code_of(await ann.try_post("lobby", "too early")) == (403, "banned")

    async def may_post() -> bool:
        return (await two.on_other(ann).try_post("lobby", "later")).status_code == 201

    await until(may_post)
    assert (await two.operator.get("/api/v1/ops/bans")).json()["bans"] == []
    await two.ban(ann)
    lifted = await two.operator.delete(f"/api/v1/ops/bans/{ann.id}")
    assert lifted.json() == {"user": {"id": ann.id, "nickname": "ann"}}
    assert await ann.post("lobby", "back")
    again = await two.operator.delete(f"/api/v1/ops/bans/{ann.id}")
    assert again.status_code == 200
    nobody = await two.operator.delete(f"/api/v1/ops/bans/{uuid.uuid4()}")
    assert code_of(nobody) == (404, "not_found")
    entries = (await two.operator.get("/api/v1/ops/audit")).json()["entries"]
    assert [(each["action"], each["target"]["id"], each["room_id"]) for each in entries] == [
        ("lift_ban", ann.id, None),
        ("ban", ann.id, None),
        ("ban", ann.id, None),
    ]
    assert entries[2]["details"] == {"seconds": 1, "purge": False, "reason": None}


async def test_the_bans_and_the_log_have_pages(two: TwoServers) -> None:
    trolls = [await two.people.enter(f"troll {n}") for n in range(5)]
    for troll in trolls:
        await two.ban(troll, reason="spam")
    for path, key in (("/api/v1/ops/bans", "bans"), ("/api/v1/ops/audit", "entries")):
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await two.operator.get(path, params={"limit": 2, **cursor})).json()
            found += page[key]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        people = [each["user" if key == "bans" else "target"]["id"] for each in found]
        assert people == [troll.id for troll in reversed(trolls)]
        assert code_of(await two.operator.get(path, params={"cursor": "x"})) == (422, "validation_failed")


async def test_a_ban_names_people_who_exist_and_none_twice(two: TwoServers) -> None:
    ann = await two.people.enter("ann")
    unknown = {**FOR_GOOD, "user_ids": [ann.id, str(uuid.uuid4())]}
    assert code_of(await two.operator.post("/api/v1/ops/bans", json=unknown)) == (404, "not_found")
    assert (await two.operator.get("/api/v1/ops/bans")).json()["bans"] == []
    assert len((await two.ban(ann, ann))["users"]) == 1
    later = await two.operator.put(f"/api/v1/ops/bans/{ann.id}", json={"seconds": 3600, "reason": "later"})
    assert later.status_code == 200
    [ban] = (await two.operator.get("/api/v1/ops/bans")).json()["bans"]
    assert (ban["reason"], ban["until"]) == ("later", later.json()["until"])


async def test_a_ban_suspends_the_roles_of_a_host_in_every_room(people: People) -> None:
    room = await HostedRoom.make(people)
    banned = await room.operator.put(f"/api/v1/ops/bans/{room.moderator.id}", json=FOR_GOOD)
    assert banned.status_code == 200

    async def is_known() -> bool:
        return (await room.me(room.moderator))["banned"] is not None

    await until(is_known)
    of_moderator = await room.me(room.moderator)
    assert of_moderator["why_not"] == "banned"
    assert of_moderator["banned"] == {"until": None, "reason": None, "everywhere": True}
    assert (await room.me(room.guest))["banned"] is None
    for answer in (
        await room.moderator.http.get(room.path("bans")),
        await room.moderator.http.put(room.path(f"bans/{room.guest.id}"), json={"seconds": 60}),
    ):
        assert code_of(answer) == (403, "forbidden")
    assert (
        code_of(await room.moderator.http.patch(room.path(), json={"who_can_post": "moderators"}))[0] == 403
    )
    code = {"recovery_code": room.code}
    recovered = await room.moderator.http.post(room.path("owner/recover"), json=code)
    assert code_of(recovered) == (403, "banned")
    assert (await room.owner.http.delete(room.path(f"bans/{room.moderator.id}"))).status_code == 200
    assert code_of(await room.moderator.try_post(room.id, "hello")) == (403, "banned")


async def test_a_ban_from_one_room_differs_from_a_ban_from_all_rooms(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.ban(room.target, seconds=None, reason="rude")
    refused = await room.target.try_post(room.id, "hello")
    assert "everywhere" not in refused.json()
    assert (await room.me(room.target))["banned"] == {"until": None, "reason": "rude"}
    server_ban = {"seconds": 3600, "reason": "spam"}
    await room.operator.put(f"/api/v1/ops/bans/{room.target.id}", json=server_ban)
    refused = await room.target.try_post(room.id, "hello")
    assert refused.json()["everywhere"] is True  # the wider ban
    assert (await room.me(room.target))["banned"] == {
        "until": None,
        "reason": "rude",
    }  # the one that ends later
    refused = await room.target.http.post("/api/v1/rooms", json={"name": "Mine"})
    assert refused.json()["everywhere"] is True


async def test_a_host_cannot_let_in_a_held_message_of_a_banned_person(people: People) -> None:
    room = await HostedRoom.make(people)
    filters = {"words": ["spam"], "words_action": "hold"}
    assert (await room.owner.http.patch(room.path(), json={"filters": filters})).status_code == 200
    held = (await room.target.try_post(room.id, "spam")).json()["id"]
    await room.operator.put(f"/api/v1/ops/bans/{room.target.id}", json=FOR_GOOD)
    assert code_of(await room.owner.http.post(room.path(f"held/{held}/allow"))) == (404, "not_found")
    assert (await room.owner.get(room.path("held")))["held"] == []


async def test_a_banned_person_loses_their_private_rooms_and_joins_no_other(people: People) -> None:
    room = await PrivateRoom.of(people)
    code = (await invite(room.owner, room.id))["code"]
    await room.room()
    await room.operator.put(f"/api/v1/ops/bans/{room.guest.id}", json=FOR_GOOD)

    async def is_gone() -> bool:
        return (await room.guest.http.get(room.path("messages"))).status_code == 404

    await until(is_gone)
    assert code_of(await room.guest.http.post(room.path("stream-tickets"))) == (404, "room_not_found")
    assert code_of(await accept(room.guest, code)) == (403, "banned")
    assert (await room.guest.get("/api/v1/me/rooms"))["rooms"] == []
    assert (await room.target.http.get(room.path("messages"))).status_code == 200
