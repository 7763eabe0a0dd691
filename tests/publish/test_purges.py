"""Purged texts: no stream that opens or resumes shows them, in whatever order events and pages arrive."""

import asyncio
import gzip
import socket
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_contract.limits import EVENTS_PAGE_MAX
from publish_server.encoding.gzip_blocks import HEADER, GzipChecksum
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.catch_up import MAX_REPLAY, Piece
from publish_server.fanout.followed_rooms import IDLE_ROOM_S
from publish_server.recovery.chat_client import StoredEvents, stored_event
from publish_server.rooms.purge_marks import MAX_PURGED_AUTHORS, PurgeMarks
from publish_server.rooms.record_parser import parse_record
from publish_server.rooms.room_log import RoomLog
from tests.publish.hub_fixtures import Core, CountingTransport, event_record, head_at, subscriber_of
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
    texts_of,
)

# The ring


def test_a_purge_shows_the_earlier_messages_of_its_authors_as_deleted(core: Core) -> None:
    log = core.follow_at(0).log
    before = [
        about(1, "mallory"),
        about(2, "ada"),
        about(3, "mallory", "edited", message_seq=1),
        about(4, "mallory", "pinned", message_seq=1),
        about(5, "oscar"),
    ]
    deliver(core, *before, purge(6, "mallory", "oscar"), about(7, "mallory"))
    events = events_of(log)
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6, 7]
    purged = {"text": "", "deleted": True, "reactions": {}}
    for index in (0, 2, 3, 4):
        assert events[index] == before[index] | {"message": before[index]["message"] | purged}
    assert events[1] == before[1]
    assert events[6] == about(7, "mallory")


def test_a_later_purge_reaches_further_and_an_earlier_one_takes_nothing_back(core: Core) -> None:
    log = core.follow_at(0).log
    deliver(core, about(1, "mallory"), purge(2, "mallory"), about(3, "mallory"))
    assert texts_of(log) == ["", None, SECRET_TEXT + "mallory"]
    deliver(core, purge(4, "mallory"), purge(5, "mallory", up_to_seq=1))
    assert texts_of(log) == ["", None, "", None, None]


@pytest.mark.parametrize("head", [None, 0], ids=["before the head is known", "after it"])
def test_a_purge_that_arrives_before_the_messages_removes_their_texts(core: Core, head: int | None) -> None:
    room = core.followed_rooms.follow("lobby").room
    if head is not None:
        core.hub.take_heads([room], {"lobby": head_at(head)}, 1)
    deliver(core, about(3, "mallory"), purge(4, "mallory"), about(2, "mallory"))
    core.hub.take_heads([room], {"lobby": head_at(0)}, 1)
    deliver(core, about(1, "mallory"))
    assert [event["seq"] for event in events_of(room.log)] == [1, 2, 3, 4]
    assert texts_of(room.log) == ["", "", "", None]


def test_a_purge_that_has_become_a_gap_still_applies(core: Core) -> None:
    room = core.follow_at(0).room
    deliver(core, about(1, "mallory"))
    core.hub.give_up(room, 2)
    deliver(core, about(3, "mallory"), purge(2, "mallory"))
    assert texts_of(room.log) == ["", None, SECRET_TEXT + "mallory"]


def test_a_refetched_text_of_a_purged_message_is_removed(core: Core) -> None:
    """chat_server may answer from a cache that is older than the purge."""
    room = core.follow_at(0).room
    deliver(core, purge(3, "mallory"))
    stored = [stored_event(orjson.dumps(about(seq, "mallory"))) for seq in (1, 2)]
    list(core.restore(room, 0, 3, StoredEvents(stored, 3, has_more=False)))
    assert texts_of(room.log) == ["", "", None]


def test_an_unreadable_purge_affects_no_other_event(core: Core) -> None:
    log = core.follow_at(0).log
    no_seq = {"type": "messages.purged", "room_id": "lobby", "seq": 2, "author_id": "mallory"}
    no_text = purge(3, "mallory") | {"author_id": 7}
    deliver(core, about(1, "mallory"), no_seq, no_text, purge(4, "x" * 65), about(5, "ada"))
    assert [event["seq"] for event in events_of(log)] == [1, 2, 3, 4, 5]
    assert log.purges.changes == 0


def test_a_record_holds_a_purge_of_500_authors() -> None:
    authors = [f"00000000-0000-7000-8000-{number:012d}" for number in range(500)]
    parse_record(event_record(purge(2**62, *authors)))


# Cost


class CountedFrame(bytes):
    """Counts how often such frames are parsed."""

    parsed = 0

    def split(self, *args: Any, **kwargs: Any) -> list[bytes]:
        CountedFrame.parsed += 1
        return super().split(*args, **kwargs)


class CountedMarks(dict[bytes | None, int]):
    lookups = 0

    def get(self, *args: Any) -> Any:
        self.lookups += 1
        return super().get(*args)


def test_only_readers_of_frames_below_a_mark_look_it_up_and_each_frame_is_parsed_once(core: Core) -> None:
    log = core.follow_at(0).log
    marks = log.purges.up_to_seqs = CountedMarks()
    deliver(core, *(about(seq, f"author-{seq % 10}") for seq in range(1, 81)))

    def parsed() -> int:
        """How many frames one reader of the whole ring parses."""
        log._entries = [entry._replace(frame=CountedFrame(entry.frame)) for entry in log._entries]
        CountedFrame.parsed = 0
        events_of(log)
        return CountedFrame.parsed

    assert (parsed(), marks.lookups) == (0, 0)
    deliver(core, purge(81, "author-1", "author-2"))
    assert (CountedFrame.parsed, marks.lookups) == (0, 2)
    assert (parsed(), parsed(), marks.lookups) == (16, 0, 2 + 2 * 81)
    deliver(core, *(about(seq, "author-1") for seq in range(82, 90)))
    events_of(log, 80)
    assert marks.lookups == 2 + 2 * 81


def test_an_ordinary_event_is_not_parsed_on_its_way_into_the_ring(core: Core) -> None:
    """Each id costs two searches: one for its name and one for its end."""

    class CountedValue(bytes):
        searches = 0

        def find(self, *args: Any) -> int:
            CountedValue.searches += 1
            return super().find(*args)

    log = core.follow_at(0).log
    record = event_record(about(1, "mallory"))
    assert record.value is not None
    unparsable = CountedValue(record.value[:-1] + b" and no JSON")
    list(core.ingest(record._replace(value=unparsable)))
    assert (log.head, CountedValue.searches) == (1, 4)


# Bounds


def test_marks_are_bounded_and_those_with_the_lowest_seqs_leave() -> None:
    marks = PurgeMarks()
    for seq in range(1, 11):
        marks.add([b"author-%d-%d" % (seq, number) for number in range(400)], seq)
        assert len(marks.up_to_seqs) <= MAX_PURGED_AUTHORS
    assert marks.refetch_seq == 5
    assert set(marks.up_to_seqs.values()) == {6, 7, 8, 9, 10}
    marks.add([b"%d" % number for number in range(MAX_PURGED_AUTHORS + 1)], 11)
    assert (marks.up_to_seqs, marks.refetch_seq) == ({}, 11)


def crowd(first: int) -> list[str]:
    return [f"author-{number}" for number in range(first, first + 500)]


def test_frames_leave_with_the_marks_that_cover_them(core: Core) -> None:
    room = core.follow_at(0).room
    deliver(core, about(1, "author-1"), purge(2, *crowd(0)), about(3, "author-500"))
    for number in range(1, MAX_PURGED_AUTHORS // 500):
        deliver(core, purge(3 + number, *crowd(500 * number)))
    assert room.log.floor == 0
    deliver(core, about(7, "ada"), purge(8, "mallory"))
    assert (room.log.floor, room.log.head) == (1, 8)
    assert texts_of(room.log) == [None, "", None, None, None, SECRET_TEXT + "ada", None]
    assert room.log.bytes_held == sum(len(entry.frame) for entry in room.log._entries)


def test_missing_frames_become_a_gap_once_their_mark_has_left(core: Core) -> None:
    room = core.follow_at(0).room
    deliver(core, about(1, "ada"), about(5, "author-1"), purge(6, *crowd(0)))
    for number in range(1, MAX_PURGED_AUTHORS // 500 + 1):
        deliver(core, purge(6 + number, *crowd(500 * number)))
    assert (room.log.floor, room.log.head, room.log.early_count) == (5, 10, 0)
    deliver(core, about(3, "author-1"))
    assert [event["seq"] for event in events_of(room.log)] == [6, 7, 8, 9, 10]


def test_a_head_below_forgotten_marks_starts_the_room_above_them(core: Core) -> None:
    room = core.followed_rooms.follow("lobby").room
    for number in range(MAX_PURGED_AUTHORS // 500 + 1):
        deliver(core, purge(6 + number, *crowd(500 * number)))
    core.hub.take_heads([room], {"lobby": head_at(2)}, 1)
    assert (room.log.floor, room.log.head) == (5, 10)


def test_marks_leave_once_no_reader_can_need_them() -> None:
    core = Core(ring_events=10)
    audience = core.follow_at(0)
    marks = audience.log.purges
    deliver(core, about(1, "mallory"), purge(2, "mallory"))
    deliver(core, *(about(seq, "ada") for seq in range(3, MAX_REPLAY + 1)))
    list(core.followed_rooms.drop_idle())
    assert marks.up_to_seqs == {b"mallory": 1}
    deliver(core, about(MAX_REPLAY + 1, "ada"), purge(MAX_REPLAY + 2, "oscar"))
    audience.full.flushed = MAX_REPLAY + 2
    list(core.followed_rooms.drop_idle())
    assert marks.up_to_seqs == {b"oscar": MAX_REPLAY + 1}


# Lists, and bytes that several readers share


def test_a_room_list_shows_no_purged_text(core: Core) -> None:
    room = core.follow_at(0).room
    deliver(core, about(1, "ada"), about(2, "mallory"))
    assert SECRET_TEXT.encode() in room.list_frame(0.0)
    deliver(core, purge(4, "mallory"))
    (early,) = events_in(room.list_frame(0.0))
    assert (early["seq"], early["last_message"]["text"], early["last_message"]["deleted"]) == (2, "", True)
    deliver(core, about(3, "ada", "edited", message_seq=1))
    (updated,) = events_in(room.list_frame(0.0))
    recent = [(message["seq"], message["deleted"]) for message in updated["recent"]]
    assert recent == [(2, True), (1, False)]
    assert (updated["seq"], updated["last_message"]["text"], updated["last_message"]["deleted"]) == (
        4,
        "",
        True,
    )
    deliver(core, about(5, "mallory"))
    assert events_in(room.list_frame(0.0))[0]["last_message"]["text"] == SECRET_TEXT + "mallory"


@pytest.mark.parametrize("is_gzip", [False, True], ids=["plain", "gzip"])
def test_pieces_that_readers_share_are_made_again_after_a_purge(
    core: Core, sock: socket.socket, is_gzip: bool
) -> None:
    audience = core.follow_at(0)
    group = audience.group(StreamEncoding(is_chunked=False, is_gzip=is_gzip), is_notify=False)
    subscriber = subscriber_of(audience, CountingTransport(sock), 0)
    subscriber.encoding = group.encoding

    def piece_after(cursor: int) -> Piece:
        piece = core.catch_up.next_piece(audience.room, subscriber, cursor, audience.full.flushed)
        assert piece is not None
        checksum = GzipChecksum()
        checksum.add(piece.body)
        whole = HEADER + piece.data + group.encoding.ending(checksum)
        assert piece.body == (gzip.decompress(whole) if is_gzip else piece.data)
        return piece

    deliver(core, about(1, "mallory"), about(2, "ada"))
    audience.full.flushed = 2
    newer = piece_after(1)
    assert piece_after(0) is piece_after(0)
    assert piece_after(0).body.count(SECRET_TEXT.encode()) == 2
    deliver(core, purge(4, "mallory", up_to_seq=1))
    assert piece_after(0).body.count(SECRET_TEXT.encode()) == 1
    assert piece_after(1) is newer


def test_a_room_that_is_followed_again_shows_no_text_removed_meanwhile(sock: socket.socket) -> None:
    now_s = 0.0
    core = Core(lambda: now_s)
    audience = core.follow_at(0)
    subscriber = subscriber_of(audience, CountingTransport(sock), 0)
    deliver(core, about(1, "mallory"), about(2, "ada"))
    audience.full.flushed = 2
    piece = core.catch_up.next_piece(audience.room, subscriber, 0, 2)
    assert piece is not None
    now_s += IDLE_ROOM_S + 1
    list(core.followed_rooms.drop_idle())
    again = core.follow_at(3)  # with a purge as its third event
    subscriber.is_replaying = True
    assert core.catch_up.next_piece(again.room, subscriber, 0, 3) is None, "it waits for a page"


# Pages of chat_server


@pytest.mark.asyncio
async def test_a_page_that_is_read_during_a_purge_contains_no_purged_text(resuming: Resuming) -> None:
    resuming.store(about(1, "mallory"), about(2, "ada"), about(3, "mallory"))
    audience = resuming.follow()
    resuming.stored.replies.clear()
    resumed = asyncio.create_task(resuming.resume(audience))
    await resuming.called(1)
    deliver(resuming.core, purge(4, "mallory"))
    resuming.stored.replies.set()
    assert shown(await resumed) == [(1, ""), (2, SECRET_TEXT + "ada"), (3, ""), (4, None)]


@pytest.mark.asyncio
async def test_a_page_in_memory_loses_purged_texts(resuming: Resuming) -> None:
    resuming.store(about(1, "mallory"), about(2, "ada"))
    audience = resuming.follow()
    texts = [(1, SECRET_TEXT + "mallory"), (2, SECRET_TEXT + "ada")]
    assert shown(await resuming.resume(audience)) == texts
    deliver(resuming.core, purge(3, "mallory"))
    assert shown(await resuming.resume(audience)) == [(1, ""), (2, SECRET_TEXT + "ada"), (3, None)]
    assert resuming.stored.calls["events"] == 1


@pytest.mark.asyncio
async def test_a_purge_that_is_first_seen_in_a_page_applies_to_earlier_pages(resuming: Resuming) -> None:
    """The room was purged before it was followed, and the first page came from an older cache of chat_server."""
    resuming.store(*(about(seq, "mallory") for seq in range(1, EVENTS_PAGE_MAX + 1)))
    resuming.store(purge(EVENTS_PAGE_MAX + 1, "mallory"))
    audience = resuming.follow()
    await resuming.resume(audience)
    events = await resuming.resume(audience)
    assert [event["seq"] for event in events] == list(range(1, EVENTS_PAGE_MAX + 2))
    assert not any(text for _, text in shown(events))


@pytest.mark.asyncio
async def test_pages_are_read_again_once_marks_have_left(resuming: Resuming) -> None:
    resuming.store(about(1, "author-1"), about(2, "ada"))
    audience = resuming.follow()
    deliver(resuming.core, purge(3, *crowd(0)))
    texts = [(1, ""), (2, SECRET_TEXT + "ada")]
    assert shown(await resuming.resume(audience)) == [*texts, (3, None)]
    purged = about(1, "author-1")
    purged["message"] |= {"text": "", "deleted": True}
    resuming.store(purged)
    for number in range(1, MAX_PURGED_AUTHORS // 500 + 1):
        deliver(resuming.core, purge(3 + number, *crowd(500 * number)))
    assert audience.log.purges.refetch_seq == 2
    assert shown(await resuming.resume(audience)) == [*texts, *((seq, None) for seq in range(3, 8))]
    assert resuming.stored.calls["events"] == 2


# Whatever the order


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A room's events in order, as they were before any purge."""
    events: list[Event] = []
    for seq in range(1, draw(st.integers(2, 14)) + 1):
        author = draw(st.sampled_from(["ada", "mallory", "oscar"]))
        kind = draw(st.sampled_from(["created", "edited", "pinned", "purged", "purged by two"]))
        if kind.startswith("purged"):
            events.append(purge(seq, author, *(["mallory"] if kind == "purged by two" else [])))
        else:
            events.append(about(seq, author, kind))
    return events


def assert_shows_nothing_purged(log: RoomLog, known: dict[str, int]) -> None:
    for cursor in range(log.floor, log.head + 1):
        events = events_of(log, cursor)
        assert [event["seq"] for event in events] == list(range(cursor + 1, log.head + 1))
        for event in events:
            message = event.get("message", {})
            if message.get("text"):
                assert event["seq"] > known.get(message["author"]["id"], 0)
            elif message:
                assert event["seq"] <= known[message["author"]["id"]]


@settings(max_examples=300, deadline=None)
@given(history=histories(), data=st.data())
def test_in_any_order_of_arrival_every_stream_is_whole_and_shows_no_purged_text(
    history: list[Event], data: st.DataObject
) -> None:
    """Events arrive permuted, repeated or not at all; replies of chat_server are older than every purge."""
    core = Core(ring_events=data.draw(st.sampled_from([4, 100]), "ring_events"))
    audience = core.follow_at(0)
    room = audience.room
    known: dict[str, int] = {}
    raw = [stored_event(orjson.dumps(event)) for event in history]

    def learn(event: Event) -> None:
        for author in event.get("author_ids", [event.get("author_id")]):
            if author is not None:
                known[author] = max(known.get(author, 0), event["up_to_seq"])

    arrivals = data.draw(st.lists(st.sampled_from(history), max_size=2 * len(history)), "arrivals")
    for event in arrivals:
        learn(event)
        deliver(core, event)
        assert_shows_nothing_purged(room.log, known)
        if data.draw(st.integers(0, 4), "refetch") == 0:
            after = room.log.head
            reply = raw[after : after + 3]
            for stored in history[after : after + 3]:
                learn(stored)
            list(core.restore(room, after, after, StoredEvents(reply, after + len(reply), has_more=True)))
            assert_shows_nothing_purged(room.log, known)
    for event in history:
        learn(event)
        deliver(core, event)
    assert room.log.head == len(history)
    assert_shows_nothing_purged(room.log, known)
