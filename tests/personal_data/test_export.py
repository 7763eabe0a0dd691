"""Files of what a person wrote and of the messages of a room, on a real server."""

import asyncio
from typing import Any, Final

import asyncpg
import orjson

from chat_server.limits.export_semaphore import EXPORTS
from chat_server.personal_data.export import MESSAGES_PER_PAGE
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.chat_stack import StartChatStack
from tests.support.fetching_crowd import until
from tests.support.people import People, Person

LONG: Final = "x" * 4_000


async def lines_of(person: Person, path: str = "/api/v1/me/export") -> list[dict[str, Any]]:
    """The lines between the first and the last, which are checked."""
    answer = await person.http.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="hotchat-')
    first, *lines, last = [orjson.loads(line) for line in answer.content.splitlines()]
    assert first["type"] in ("person", "room")
    assert last == {"type": "end", "lines": 1 + len(lines)}
    return lines


async def test_a_person_gets_all_that_they_wrote_reacted_to_and_reported_and_nothing_else(
    people: People,
) -> None:
    room = await HostedRoom.make(people)
    other = await room.another()
    ann = room.guest
    theirs = await room.target.post(room.id, "not by the guest")
    kept = [await ann.post(each.id, text) for each, text in ((room, "one"), (other, "two"))]
    gone = await ann.post(room.id, "gone")
    assert (await ann.http.delete(room.path(f"messages/{gone['id']}"))).status_code == 200
    for kind in ("heart", "laugh"):
        path = room.path(f"messages/{theirs['id']}/reactions/{kind}")
        assert (await ann.http.put(path)).status_code == 200
    assert (
        await ann.http.post(room.path(f"messages/{theirs['id']}/reports"), json={"reason": "spam"})
    ).status_code == 201
    filters = {"words": ["casino"], "words_action": "hold"}
    assert (await room.owner.http.patch(room.path(), json={"filters": filters})).status_code == 200
    held = await ann.try_post(room.id, "casino")
    assert held.status_code == 202

    lines = await lines_of(ann)
    messages = {line["message"]["id"]: line["message"] for line in lines if line["type"] == "message"}
    assert {each["id"]: each["text"] for each in messages.values()} == {
        kept[0]["id"]: "one",
        kept[1]["id"]: "two",
        gone["id"]: "",
    }
    assert messages[kept[0]["id"]] == kept[0]
    assert [line["message"] for line in lines if line["type"] == "held_message"] == [held.json()]
    reactions = [line for line in lines if line["type"] == "reaction"]
    assert sorted(line["kind"] for line in reactions) == ["heart", "laugh"]
    assert {(line["room_id"], line["message_id"]) for line in reactions} == {(room.id, theirs["id"])}
    [report] = [line for line in lines if line["type"] == "report"]
    assert (report["room_id"], report["message_id"], report["reason"]) == (room.id, theirs["id"], "spam")
    assert len(lines) == 3 + 1 + 2 + 1


async def test_an_export_has_every_message_of_many_pages_once(people: People) -> None:
    ann = await people.enter()
    rooms = [await ann.make_room() for _ in range(2)]
    count = MESSAGES_PER_PAGE + 20
    posted = await asyncio.gather(*(ann.post(rooms[n % 2]["id"], f"{n}") for n in range(count)))
    lines = await lines_of(ann)
    assert sorted(line["message"]["id"] for line in lines) == sorted(each["id"] for each in posted)
    of_room = await lines_of(ann, f"/api/v1/rooms/{rooms[0]['id']}/export")
    seqs = [line["message"]["seq"] for line in of_room]
    assert len(seqs) == count // 2 and seqs == sorted(seqs)


async def test_an_export_of_somebody_who_wrote_nothing_is_empty(people: People) -> None:
    assert await lines_of(await people.enter()) == []


async def test_an_export_needs_a_session_and_the_operator_has_none(people: People) -> None:
    room = await HostedRoom.make(people)
    for client in (room.nobody, room.operator):
        assert code_of(await client.get("/api/v1/me/export")) == (401, "unauthenticated")
    assert (await room.operator.get(room.path("export"))).status_code == 200
    assert code_of(await room.operator.get("/api/v1/rooms/no-such-room/export")) == (404, "room_not_found")


async def test_nobody_but_its_members_learns_that_a_private_room_exists(people: People) -> None:
    ann, ben = await people.enter("ann"), await people.enter("ben")
    made = await ann.http.post("/api/v1/rooms", json={"name": "Ours", "visibility": "private"})
    path = f"/api/v1/rooms/{made.json()['id']}/export"
    assert code_of(await ben.http.get(path)) == (404, "room_not_found")
    assert await lines_of(ann, path) == []


async def test_exports_that_hang_delay_neither_posts_nor_fetches_and_too_many_are_refused(
    start_chat_stack: StartChatStack, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, EXPORTS_PER_USER_PER_MIN="0")
    people = People(stack.chat_url)
    ann = await people.enter()
    room = await ann.make_room()
    async with connection.transaction():
        await connection.execute("LOCK TABLE held_messages IN ACCESS EXCLUSIVE MODE")
        exports = [asyncio.create_task(ann.http.get("/api/v1/me/export")) for _ in range(EXPORTS)]
        await ann.post(room["id"], "hello")
        await ann.get(f"/api/v1/rooms/{room['id']}/messages")
        answers = await asyncio.gather(*exports)
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= EXPORTS - 3
    for answer in refused:
        assert int(answer.headers["retry-after"]) >= 1
    [first, *_] = [answer for answer in answers if answer.status_code == 200]
    assert b'"end"' not in first.content, "an export that failed halfway says so"
    assert (await lines_of(ann))[0]["message"]["text"] == "hello"
    await people.leave()


async def test_an_export_ends_with_its_connection(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, EXPORTS_PER_USER_PER_MIN="0")
    people = People(stack.chat_url)
    ann = await people.enter()
    room = await ann.make_room()
    await asyncio.gather(*(ann.post(room["id"], LONG) for _ in range(10 * MESSAGES_PER_PAGE)))
    for _ in range(3):
        async with ann.http.stream("GET", "/api/v1/me/export") as answer:
            assert answer.status_code == 200
    again = people.anonymous()
    again.headers.update(ann.http.headers)

    async def is_free() -> bool:
        return (await again.get("/api/v1/me/export")).status_code == 200

    await until(is_free, within_s=20, what="the release of the permit")
    await people.leave()


async def test_a_user_exports_at_most_a_few_times_a_minute(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    people = People(stack.chat_url)
    ann = await people.enter()
    codes = [code_of(await ann.http.get("/api/v1/me/export")) for _ in range(7)]
    assert codes == [(200, "")] * 6 + [(429, "rate_limited")]
    assert code_of(await (await people.enter("ben")).http.get("/api/v1/me/export")) == (200, "")
    await people.leave()
