"""Erasure of a person, on real servers and stores. Tests of the rings and replay pages are in tests/publish."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
import pytest

from chat_contract.erased_people import event_without_people
from chat_server.personal_data import erasure_repository
from chat_server.personal_data.erasure_repository import Erasure, same_step
from chat_server.personal_data.person_erasure import Stage
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.fetching_crowd import until
from tests.support.people import People, Person
from tests.support.plain_http import ANSWERS_WITHIN_S

pytestmark = pytest.mark.timeout(300)

OLD, NEW, OTHER = (f"01900000-0000-7000-8000-00000000000{n}" for n in range(3))
DELETED: Final = {"id": NEW, "nickname": "deleted"}
FINISHED: Final = "SELECT count(*) FROM erasures WHERE erased_as IS NOT NULL"


@pytest.fixture
def stack(start_chat_stack: StartChatStack) -> ChatStack:
    return start_chat_stack(chat=2, publish=0, scheduler=0)


@pytest.fixture
async def people(stack: ChatStack) -> AsyncIterator[People]:
    people = People(stack.chat_url)
    yield people
    await people.leave()


async def erase(person: Person) -> None:
    answer = await person.http.delete("/api/v1/me")
    assert answer.status_code == 204, answer.text
    assert "hotchat_session=;" in answer.headers["set-cookie"]


async def until_finished(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    async def is_finished() -> bool:
        return not await connection.fetchval(FINISHED)

    await until(is_finished, within_s=60, what="the end of all erasures")


async def rows_that_name(
    connection: "asyncpg.Connection[asyncpg.Record]", words: list[str]
) -> dict[str, int]:
    """How many rows of each table contain one of these words, as text."""
    tables = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    found = {}
    for (table,) in tables:
        count = await connection.fetchval(
            f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE ANY($1::text[])',
            [f"%{word}%" for word in words],
        )
        if count:
            found[table] = count
    return found


async def pages(client: httpx.AsyncClient, room_id: str) -> dict[str, Any]:
    """Everything that readers can fetch of the room."""
    path = f"/api/v1/rooms/{room_id}"
    answers = {
        rest: (await client.get(f"{path}{rest}")).json()
        for rest in ("", "/messages", "/messages?after_seq=0", "/events?after_seq=0", "/events?after_seq=1")
    }
    answers["list"] = (await client.get("/api/v1/rooms")).json()
    return answers


@pytest.mark.parametrize("server", [0, 1])
async def test_an_erased_person_is_gone_from_every_read_of_both_servers_and_then_from_every_table(
    stack: ChatStack, people: People, connection: "asyncpg.Connection[asyncpg.Record]", server: int
) -> None:
    room = await HostedRoom.make(people)
    ann = await people.enter("Annabel Unique")
    theirs = await room.guest.post(room.id, "theirs")
    first = await ann.post(room.id, "a secret of mine")
    await room.guest.post(room.id, "an answer", reply_to=first["id"])
    gone = await ann.post(room.id, "a secret that I deleted")
    assert (await ann.http.delete(room.path(f"messages/{gone['id']}"))).status_code == 200
    edited = await ann.http.patch(room.path(f"messages/{first['id']}"), json={"text": "a secret, edited"})
    assert edited.status_code == 200
    assert (await room.owner.http.put(room.path(f"messages/{first['id']}/pin"))).status_code == 200
    reaction = room.path(f"messages/{theirs['id']}/reactions/heart")
    assert (await ann.http.put(reaction)).status_code == 200
    report = room.path(f"messages/{theirs['id']}/reports")
    assert (await ann.http.post(report, json={"reason": "a secret reason"})).status_code == 201
    await ann.post(room.id, "a last secret")
    before = await room.last_seq()

    erasing = httpx.AsyncClient(
        base_url=stack.chat_servers[server].base_url, headers=ann.http.headers, timeout=ANSWERS_WITHIN_S
    )
    answer = await erasing.delete("/api/v1/me")
    assert answer.status_code == 204
    reading = [
        people.anonymous(),
        httpx.AsyncClient(base_url=stack.chat_servers[1].base_url, timeout=ANSWERS_WITHIN_S),
    ]
    for client in reading:

        async def shows_it(client: httpx.AsyncClient = client) -> bool:
            page = (await client.get(room.path("messages"))).json()
            return bool(page["cursor"] > before)

        await until(shows_it, within_s=2, what="the purge in a page from memory")
        found = await pages(client, room.id)
        assert "secret" not in str(found) and "Annabel" not in str(found)
        messages = {each["id"]: each for each in found["/messages"]["messages"]}
        author = messages[first["id"]]["author"]
        assert author == {"id": author["id"], "nickname": "deleted"} and author["id"] != ann.id
        assert all(each["author"]["id"] != ann.id for each in messages.values())
        assert (messages[first["id"]]["text"], messages[first["id"]]["deleted"]) == ("", True)
        assert messages[gone["id"]]["author"] == author
        assert messages[theirs["id"]]["reactions"] == {"heart": 1}
        assert "pinned" not in found["/messages"] or found["/messages"]["pinned"] == []
        events = found["/events?after_seq=0"]["events"]
        [purge] = [event for event in events if event["type"] == "messages.purged"]
        assert (purge["author_id"], purge["erased_as"]) == (ann.id, author["id"])
        assert all(ann.id not in str(event) for event in events if event is not purge)
        reactors = (await client.get(room.path(f"messages/{theirs['id']}/reactions"))).json()
        assert reactors["reactions"]["heart"] == [author]

    await until_finished(connection)
    left = await rows_that_name(connection, ["Annabel", "secret", ann.id])
    assert left.keys() <= {"events", "ended_sessions", "erasures"}, left
    assert left.get("events", 0) == 1, "only the purge names the former id"
    for client in reading:
        assert (await pages(client, room.id))["/messages"] == found["/messages"]
    await erasing.aclose()
    await reading[1].aclose()


async def test_the_sessions_end_and_a_repeated_request_gets_the_same_answer(
    stack: ChatStack, people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    await ann.post(room["id"], "hello")
    await erase(ann)
    await erase(ann)
    assert await connection.fetchval("SELECT count(*) FROM events WHERE type = 'messages.purged'") == 1
    assert code_of(await ann.try_post(room["id"], "again")) == (401, "session_expired")
    elsewhere = httpx.AsyncClient(
        base_url=stack.chat_servers[1].base_url, headers=ann.http.headers, timeout=ANSWERS_WITHIN_S
    )

    async def is_refused() -> bool:
        return (await elsewhere.get("/api/v1/me")).status_code == 401

    await until(is_refused, within_s=4, what="the end of the session in the other process")
    assert (await elsewhere.delete("/api/v1/me")).status_code == 204
    await until_finished(connection)
    assert (await elsewhere.delete("/api/v1/me")).status_code == 204
    await elsewhere.aclose()
    for client in (people.anonymous(), (await people.enter("ben")).http):
        client.headers.pop("Authorization", None)
        assert code_of(await client.delete("/api/v1/me")) == (401, "unauthenticated")


async def test_a_room_whose_owner_is_erased_has_no_owner_and_the_operator_hands_it_over(
    people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(people)
    await room.ban(room.target, role="owner", seconds=None, reason="spam")
    await erase(room.owner)
    found = (await room.guest.http.get(room.path())).json()
    assert (found["owner"], found["owner_id"]) == (None, None)
    assert [each["id"] for each in found["moderators"]] == [room.moderator.id]
    recovery = await room.guest.http.post(room.path("owner/recover"), json={"recovery_code": room.code})
    assert code_of(recovery) == (403, "forbidden"), "the code ended with the owner"
    [changed] = [
        e for e in await events_of(room) if e["type"] == "room.changed" and e["room"]["owner"] is None
    ]
    assert changed["room"]["moderators"] == found["moderators"]
    await erase(room.moderator)
    handed = await room.operator.post(room.path("owner"), json={"user_id": room.guest.id})
    assert handed.status_code == 200
    assert handed.json()["moderators"] == []
    assert len((await room.guest.get(room.path("bans")))["bans"]) == 1, "bans outlive the hosts"
    await until_finished(connection)
    assert await rows_that_name(connection, [room.owner.nickname, room.moderator.nickname]) == {}


async def events_of(room: HostedRoom) -> list[dict[str, Any]]:
    answer = await room.guest.http.get(room.path("events"), params={"after_seq": 0})
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


async def test_a_held_message_is_dropped_and_a_member_leaves_the_private_room(
    people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(people)
    filters = {"words": ["casino"], "words_action": "hold"}
    assert (await room.owner.http.patch(room.path(), json={"filters": filters})).status_code == 200
    assert (await room.target.try_post(room.id, "casino")).status_code == 202
    made = await room.owner.http.post("/api/v1/rooms", json={"name": "Ours", "visibility": "private"})
    private = f"/api/v1/rooms/{made.json()['id']}"
    invite = (await room.owner.http.post(f"{private}/invites", json={"role": "member"})).json()
    accepted = await room.target.http.post("/api/v1/invites/accept", json={"code": invite["code"]})
    assert accepted.status_code == 200
    version = "SELECT access_version FROM rooms WHERE id = $1"
    before = await connection.fetchval(version, made.json()["id"])
    await erase(room.target)
    assert (await room.owner.get(room.path("held")))["held"] == []
    assert await connection.fetchval("SELECT count(*) FROM members") == 0
    assert await connection.fetchval(version, made.json()["id"]) > before
    await until_finished(connection)
    assert await rows_that_name(connection, [room.target.nickname, "casino"]) == {"room_filters": 1}


async def test_an_erasure_goes_on_in_another_process_after_a_crash(
    stack: ChatStack, people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    ann = await people.enter("Annabel Unique")
    rooms = [await ann.make_room() for _ in range(3)]
    for room in rooms:
        await ann.post(room["id"], "a secret")
    other = httpx.AsyncClient(base_url=stack.chat_servers[1].base_url, timeout=20)
    async with connection.transaction():
        # The first process is killed while it waits for the lock of one room.
        await connection.execute("SELECT FROM rooms WHERE id = $1 FOR UPDATE", rooms[1]["id"])
        erasing = asyncio.create_task(ann.http.delete("/api/v1/me"))

        async def is_requested() -> bool:
            return bool((await other.get("/api/v1/me", headers=ann.http.headers)).status_code == 401)

        await until(is_requested, within_s=10, what="the end of the session")
        stack.chat_servers[0].kill()
        with pytest.raises(httpx.HTTPError):
            await erasing
    await until_finished(connection)
    left = await rows_that_name(connection, ["Annabel", "a secret"])
    assert left == {}
    for room in rooms:
        page = (await other.get(f"/api/v1/rooms/{room['id']}/messages")).json()
        assert [each["author"]["nickname"] for each in page["messages"]] == ["deleted"]
        log = (await other.get(f"/api/v1/rooms/{room['id']}/events", params={"after_seq": 0})).json()
        purges = [event for event in log["events"] if event["type"] == "messages.purged"]
        assert len(purges) == 1
    await other.aclose()


async def test_the_log_gives_the_newest_page_during_and_after_an_erasure(
    people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(people)
    messages = [await room.target.post(room.id, f"{n}") for n in range(3)]
    reaction = room.path(f"messages/{messages[0]['id']}/reactions/heart")
    assert (await room.guest.http.put(reaction)).status_code == 200
    await erase(room.target)
    for _ in range(2):
        replayed: Any = {"messages": {}, "pinned": []}
        log = (await room.guest.http.get(room.path("events"), params={"after_seq": 0})).json()["events"]
        assert log
        page = (await room.guest.http.get(room.path("messages"), params={"after_seq": 0})).json()
        shown = {each["id"]: each for each in page["messages"]}
        for event in log:
            if "message" in event:
                replayed["messages"][event["message"]["id"]] = event["message"]
        assert {k: v["author"] for k, v in replayed["messages"].items()} == {
            k: v["author"] for k, v in shown.items()
        }
        assert all(each["text"] == "" for each in replayed["messages"].values())
        await until_finished(connection)


async def test_an_erasure_that_always_fails_does_not_block_others(
    people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(people)
    message = await room.guest.post(room.id, "theirs")
    ann, ben = await people.enter("Annabel Unique"), await people.enter("Benedict Unique")
    for person in (ann, ben):
        report = room.path(f"messages/{message['id']}/reports")
        assert (await person.http.post(report, json={"reason": "spam"})).status_code == 201
    await connection.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'always'; END $$;"
        "CREATE TRIGGER fail BEFORE UPDATE ON reports FOR EACH ROW"
        f" WHEN (OLD.reporter_id = '{ann.id}') EXECUTE FUNCTION fail()"
    )
    assert (await ann.http.delete("/api/v1/me")).status_code == 202
    assert (await ben.http.delete("/api/v1/me")).status_code in (202, 204)
    left = "SELECT user_id::text, stage, failures > 0 FROM erasures WHERE erased_as IS NOT NULL"

    async def is_alone() -> bool:
        return [tuple(row) for row in await connection.fetch(left)] == [(ann.id, Stage.ROLES, True)]

    await until(is_alone, within_s=60, what="the end of the other erasure")
    await connection.execute("DROP TRIGGER fail ON reports; DROP FUNCTION fail")
    await connection.execute("UPDATE erasures SET due = now()")
    await until_finished(connection)
    assert await rows_that_name(connection, ["Unique"]) == {}


def erasing(user: int, position: list[Any], failures: int = 0) -> Erasure:
    return Erasure(UUID(int=user), UUID(int=100 + user), Stage.EVENTS, position, failures)


def test_a_step_erases_people_at_the_same_position_and_people_who_failed_alone() -> None:
    ann, ben, eve = erasing(1, ["a", 1]), erasing(2, ["b", 2]), erasing(3, ["a", 1])
    failing = erasing(4, ["a", 1], failures=1)
    assert same_step([ann, ben, eve, failing]) == [ann, eve]
    assert same_step([failing, ann, eve]) == [failing]


async def test_people_with_messages_in_many_rooms_are_erased_in_bounded_steps(
    people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    ann = await people.enter("Annabel Unique")
    rooms = [await ann.make_room() for _ in range(2 * erasure_repository.ROOMS_PER_STEP + 3)]
    await asyncio.gather(*(ann.post(room["id"], "a secret") for room in rooms))
    answer = await ann.http.delete("/api/v1/me")
    assert answer.status_code in (202, 204)
    await until_finished(connection)
    assert await rows_that_name(connection, ["Annabel", "a secret"]) == {}
    assert await connection.fetchval("SELECT count(*) FROM rooms WHERE owner_id IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            {
                "type": "message.edited",
                "message": {"author": {"id": OLD, "nickname": "ann", "role": "owner"}, "text": "x"},
            },
            {
                "type": "message.edited",
                "message": {"author": DELETED, "text": "", "deleted": True, "reactions": {}},
            },
        ),
        (
            {"type": "reaction.changed", "count": 2, "added": [OLD, OTHER], "removed": [OTHER]},
            {"type": "reaction.changed", "count": 2, "added": [NEW, OTHER], "removed": [OTHER]},
        ),
        (
            {"type": "room.changed", "room": {"owner": {"id": OLD, "nickname": "ann"}, "moderators": []}},
            {"type": "room.changed", "room": {"owner": DELETED, "moderators": []}},
        ),
        (
            {"type": "message.created", "message": {"author": {"id": OTHER, "nickname": "ben"}, "text": OLD}},
            {"type": "message.created", "message": {"author": {"id": OTHER, "nickname": "ben"}, "text": OLD}},
        ),
        ({"type": "messages.purged", "author_id": OLD}, {"type": "messages.purged", "author_id": OLD}),
    ],
    ids=lambda value: value["type"],
)
def test_ids_and_names_are_replaced_where_events_name_people(event: Any, shown: Any) -> None:
    assert event_without_people(event, {OLD: NEW}) == shown
