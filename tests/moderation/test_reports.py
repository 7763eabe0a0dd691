"""Reports of messages by readers, and what hosts do with them, over REST."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from chat_server.moderation.reports import (
    MAX_OPEN,
    MAX_OPEN_OF_MESSAGE,
    MAX_OPEN_OF_PERSON,
    close_reports,
)
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.chat_stack import StartChatStack
from tests.support.people import People, Person


async def report(room: HostedRoom, person: Person, message_id: str, reason: str = "spam") -> dict[str, Any]:
    answer = await person.http.post(room.path(f"messages/{message_id}/reports"), json={"reason": reason})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listed(room: HostedRoom, **parameters: Any) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = (await room.moderator.get(room.path("reports"), **parameters))["reports"]
    return reports


async def test_a_person_reports_a_message_once(people: People) -> None:
    room = await HostedRoom.make(people)
    message = await room.target.post(room.id, "buy this")
    made = await report(room, room.guest, message["id"], "  it is   spam ")
    assert (made["message_id"], made["reason"], made["state"]) == (message["id"], "it is spam", "open")
    path = room.path(f"messages/{message['id']}/reports")
    again = await room.guest.http.post(path, json={"reason": "another"})
    assert (again.status_code, again.json()) == (200, made)
    both = await asyncio.gather(*(room.owner.http.post(path, json={"reason": "spam"}) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 201]
    reports = await listed(room)
    assert [each["reporter"]["id"] for each in reports] == [room.owner.id, room.guest.id]
    assert {key: reports[1][key] for key in made} == made
    assert reports[1]["message"] == message


async def test_a_resolved_report_leaves_the_list_and_is_in_the_log(people: People) -> None:
    room = await HostedRoom.make(people)
    message = await room.target.post(room.id, "buy this")
    made = await report(room, room.guest, message["id"])
    for _ in range(2):
        answer = await room.moderator.http.post(room.path(f"reports/{made['id']}/resolve"))
        assert (answer.status_code, answer.json()) == (200, {**made, "state": "resolved"})
    assert await listed(room) == await listed(room, state="open") == []
    assert [each["id"] for each in await listed(room, state="resolved")] == [made["id"]]
    entries = (await room.owner.get(room.path("audit")))["entries"]
    assert [entry["action"] for entry in entries].count("resolve_report") == 1
    assert entries[0]["target"]["id"] == room.target.id
    assert entries[0]["details"] == {"message_id": message["id"], "reason": "spam"}


@pytest.mark.parametrize("how", ["deleted", "purged"])
async def test_reports_of_a_deleted_message_close_themselves(people: People, how: str) -> None:
    room = await HostedRoom.make(people)
    message = await room.target.post(room.id, "buy this")
    await report(room, room.guest, message["id"])
    if how == "deleted":
        await room.target.http.delete(room.path(f"messages/{message['id']}"))
    else:
        await room.ban(room.target, purge=True)
    assert await listed(room) == []
    answer = await room.owner.http.post(
        room.path(f"messages/{message['id']}/reports"), json={"reason": "spam"}
    )
    assert code_of(answer) == (404, "message_not_found")


@pytest.fixture
async def own_people(start_chat_stack: StartChatStack) -> AsyncIterator[People]:
    """People of a server of this test."""
    people = People(start_chat_stack(publish=0, scheduler=0).chat_url)
    yield people
    await people.leave()


async def try_report(room: HostedRoom, person: Person, message_id: str) -> tuple[int, str]:
    path = room.path(f"messages/{message_id}/reports")
    return code_of(await person.http.post(path, json={"reason": "spam"}))


async def insert_reports(
    connection: "asyncpg.Connection[asyncpg.Record]", room: HostedRoom, message_ids: list[str]
) -> None:
    """Open reports by other people, one of each message."""
    await connection.execute(
        "INSERT INTO reports (room_id, message_id, reporter_id, reporter_nickname, reason, created_at)"
        " SELECT $1, id, gen_random_uuid(), 'x', 'spam', now() FROM unnest($2::uuid[]) AS id",
        room.id,
        message_ids,
    )


async def test_open_reports_are_bounded_for_each_person(
    own_people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(own_people)
    messages = [await room.target.post(room.id, f"spam {n}") for n in range(MAX_OPEN_OF_PERSON + 1)]
    for message in messages[:-1]:
        await report(room, room.guest, message["id"])
    assert await try_report(room, room.guest, messages[-1]["id"]) == (409, "too_many")
    await room.target.http.delete(room.path(f"messages/{messages[0]['id']}"))
    await close_reports(connection, 10)
    assert len(await listed(room, state="closed")) == 1
    await report(room, room.guest, messages[-1]["id"])


async def test_a_room_has_open_reports_of_a_bounded_number_of_messages(
    own_people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(own_people)
    first, second, third = [await room.target.post(room.id, f"spam {n}") for n in range(3)]
    await insert_reports(connection, room, [str(uuid.uuid4()) for _ in range(MAX_OPEN - 1)])
    await report(room, room.guest, first["id"])
    assert await try_report(room, room.guest, second["id"]) == (409, "too_many")
    assert await try_report(room, room.owner, first["id"]) == (201, "")  # the message counts once
    await room.target.http.delete(room.path(f"messages/{first['id']}"))
    assert await try_report(room, room.guest, second["id"]) == (201, "")  # deleted ones do not count
    assert await try_report(room, room.guest, third["id"]) == (409, "too_many")
    assert len(await listed(room, state="closed")) == 2


async def test_one_message_has_a_bounded_number_of_open_reports(
    own_people: People, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    room = await HostedRoom.make(own_people)
    message, other = [await room.target.post(room.id, f"spam {n}") for n in range(2)]
    await insert_reports(connection, room, [message["id"]] * MAX_OPEN_OF_MESSAGE)
    assert await try_report(room, room.guest, message["id"]) == (409, "too_many")
    assert await try_report(room, room.guest, other["id"]) == (201, "")


async def test_one_address_cannot_fill_the_reports_of_a_room(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(
        publish=0, scheduler=0, REPORTS_PER_USER_PER_MIN="0.1", REPORTS_PER_ADDRESS_PER_MIN="0.3"
    )
    people = People(stack.chat_url)
    room = await HostedRoom.make(people)
    messages = [await room.target.post(room.id, f"spam {n}") for n in range(4)]
    made = Counter[str]()
    for number in range(4):
        troll = await people.enter(f"troll {number}")
        answers = [await try_report(room, troll, message["id"]) for message in messages]
        assert answers[-1] == (429, "rate_limited")
        made[troll.id] = answers.count((201, ""))
    assert max(made.values()) == 3, "half an hour's allowance of one person"
    assert sum(made.values()) == 6, "three quarters of that of one address are for newcomers"
    await people.leave()


async def test_reports_are_listed_the_newest_first_in_pages_that_join(people: People) -> None:
    room = await HostedRoom.make(people)
    made = []
    for number in range(5):
        message = await room.target.post(room.id, f"spam {number}")
        made.append((await report(room, room.guest, message["id"]))["id"])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await room.owner.get(room.path("reports"), limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [each["id"] for each in page["reports"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
    for query in ("state=all", "limit=0", "cursor=%00"):
        answer = await room.owner.http.get(room.path(f"reports?{query}"))
        assert code_of(answer) == (422, "validation_failed")


async def test_a_report_of_another_room_cannot_be_made_or_resolved(people: People) -> None:
    room = await HostedRoom.make(people)
    other = await room.another()
    message = await room.target.post(room.id, "buy this")
    made = await report(room, room.guest, message["id"])
    answer = await room.guest.http.post(
        other.path(f"messages/{message['id']}/reports"), json={"reason": "spam"}
    )
    assert code_of(answer) == (404, "message_not_found")
    for report_id in (made["id"], "0", "x", "9" * 30):
        answer = await other.owner.http.post(other.path(f"reports/{report_id}/resolve"))
        assert code_of(answer) == (404, "not_found")
    assert len(await listed(room)) == 1


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 1}])
async def test_a_report_needs_a_reason(people: People, body: dict[str, object]) -> None:
    room = await HostedRoom.make(people)
    message = await room.target.post(room.id, "buy this")
    answer = await room.guest.http.post(room.path(f"messages/{message['id']}/reports"), json=body)
    assert code_of(answer) == (422, "validation_failed")
