"""Messages that a filter holds until a host allows or refuses them, over REST."""

import uuid
from typing import Any

import asyncpg

from chat_server.messages.held_actions import MAX_HELD, MAX_HELD_OF_PERSON
from tests.moderation.hosted_room import GOOD_FOR_A_MINUTE, HostedRoom, code_of
from tests.support.chat_stack import StartChatStack
from tests.support.people import People, Person

HOLDS = {"words": ["spam"], "words_action": "hold", "links": "hold"}


async def make_room(people: People) -> HostedRoom:
    room = await HostedRoom.make(people)
    answer = await room.owner.http.patch(room.path(), json={"filters": HOLDS})
    assert answer.status_code == 200, answer.text
    return room


async def post_held(
    room: HostedRoom, person: Person, text: str = "buy spam", **fields: Any
) -> dict[str, Any]:
    answer = await person.try_post(room.id, text, **fields)
    assert answer.status_code == 202, answer.text
    held: dict[str, Any] = answer.json()
    return held


async def waiting(room: HostedRoom) -> list[str]:
    return [held["id"] for held in (await room.moderator.get(room.path("held")))["held"]]


async def test_a_held_message_has_no_seq_until_a_host_allows_it(people: People) -> None:
    room = await make_room(people)
    first = await room.guest.post(room.id, "hello")
    before = await room.last_seq()
    key = str(uuid.uuid4())
    held = await post_held(room, room.guest, client_message_id=key, reply_to=first["id"])
    assert (held["seq"], held["held"], held["filter"], held["text"]) == (None, True, "words", "buy spam")
    assert await post_held(room, room.guest, client_message_id=key) == held
    assert (await room.owner.get(room.path("held")))["held"] == [held]
    assert await room.events(after_seq=before) == []
    between = await room.guest.post(room.id, "meanwhile")
    for _ in range(2):
        allowed = await room.moderator.http.post(room.path(f"held/{held['id']}/allow"))
        assert allowed.status_code == 200, allowed.text
        message = allowed.json()
        assert (message["id"], message["seq"]) == (held["id"], between["seq"] + 1)
    assert "held" not in message and message["created_at"] >= between["created_at"]
    assert (message["text"], message["reply_to"], message["author"]) == (
        "buy spam",
        first["id"],
        held["author"],
    )
    [event] = await room.events(after_seq=between["seq"])
    assert (event["type"], event["message"]) == ("message.created", message)
    repeated = await room.guest.try_post(room.id, "buy spam", client_message_id=key)
    assert (repeated.status_code, repeated.json()) == (200, message)
    assert await waiting(room) == []
    refused = await room.moderator.http.post(room.path(f"held/{held['id']}/refuse"))
    assert code_of(refused) == (404, "not_found")
    [entry] = (await room.owner.get(room.path("audit"), limit=1))["entries"]
    assert (entry["action"], entry["target"]["id"]) == ("allow_message", room.guest.id)


async def test_a_refused_message_is_refused_again_and_leaves_the_queue(people: People) -> None:
    room = await make_room(people)
    key = str(uuid.uuid4())
    held = await post_held(room, room.guest, "see example.com", client_message_id=key)
    assert held["filter"] == "links"
    for _ in range(2):
        answer = await room.owner.http.post(room.path(f"held/{held['id']}/refuse"))
        assert answer.status_code == 200, answer.text
    repeated = await room.guest.try_post(room.id, "see example.com", client_message_id=key)
    assert code_of(repeated) == (422, "message_refused")
    assert repeated.json()["filter"] == "links"
    allowed = await room.owner.http.post(room.path(f"held/{held['id']}/allow"))
    assert code_of(allowed) == (404, "not_found")
    assert await waiting(room) == []
    [entry] = (await room.owner.get(room.path("audit"), limit=1))["entries"]
    assert entry["action"] == "refuse_message"
    await post_held(room, room.guest, "see example.com")


async def test_an_edit_is_refused_where_a_post_would_be_held(people: People) -> None:
    room = await make_room(people)
    sent = await room.guest.post(room.id, "hello")
    edited = await room.guest.http.patch(room.path(f"messages/{sent['id']}"), json={"text": "spam"})
    assert (code_of(edited), edited.json()["filter"]) == ((422, "message_refused"), "words")
    assert await waiting(room) == []


async def test_held_messages_survive_a_change_of_the_filters(people: People) -> None:
    room = await make_room(people)
    key = str(uuid.uuid4())
    held = await post_held(room, room.guest, client_message_id=key)
    changes: list[dict[str, Any]] = [{"words": []}, {"words": ["spam"], "words_action": "refuse"}]
    for filters in changes:
        await room.owner.http.patch(room.path(), json={"filters": filters})
        assert await post_held(room, room.guest, client_message_id=key) == held
    assert (await room.owner.http.post(room.path(f"held/{held['id']}/allow"))).status_code == 200


async def test_a_ban_drops_the_persons_held_messages_in_the_same_commit(people: People) -> None:
    room = await make_room(people)
    key = str(uuid.uuid4())
    held = await post_held(room, room.target, client_message_id=key)
    kept = await post_held(room, room.guest)
    await room.ban(room.target)
    assert await waiting(room) == [kept["id"]]
    allowed = await room.owner.http.post(room.path(f"held/{held['id']}/allow"))
    assert code_of(allowed) == (404, "not_found")
    repeated = await room.target.try_post(room.id, "buy spam", client_message_id=key)
    assert code_of(repeated) == (403, "banned")
    await room.moderator.http.delete(room.path(f"bans/{room.target.id}"))
    again = await post_held(room, room.target, client_message_id=key)
    assert again["id"] != held["id"]


async def test_everybody_who_sent_the_text_of_a_held_message_is_banned(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.target.post(room.id, "buy spam")
    await room.owner.http.patch(room.path(), json={"filters": HOLDS})
    raiders = [await people.enter(f"raider {number}") for number in range(3)]
    held = [await post_held(room, raider) for raider in raiders]
    kept = await post_held(room, room.guest, "another spam")
    body = {**GOOD_FOR_A_MINUTE, "same_text_as": held[0]["id"]}
    answer = await room.moderator.http.post(room.path("bans"), json=body)
    assert answer.status_code == 200, answer.text
    banned = {user["id"] for user in answer.json()["users"]}
    assert banned == {room.target.id, *(raider.id for raider in raiders)}
    assert await waiting(room) == [kept["id"]]


async def test_one_person_fills_only_a_part_of_the_queue(people: People) -> None:
    room = await make_room(people)
    held = [await post_held(room, room.target, f"spam {number}") for number in range(MAX_HELD_OF_PERSON)]
    refused = await room.target.try_post(room.id, "more spam")
    assert code_of(refused) == (422, "message_refused")
    await room.target.post(room.id, "hello")
    await post_held(room, room.guest)
    await room.owner.http.post(room.path(f"held/{held[0]['id']}/refuse"))
    await post_held(room, room.target, "more spam")


async def test_a_full_queue_refuses_further_posts(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    people = People(stack.chat_url)
    room = await make_room(people)
    await post_held(room, room.guest)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO held_messages (id, room_id, author_id, author_nickname, client_message_id, text, filter,"
        " created_at) SELECT gen_random_uuid(), $1, gen_random_uuid(), 'x', gen_random_uuid(), 'spam', 'words', now()"
        " FROM generate_series(2, $2)",
        room.id,
        MAX_HELD,
    )
    await connection.close()
    assert code_of(await room.target.try_post(room.id, "spam")) == (422, "message_refused")
    await room.target.post(room.id, "hello")
    metrics = (await room.nobody.get("/metrics")).text
    assert "hotchat_held_refused_total 1.0" in metrics
    await people.leave()


async def test_held_messages_are_listed_the_newest_first_in_pages_that_join(people: People) -> None:
    room = await make_room(people)
    held = [await post_held(room, room.guest, f"spam {number}") for number in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await room.owner.get(room.path("held"), limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [each["id"] for each in page["held"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [each["id"] for each in reversed(held)]


async def test_a_held_message_of_another_room_cannot_be_decided_on(people: People) -> None:
    room = await make_room(people)
    other = await room.another()
    held = await post_held(room, room.guest)
    for decision in ("allow", "refuse"):
        for held_id in (held["id"], str(uuid.uuid4()), "1"):
            answer = await other.owner.http.post(other.path(f"held/{held_id}/{decision}"))
            assert code_of(answer) == (404, "not_found")
    assert await waiting(room) == [held["id"]]
