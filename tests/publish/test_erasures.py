"""Erased people: no stream that opens or resumes names them, in whatever order events and pages arrive."""

import asyncio
from itertools import permutations
from typing import Any, Final

import pytest

from publish_server.rooms.purge_marks import MAX_ERASED_PEOPLE, PurgeMarks
from tests.publish.hub_fixtures import Core, head_at
from tests.publish.purges import (
    SECRET_TEXT,
    Event,
    Resuming,
    about,
    deliver,
    events_in,
    events_of,
    purge,
    shown,
)

ERASED: Final = {"id": "new-id", "nickname": "deleted"}


def erasure(seq: int, author: str = "mallory", erased_as: str = "new-id") -> Event:
    return {**purge(seq, author), "erased_as": erased_as}


def deleted(seq: int, author: str, message_seq: int) -> Event:
    event = about(seq, author, "deleted", message_seq=message_seq)
    event["message"] |= {"text": "", "deleted": True, "reactions": {}}
    return event


def reaction(seq: int, *added: str) -> Event:
    return {
        "type": "reaction.changed",
        "room_id": "lobby",
        "seq": seq,
        "message_id": "message-1",
        "kind": "heart",
        "count": len(added),
        "added": list(added),
        "removed": [],
    }


def room_change(seq: int, owner: str) -> Event:
    room = {"name": "Lobby", "owner": {"id": owner, "nickname": "Ada"}, "moderators": []}
    return {"type": "room.changed", "room_id": "lobby", "seq": seq, "room": room}


BEFORE: Final = (
    about(1, "ada"),
    about(2, "mallory"),
    deleted(3, "mallory", 2),
    reaction(4, "mallory", "ada"),
    room_change(5, "mallory"),
    about(6, "mallory"),
)


def assert_erased(events: list[Event]) -> None:
    by_seq = {event["seq"]: event for event in events}
    assert sorted(by_seq) == list(range(1, 8))
    assert by_seq[1] == BEFORE[0]
    for seq in (2, 3, 6):
        message = by_seq[seq]["message"]
        assert (message["author"], message["text"], message["deleted"]) == (ERASED, "", True)
    assert by_seq[4]["added"] == ["new-id", "ada"] and by_seq[4]["count"] == 2
    assert by_seq[5]["room"]["owner"] == ERASED
    assert by_seq[7] == erasure(7)


def test_every_kind_of_frame_in_the_ring_loses_the_person(core: Core) -> None:
    room = core.follow_at(0).room
    deliver(core, *BEFORE, erasure(7))
    assert_erased(events_of(room.log))
    [frame] = events_in(room.list_frame(0.0))
    assert frame["last_message"]["author"] == ERASED
    assert all(each["author_id"] != "mallory" for each in frame.get("recent", []))
    held = sum(len(entry.frame) for entry in room.log._entries)
    assert room.log.bytes_held == held


@pytest.mark.parametrize("order", list(permutations([2, 4, 7])), ids=str)
def test_the_order_of_arrival_does_not_matter(core: Core, order: tuple[int, ...]) -> None:
    room = core.followed_rooms.follow("lobby").room
    by_seq = {event["seq"]: event for event in (*BEFORE, erasure(7))}
    core.hub.take_heads([room], {"lobby": head_at(0)}, 1)
    deliver(core, *(by_seq[seq] for seq in order))
    deliver(core, *(by_seq[seq] for seq in (1, 3, 5, 6)))
    assert_erased(events_of(room.log))


def test_erased_people_are_bounded_and_frames_that_named_the_first_are_read_again() -> None:
    marks = PurgeMarks()
    for number in range(MAX_ERASED_PEOPLE + 1):
        assert marks.add([b"person-%d" % number], number + 1, f"new-{number}")
        assert not marks.add([b"person-%d" % number], number + 1, f"new-{number}")
    assert len(marks.erased) == MAX_ERASED_PEOPLE and b"person-0" not in marks.erased
    assert marks.refetch_seq == 1
    marks.forget(MAX_ERASED_PEOPLE + 1)
    assert marks.erased == {}


@pytest.mark.asyncio
async def test_a_page_that_is_read_during_an_erasure_does_not_name_the_person(resuming: Resuming) -> None:
    resuming.store(*BEFORE)
    audience = resuming.follow()
    resuming.stored.replies.clear()
    resumed = asyncio.create_task(resuming.resume(audience))
    await resuming.called(1)
    deliver(resuming.core, erasure(7))
    resuming.stored.replies.set()
    assert_erased(await resumed)


@pytest.mark.asyncio
async def test_a_page_in_memory_loses_the_person(resuming: Resuming) -> None:
    resuming.store(*BEFORE)
    audience = resuming.follow()
    before: Any = shown(await resuming.resume(audience))
    assert before[5] == (6, SECRET_TEXT + "mallory")
    deliver(resuming.core, erasure(7))
    assert_erased(await resuming.resume(audience))
