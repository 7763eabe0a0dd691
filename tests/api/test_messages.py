"""Writes over REST follow the contract."""

import asyncio
import uuid

from tests.support.chat_stack import ADMIN_TOKEN
from tests.support.people import People, Person


async def test_a_post_returns_the_complete_message(people: People) -> None:
    ann = await people.enter("Ann")
    room = await ann.make_room()
    message = await ann.post(room["id"], "  hello \r\n there ")
    assert message == {
        "id": message["id"],
        "room_id": room["id"],
        "seq": 1,
        "author": {"id": ann.id, "nickname": "Ann", "role": "owner"},
        "text": "hello \n there",
        "reply_to": None,
        "created_at": message["created_at"],
        "edited_at": None,
        "deleted": False,
        "reactions": {},
    }
    assert uuid.UUID(message["id"]).version == 7
    assert message["created_at"].endswith("Z") and len(message["created_at"]) == 24


async def test_a_repeated_post_gets_200_with_the_first_message(people: People) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    key = str(uuid.uuid4())
    first = await ann.post(room["id"], "one", client_message_id=key)
    again = await ann.try_post(room["id"], "two", client_message_id=key)
    assert again.status_code == 200
    assert again.json() == first


async def test_an_author_can_read_the_post_at_once(people: People) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    for number in range(5):
        message = await ann.post(room["id"], f"message {number}")
        page = await ann.get(f"/api/v1/rooms/{room['id']}/messages")
        assert page["messages"][-1] == message
        assert page["cursor"] == message["seq"]


async def test_an_edit_sets_edited_at_and_the_same_text_changes_nothing(people: People) -> None:
    ann, bob = await people.enter("ann"), await people.enter("bob")
    room = await ann.make_room()
    message = await ann.post(room["id"], "one")
    path = f"/api/v1/rooms/{room['id']}/messages/{message['id']}"
    edited = await ann.http.patch(path, json={"text": "two"})
    assert edited.status_code == 200
    assert edited.json()["text"] == "two" and edited.json()["edited_at"]
    assert edited.json()["seq"] == message["seq"]
    assert (await ann.http.patch(path, json={"text": "two"})).json() == edited.json()
    assert (await ann.get(f"/api/v1/rooms/{room['id']}"))["last_seq"] == 2
    refused = await bob.http.patch(path, json={"text": "three"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_the_rooms_owner_may_delete_and_leaves_a_tombstone(people: People) -> None:
    owner, bob, eve = [await people.enter(name) for name in ("olivia", "bob", "eve")]
    room = await owner.make_room()
    message = await bob.post(room["id"], "rude")
    path = f"/api/v1/rooms/{room['id']}/messages/{message['id']}"
    assert (await eve.http.delete(path)).status_code == 403
    tombstone = (await owner.http.delete(path)).json()
    assert tombstone["deleted"] is True and tombstone["text"] == ""
    assert (await owner.http.delete(path)).json() == tombstone
    events = await eve.get(f"/api/v1/rooms/{room['id']}/events", after_seq=0)
    assert [event["type"] for event in events["events"]] == ["message.created", "message.deleted"]
    assert "rude" not in str(events)


async def test_the_latest_page_carries_the_pinned_messages(people: People) -> None:
    owner, bob = await people.enter("olivia"), await people.enter("bob")
    room = await owner.make_room()
    path = f"/api/v1/rooms/{room['id']}/messages"
    rules = await owner.post(room["id"], "the rules")
    guest = await bob.post(room["id"], "the guest speaks at nine")
    for number in range(3):
        await bob.post(room["id"], f"message {number}")
    assert (await bob.http.put(f"{path}/{guest['id']}/pin")).status_code == 403
    for message in (rules, guest, guest):
        pinned = await owner.http.put(f"{path}/{message['id']}/pin")
        assert (pinned.status_code, pinned.json()) == (200, message)
    newest = await bob.get(path, limit=2)
    assert newest["pinned"] == [guest, rules]
    assert [message["text"] for message in newest["messages"]] == ["message 1", "message 2"]
    assert "pinned" not in await bob.get(path, before_seq=3)

    edited = (await owner.http.patch(f"{path}/{rules['id']}", json={"text": "new rules"})).json()
    assert (await owner.http.delete(f"{path}/{guest['id']}/pin")).status_code == 200
    assert (await bob.get(path))["pinned"] == [edited]
    for message in (rules, guest):
        await owner.http.delete(f"{path}/{message['id']}")
    assert "pinned" not in await bob.get(path)
    events = await bob.get(f"/api/v1/rooms/{room['id']}/events", after_seq=5)
    assert [event["type"].partition(".")[2] for event in events["events"]] == [
        "pinned",
        "pinned",
        "edited",
        "unpinned",
        "deleted",
        "deleted",
    ]
    assert "at nine" not in str(events) and "rules" not in str(events)


async def test_reactions_are_idempotent_and_counted(people: People) -> None:
    ann, bob = await people.enter("ann"), await people.enter("bob")
    room = await ann.make_room()
    message = await ann.post(room["id"], "nice")
    path = f"/api/v1/rooms/{room['id']}/messages/{message['id']}/reactions"
    for person, kind, count in [(ann, "heart", 1), (ann, "heart", 1), (bob, "heart", 2), (bob, "laugh", 1)]:
        answer = await person.http.put(f"{path}/{kind}")
        assert answer.status_code == 200
        assert answer.json() == {"message_id": message["id"], "kind": kind, "count": count}
    assert (await ann.http.delete(f"{path}/heart")).json()["count"] == 1
    assert (await ann.http.delete(f"{path}/sad")).json()["count"] == 0
    page = await ann.get(f"/api/v1/rooms/{room['id']}/messages")
    assert page["messages"][0]["reactions"] == {"heart": 1, "laugh": 1}
    mine = await bob.get(f"/api/v1/rooms/{room['id']}/reactions/mine", from_seq=0, to_seq=10)
    assert mine == {"mine": {message["id"]: ["heart", "laugh"]}}
    unknown = await ann.http.put(f"{path}/thumbsup")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "validation_failed")


async def test_slow_mode_limits_everybody_except_the_owner(people: People) -> None:
    owner, bob = await people.enter("olivia"), await people.enter("bob")
    room = await owner.make_room()
    refused = await bob.http.patch(f"/api/v1/rooms/{room['id']}", json={"slow_mode_s": 30})
    assert refused.status_code == 403
    changed = await owner.http.patch(f"/api/v1/rooms/{room['id']}", json={"slow_mode_s": 30})
    assert changed.json()["slow_mode_s"] == 30
    await bob.post(room["id"], "one")
    waiting = await bob.try_post(room["id"], "two")
    assert (waiting.status_code, waiting.json()["code"]) == (429, "slow_mode")
    assert 1 <= int(waiting.headers["Retry-After"]) <= 30
    assert "RateLimit" in waiting.headers and "RateLimit-Policy" in waiting.headers
    await owner.post(room["id"], "one")
    await owner.post(room["id"], "two")


async def slow_room(people: People, slow_mode_s: int) -> tuple[Person, Person, str]:
    """The owner, a guest and the room's id."""
    owner, bob = await people.enter("olivia"), await people.enter("bob")
    room_id = (await owner.make_room())["id"]
    await owner.http.patch(f"/api/v1/rooms/{room_id}", json={"slow_mode_s": slow_mode_s})
    return owner, bob, room_id


async def test_in_slow_mode_a_repeated_message_neither_waits_nor_takes_a_turn(people: People) -> None:
    _, bob, room_id = await slow_room(people, 1)
    key = str(uuid.uuid4())
    first = await bob.post(room_id, "one", client_message_id=key)
    again = await bob.try_post(room_id, "one", client_message_id=key)
    assert (again.status_code, again.json()) == (200, first)
    async with asyncio.timeout(20):
        while (await bob.try_post(room_id, "two")).status_code == 429:
            await asyncio.sleep(0.05)
    later = await bob.try_post(room_id, "one", client_message_id=key)
    assert (later.status_code, later.json()) == (200, first)
    assert (await bob.get(f"/api/v1/rooms/{room_id}"))["message_count"] == 2


async def test_in_slow_mode_a_repeated_message_leaves_the_turn_for_a_new_one(people: People) -> None:
    owner, bob, room_id = await slow_room(people, 30)
    await owner.http.patch(f"/api/v1/rooms/{room_id}", json={"slow_mode_s": 0})
    key = str(uuid.uuid4())
    await bob.post(room_id, "before slow mode", client_message_id=key)
    await owner.http.patch(f"/api/v1/rooms/{room_id}", json={"slow_mode_s": 30})
    assert (await bob.try_post(room_id, "again", client_message_id=key)).status_code == 200
    refused = await bob.try_post(room_id, "a reply", reply_to=str(uuid.uuid4()))
    assert refused.json()["code"] == "message_not_found"
    await bob.post(room_id, "the turn is still there")
    assert (await bob.try_post(room_id, "now it is taken")).json()["code"] == "slow_mode"


async def test_in_slow_mode_edits_and_posts_have_separate_turns(people: People) -> None:
    owner, bob, room_id = await slow_room(people, 30)
    message, own = await bob.post(room_id, "one"), await owner.post(room_id, "own")
    path = f"/api/v1/rooms/{room_id}/messages/{message['id']}"
    for text, status in [("two", 200), ("three", 429), ("two", 200)]:
        answer = await bob.http.patch(path, json={"text": text})
        assert answer.status_code == status, answer.text
    assert (await bob.get(path))["text"] == "two"
    for text in ("new", "newer"):
        answer = await owner.http.patch(f"/api/v1/rooms/{room_id}/messages/{own['id']}", json={"text": text})
        assert answer.status_code == 200


async def test_a_room_is_found_by_its_words_in_any_language(people: People) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    texts = ["Hello there, World", "안녕하세요 여러분", "こんにちは世界", "100% sure_thing"]
    for text in texts:
        await ann.post(room["id"], text)
    for query, found in [("world hello", 0), ("하세요", 1), ("にちは", 2), ("100%", 3), ("e_t", 3)]:
        page = await ann.get(f"/api/v1/rooms/{room['id']}/search", q=query)
        assert [message["text"] for message in page["messages"]] == [texts[found]]
    assert (await ann.get(f"/api/v1/rooms/{room['id']}/search", q="nowhere"))["messages"] == []


async def test_the_operator_may_pin_and_delete_anywhere_and_slow_any_room(people: People) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    message = await ann.post(room["id"], "rude")
    operator = people.anonymous()
    operator.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    path = f"/api/v1/rooms/{room['id']}"
    assert (await operator.put(f"{path}/messages/{message['id']}/pin")).status_code == 200
    assert (await operator.delete(f"{path}/messages/{message['id']}")).json()["deleted"] is True
    assert (await operator.patch(path, json={"slow_mode_s": 5})).json()["slow_mode_s"] == 5
    assert (await operator.get("/api/v1/me")).status_code == 401


async def test_a_message_lists_who_reacted_to_it(people: People) -> None:
    ann, bob = await people.enter("ann"), await people.enter("bob")
    room = await ann.make_room()
    message = await ann.post(room["id"], "nice")
    path = f"/api/v1/rooms/{room['id']}/messages/{message['id']}/reactions"
    assert (await ann.get(path))["reactions"] == {}
    for person, kind in [(ann, "heart"), (bob, "heart"), (bob, "laugh")]:
        await person.http.put(f"{path}/{kind}")
    reactors = await people.anonymous().get(path)
    reactor_ann, reactor_bob = ({"id": one.id, "nickname": one.nickname} for one in (ann, bob))
    assert reactors.json() == {
        "message_id": message["id"],
        "reactions": {"heart": [reactor_ann, reactor_bob], "laugh": [reactor_bob]},
    }
    unknown = await ann.http.get(path.replace(message["id"], str(uuid.uuid4())))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "message_not_found")
