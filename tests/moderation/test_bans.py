"""Bans, time-outs and purges over REST. The writer's guarantees are in tests/messages."""

import asyncio
import uuid
from datetime import UTC, datetime

import asyncpg
import pytest

from chat_server.moderation.schemas import MAX_BAN_S, MAX_BANNED_AT_ONCE
from tests.moderation.hosted_room import GOOD_FOR_A_MINUTE, HostedRoom, code_of
from tests.support.chat_stack import StartChatStack
from tests.support.people import People


def age_s(until: str) -> float:
    """Seconds from now until that time."""
    return (datetime.fromisoformat(until) - datetime.now(UTC)).total_seconds()


async def test_a_banned_person_cannot_write_but_can_take_things_back(people: People) -> None:
    room = await HostedRoom.make(people)
    kept = await room.target.post(room.id, "first")
    draft = {"client_message_id": str(uuid.uuid4()), "text": "second"}
    stored = await room.target.http.post(room.path("messages"), json=draft)
    reaction = room.path(f"messages/{kept['id']}/reactions/heart")
    assert (await room.target.http.put(reaction)).status_code == 200
    before = await room.last_seq()
    banned = await room.ban(room.target, seconds=600, reason="  too   loud ")
    assert banned["user"] == {"id": room.target.id, "nickname": room.target.nickname}
    assert (banned["purged"], banned["seq"]) == (0, before)
    assert 590 < age_s(banned["until"]) <= 601
    for answer in (
        await room.target.try_post(room.id, "third"),
        await room.target.http.patch(room.path(f"messages/{kept['id']}"), json={"text": "changed"}),
        await room.target.http.put(room.path(f"messages/{kept['id']}/reactions/laugh")),
    ):
        assert code_of(answer) == (403, "banned")
        assert answer.json()["until"] == banned["until"]
    repeated = await room.target.http.post(room.path("messages"), json=draft)
    assert (repeated.status_code, repeated.json()) == (200, stored.json())
    assert (await room.target.http.delete(reaction)).status_code == 200
    assert (await room.target.http.delete(room.path(f"messages/{kept['id']}"))).status_code == 200
    assert await room.me(room.target) == {
        "role": "guest",
        "banned": {"until": banned["until"], "reason": "too loud"},
        "can_post": False,
        "why_not": "banned",
        "may_post_at": banned["until"],
    }


async def test_a_lifted_or_expired_ban_lets_the_person_write_again(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.ban(room.target, seconds=None)
    assert (await room.me(room.target))["banned"] == {"until": None, "reason": None}
    lifted = await room.moderator.http.delete(room.path(f"bans/{room.target.id}"))
    assert lifted.json()["user"]["id"] == room.target.id
    await room.target.post(room.id, "hello")
    again = await room.moderator.http.delete(room.path(f"bans/{room.target.id}"))
    assert again.status_code == 200
    await room.ban(room.target, seconds=1)
    async with asyncio.timeout(20):
        while (await room.me(room.target))["banned"] is not None:
            await asyncio.sleep(0.05)
    await room.target.post(room.id, "hello")
    assert (await room.owner.get(room.path("bans")))["bans"] == []


async def test_a_purge_deletes_all_messages_of_the_person_in_this_room_with_one_event(people: People) -> None:
    room = await HostedRoom.make(people)
    other = await room.another()
    elsewhere = await room.target.post(other.id, "elsewhere")
    first = await room.target.post(room.id, "first")
    answered = await room.guest.post(room.id, "answer", reply_to=first["id"])
    await room.target.post(room.id, "second")
    assert (await room.owner.http.put(room.path(f"messages/{first['id']}/pin"))).status_code == 200
    before = await room.last_seq()
    banned = await room.ban(room.target, seconds=None, purge=True)
    assert (banned["until"], banned["purged"], banned["seq"]) == (None, 2, before + 1)
    page = await room.owner.get(room.path("messages"))
    assert [(m["text"], m["deleted"]) for m in page["messages"]] == [
        ("", True),
        ("answer", False),
        ("", True),
    ]
    assert "pinned" not in page and page["messages"][1]["id"] == answered["id"]
    [event] = await room.events(after_seq=before)
    assert event["type"] == "messages.purged" and event["up_to_seq"] == before
    assert event["author_id"] == room.target.id
    found = await room.owner.get(other.path(f"messages/{elsewhere['id']}"))
    assert found["text"] == "elsewhere"


async def test_everybody_who_sent_the_same_text_is_banned_but_hosts(people: People) -> None:
    room = await HostedRoom.make(people)
    raiders = [await people.enter(f"raider {number}") for number in range(5)]
    for raider in raiders:
        await raider.post(room.id, "BUY NOW")
    quoted = await room.moderator.post(room.id, "BUY NOW")
    await room.guest.post(room.id, "buy now?")
    answer = await room.moderator.http.post(
        room.path("bans"), json={"seconds": None, "purge": True, "same_text_as": quoted["id"]}
    )
    assert answer.status_code == 200, answer.text
    assert {user["id"] for user in answer.json()["users"]} == {raider.id for raider in raiders}
    assert answer.json()["purged"] == 5
    texts = [m["text"] for m in (await room.owner.get(room.path("messages")))["messages"]]
    assert texts == ["", "", "", "", "", "BUY NOW", "buy now?"]
    [purged] = [event for event in await room.events() if event["type"] == "messages.purged"]
    assert set(purged["author_ids"]) == {raider.id for raider in raiders}
    assert code_of(await raiders[0].try_post(room.id, "again")) == (403, "banned")
    await room.guest.post(room.id, "thanks")


async def test_a_text_of_too_many_people_is_refused(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    people = People(stack.chat_url)
    room = await HostedRoom.make(people)
    sent = await room.target.post(room.id, "BUY NOW")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at)"
        " SELECT gen_random_uuid(), $1, 100 + n, gen_random_uuid(), 'raider', gen_random_uuid(), 'BUY NOW', now()"
        " FROM generate_series(1, $2) AS n",
        room.id,
        MAX_BANNED_AT_ONCE,
    )
    await connection.execute("UPDATE rooms SET last_seq = 1000 WHERE id = $1", room.id)
    body = {**GOOD_FOR_A_MINUTE, "same_text_as": sent["id"]}
    assert code_of(await room.owner.http.post(room.path("bans"), json=body)) == (409, "too_many")
    await connection.execute("DELETE FROM messages WHERE seq = 101 AND room_id = $1", room.id)
    answer = await room.owner.http.post(room.path("bans"), json=body)
    assert (answer.status_code, len(answer.json()["users"])) == (200, MAX_BANNED_AT_ONCE)
    await connection.close()
    await people.leave()


async def test_a_text_that_only_hosts_sent_bans_nobody(people: People) -> None:
    room = await HostedRoom.make(people)
    sent = await room.owner.post(room.id, "Welcome")
    body = {**GOOD_FOR_A_MINUTE, "same_text_as": sent["id"]}
    assert code_of(await room.moderator.http.post(room.path("bans"), json=body)) == (403, "forbidden")


async def test_a_deleted_message_has_no_text_to_compare(people: People) -> None:
    room = await HostedRoom.make(people)
    sent = await room.target.post(room.id, "BUY NOW")
    await room.target.http.delete(room.path(f"messages/{sent['id']}"))
    body = {**GOOD_FOR_A_MINUTE, "same_text_as": sent["id"]}
    assert code_of(await room.owner.http.post(room.path("bans"), json=body)) == (404, "message_not_found")


async def test_bans_are_listed_the_newest_first_in_pages_that_join(people: People) -> None:
    room = await HostedRoom.make(people)
    banned = [await people.enter(f"troll {number}") for number in range(5)]
    await room.ban(banned[0], reason="first")
    answer = await room.owner.http.post(
        room.path("bans"), json={**GOOD_FOR_A_MINUTE, "user_ids": [troll.id for troll in banned[1:4]]}
    )
    assert answer.status_code == 200
    await room.ban(banned[4], role="operator", seconds=None)
    seen = []
    cursor: str | None = None
    while True:
        page = await room.owner.get(room.path("bans"), limit=2, **({"cursor": cursor} if cursor else {}))
        seen += page["bans"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert (seen[0]["user"]["id"], seen[0]["actor"], seen[0]["until"]) == (banned[4].id, None, None)
    assert {ban["user"]["id"] for ban in seen[1:4]} == {troll.id for troll in banned[1:4]}
    assert seen[4]["reason"] == "first" and seen[4]["actor"]["id"] == room.moderator.id


async def test_the_ban_of_one_person_is_found_among_all(people: People) -> None:
    room = await HostedRoom.make(people)
    banned = [await people.enter(f"troll {number}") for number in range(3)]
    for troll in banned:
        await room.ban(troll)
    page = await room.owner.get(room.path("bans"), user_id=banned[1].id)
    assert [ban["user"]["id"] for ban in page["bans"]] == [banned[1].id] and page["next_cursor"] is None
    assert (await room.owner.get(room.path("bans"), user_id=room.owner.id))["bans"] == []
    answer = await room.owner.http.get(room.path("bans?user_id=somebody"))
    assert code_of(answer) == (422, "validation_failed")


@pytest.mark.parametrize("listed", ["bans", "audit"])
@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=bG9iYnk", "cursor=%00", "cursor=OTk5OTk5"])
async def test_a_bad_page_is_refused(people: People, listed: str, query: str) -> None:
    room = await HostedRoom.make(people)
    answer = await room.owner.http.get(room.path(f"{listed}?{query}"))
    if (listed, query) == ("audit", "cursor=OTk5OTk5"):
        assert answer.status_code == 200
    else:
        assert code_of(answer) == (422, "validation_failed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"purge": True},
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": True},
        {"seconds": "60"},
        {"seconds": 1.5},
        {"seconds": MAX_BAN_S + 1},
        {"seconds": 60, "purge": "yes"},
        {"seconds": 60, "purge": 1},
        {"seconds": 60, "reason": ""},
        {"seconds": 60, "reason": "x" * 201},
        {"seconds": 60, "reason": "a\u202eb"},
        {"seconds": 60, "address": 1},
    ],
)
async def test_an_invalid_ban_is_refused(people: People, body: dict[str, object]) -> None:
    room = await HostedRoom.make(people)
    answer = await room.owner.http.put(room.path(f"bans/{room.target.id}"), json=body)
    assert code_of(answer) == (422, "validation_failed")
    assert (await room.me(room.target))["banned"] is None


@pytest.mark.parametrize("whom", ["nobody", "none", "both", "too many", "no id"])
async def test_a_ban_of_many_names_its_people_in_one_way(people: People, whom: str) -> None:
    room = await HostedRoom.make(people)
    sent = await room.target.post(room.id, "hello")
    fields: dict[str, object] = {
        "nobody": {},
        "none": {"user_ids": []},
        "both": {"user_ids": [room.target.id], "same_text_as": sent["id"]},
        "too many": {"user_ids": [str(uuid.uuid4()) for _ in range(MAX_BANNED_AT_ONCE + 1)]},
        "no id": {"user_ids": ["ann"]},
    }[whom]
    answer = await room.owner.http.post(room.path("bans"), json={**GOOD_FOR_A_MINUTE, **fields})
    assert code_of(answer) == (422, "validation_failed")


async def test_a_second_ban_replaces_the_first(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.ban(room.target, seconds=None, reason="for good")
    shorter = await room.ban(room.target, seconds=60)
    [ban] = (await room.owner.get(room.path("bans")))["bans"]
    assert (ban["until"], ban["reason"]) == (shorter["until"], None)


@pytest.mark.parametrize("seconds", [None, 600])
async def test_a_repeated_ban_is_in_the_audit_log_once(people: People, seconds: int | None) -> None:
    room = await HostedRoom.make(people)
    first = await room.ban(room.target, seconds=seconds, reason="spam")
    again = await room.ban(room.target, seconds=seconds, reason="spam", purge=True)
    assert (again["user"], again["until"]) == (first["user"], first["until"])
    assert [entry["action"] for entry in (await room.owner.get(room.path("audit")))["entries"]] == [
        "ban",
        "add_moderator",
    ]
    await room.ban(room.target, seconds=seconds, reason="spam and worse")
    await room.ban(room.target, role="owner", seconds=seconds, reason="spam and worse")
    await room.ban(room.target, role="owner", seconds=7_200, reason="spam and worse")
    assert len((await room.owner.get(room.path("audit")))["entries"]) == 5


async def test_a_repeated_ban_that_purges_messages_is_in_the_audit_log(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.target.post(room.id, "buy now")
    await room.ban(room.target, seconds=None)
    assert (await room.ban(room.target, seconds=None, purge=True))["purged"] == 1
    assert (await room.ban(room.target, seconds=None, purge=True))["purged"] == 0
    assert len((await room.owner.get(room.path("audit")))["entries"]) == 3


async def test_the_audit_log_names_each_action(people: People) -> None:
    room = await HostedRoom.make(people)
    sent = await room.target.post(room.id, "hello")
    await room.moderator.http.put(room.path(f"messages/{sent['id']}/pin"))
    await room.moderator.http.delete(room.path(f"messages/{sent['id']}"))
    await room.ban(room.target, reason="too loud")
    await room.moderator.http.delete(room.path(f"bans/{room.target.id}"))
    await room.operator.patch(room.path(), json={"who_can_post": "regulars"})
    log = await room.owner.get(room.path("audit"))
    entries = log["entries"]
    assert log["next_cursor"] is None
    assert len(entries) == 6  # the appointment of the moderator is the oldest
    actors = [entry["actor"] and entry["actor"]["id"] for entry in entries]
    assert actors == [None, *[room.moderator.id] * 4, room.owner.id]
    targets = [entry["target"] and entry["target"]["id"] for entry in entries]
    assert targets[0] is None and targets[1:4] == [room.target.id] * 3
    assert targets[5] == room.moderator.id
    assert len({entry["action"] for entry in entries}) == 6
    first = await room.owner.get(room.path("audit"), limit=4)
    rest = await room.owner.get(room.path("audit"), limit=4, cursor=first["next_cursor"])
    assert first["entries"] + rest["entries"] == entries and rest["next_cursor"] is None
