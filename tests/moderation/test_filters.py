"""Filters of a room over REST: who sees and sets them, and what they do to messages of guests."""

import asyncio
import uuid
from typing import Any

import pytest

from chat_server.rooms.schemas import MAX_FILTER_LETTERS, MAX_FILTER_WORD_CODE_POINTS, MAX_FILTER_WORDS
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.people import People

NO_FILTERS = {"words": [], "words_action": "refuse", "links": "allow", "repeats": "allow"}


async def set_filters(room: HostedRoom, **filters: Any) -> dict[str, Any]:
    answer = await room.moderator.http.patch(room.path(), json={"filters": filters})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["filters"]
    return found


async def test_only_hosts_see_filters_and_no_event_shows_them(people: People) -> None:
    room = await HostedRoom.make(people)
    assert await room.owner.get(room.path("filters")) == NO_FILTERS
    before = await room.last_seq()
    filters = {"words": ["spam", "ham"], "words_action": "refuse", "links": "refuse", "repeats": "refuse"}
    assert await set_filters(room, **filters) == filters
    assert await room.owner.get(room.path("filters")) == filters
    assert await set_filters(room, links="allow") == {**filters, "links": "allow"}
    assert await room.events(after_seq=before) == []
    for shown in (await room.room(), (await room.guest.get(room.path("messages")))["room"]):
        assert "filters" not in shown
    entries = (await room.owner.get(room.path("audit")))["entries"]
    assert [entry["action"] for entry in entries[:2]] == ["change_filters", "change_filters"]
    assert entries[1]["details"] == {**filters, "words": 2}
    assert entries[1]["actor"]["id"] == room.moderator.id
    assert await set_filters(room, **NO_FILTERS) == NO_FILTERS


@pytest.mark.parametrize(
    ("filters", "text", "kind"),
    [
        ({"words": ["spam"]}, "this is ЅРАМ", "words"),
        ({"links": "refuse"}, "see example.com", "links"),
        ({"words": ["spam"], "links": "refuse"}, "spam on example.com", "words"),
    ],
)
async def test_a_message_that_a_filter_refuses_takes_no_seq_and_can_be_changed(
    people: People, filters: dict[str, Any], text: str, kind: str
) -> None:
    room = await HostedRoom.make(people)
    sent = await room.guest.post(room.id, "hello")
    await set_filters(room, **filters)
    before = await room.last_seq()
    draft = {"client_message_id": str(uuid.uuid4()), "text": text}
    for _ in range(3):  # the commit checks the first one, the others are refused before the queue
        refused = await room.guest.http.post(room.path("messages"), json=draft)
        assert code_of(refused) == (422, "message_refused")
        assert refused.json()["filter"] == kind
        assert "spam" not in refused.json()["detail"]
    edited = await room.guest.http.patch(room.path(f"messages/{sent['id']}"), json={"text": text})
    assert code_of(edited) == (422, "message_refused")
    assert await room.events(after_seq=before) == []
    answer = await room.guest.http.post(room.path("messages"), json={**draft, "text": "hello again"})
    assert answer.status_code == 201
    for host in (room.owner, room.moderator):
        await host.post(room.id, text)
    await set_filters(room, **NO_FILTERS)
    await room.guest.post(room.id, text)


async def test_a_nickname_cannot_carry_what_a_text_may_not_say(people: People) -> None:
    room = await HostedRoom.make(people)
    named = await people.enter("see example.com")
    sent = await named.post(room.id, "hello")
    await set_filters(room, links="refuse")
    for _ in range(3):  # the commit checks the first one, the others are refused before the queue
        refused = await named.try_post(room.id, "hello")
        assert code_of(refused) == (422, "message_refused")
        assert refused.json()["filter"] == "links" and "nickname" in refused.json()["detail"]
    edited = await named.http.patch(room.path(f"messages/{sent['id']}"), json={"text": "changed"})
    assert edited.status_code == 200, edited.text
    await set_filters(room, links="hold")
    assert (await named.try_post(room.id, "hello")).status_code == 202


async def test_a_message_stored_before_the_filter_can_be_repeated(people: People) -> None:
    room = await HostedRoom.make(people)
    draft = {"client_message_id": str(uuid.uuid4()), "text": "spam"}
    stored = await room.guest.http.post(room.path("messages"), json=draft)
    await set_filters(room, words=["spam"], repeats="refuse")
    repeated = await room.guest.http.post(room.path("messages"), json=draft)
    assert (repeated.status_code, repeated.json()) == (200, stored.json())


async def test_a_repeated_text_of_the_same_person_is_refused(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.guest.post(room.id, "before the filter")
    await set_filters(room, repeats="refuse")
    await room.guest.post(room.id, "before the filter")
    await room.guest.post(room.id, "Hello  there")
    for text in ("Hello  there", "hello there", "ｈello\u200b there"):
        refused = await room.guest.try_post(room.id, text)
        assert code_of(refused) == (422, "message_refused")
        assert refused.json()["filter"] == "repeats"
    await room.target.post(room.id, "Hello there")
    for _ in range(2):
        await room.owner.post(room.id, "Hello there")
    both = await asyncio.gather(*(room.target.try_post(room.id, "at once") for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 422]
    await set_filters(room, repeats="allow")
    await room.guest.post(room.id, "hello there")


@pytest.mark.parametrize(
    "filters",
    [
        {"words": "spam"},
        {"words": [""]},
        {"words": ["a" * (MAX_FILTER_WORD_CODE_POINTS + 1)]},
        {"words": ["\u200b"]},
        {"words": [f"word{number}" for number in range(MAX_FILTER_WORDS + 1)]},
        {"words": [f"{number:011}" for number in range(MAX_FILTER_WORDS)]},
        {"words": [f"{number:03}" + "㎒" * 4 for number in range(MAX_FILTER_WORDS)]},
        {"words_action": "allow"},
        {"links": "maybe"},
        {"repeats": "hold"},
        {"expression": "(a+)+$"},
        [],
    ],
)
async def test_an_invalid_filter_is_refused(people: People, filters: object) -> None:
    room = await HostedRoom.make(people)
    answer = await room.owner.http.patch(room.path(), json={"filters": filters})
    assert code_of(answer) == (422, "validation_failed")
    assert await room.owner.get(room.path("filters")) == NO_FILTERS


async def test_the_most_words_are_accepted(people: People) -> None:
    room = await HostedRoom.make(people)
    words = [f"word n {number}".ljust(10, "x") for number in range(MAX_FILTER_WORDS)]
    assert sum(map(len, words)) == MAX_FILTER_LETTERS
    assert (await set_filters(room, words=words))["words"] == words
    assert code_of(await room.guest.try_post(room.id, "this is word n 499")) == (422, "message_refused")
    await room.guest.post(room.id, "this is word n 500")
