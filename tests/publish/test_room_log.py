"""One room's log, step by step."""

from typing import Any

import orjson
import pytest

from publish_server.encoding.sse_frames import event_frame
from publish_server.rooms.log_entry import LogEntry, ids_in
from publish_server.rooms.room_log import OfferResult, RoomLog


def entry(seq: int, conflate: bytes | None = None) -> LogEntry:
    return LogEntry(event_frame(b"message.created", b'{"seq":%d}' % seq, seq), b"message.created", conflate)


def log_with(*seqs: int, head: int = 0, max_events: int = 100, max_bytes: int = 10_000) -> RoomLog:
    log = RoomLog(max_events, max_bytes)
    log.start(head)
    for seq in seqs:
        log.offer(seq, entry(seq))
    return log


def seqs_in(body: bytes) -> list[int]:
    return [int(line[4:]) for line in body.split(b"\n") if line.startswith(b"id: ")]


def seqs_since(log: RoomLog, cursor: int) -> list[int] | None:
    joined = log.since(cursor, log.head, 1_000_000)
    return None if joined is None else seqs_in(joined.body)


@pytest.mark.parametrize(
    ("offered", "results", "held"),
    [
        ([1, 2, 3], "aaa", [1, 2, 3]),
        ([1, 1, 2], "ada", [1, 2]),
        ([2, 1], "ea", [1, 2]),
        ([3, 2, 1], "eea", [1, 2, 3]),
        ([3, 3, 1, 2], "edaa", [1, 2, 3]),
        ([1, 3, 4], "aee", [1]),
        ([2, 3, 1, 3], "eead", [1, 2, 3]),
    ],
)
def test_events_are_kept_in_order_exactly_once(offered: list[int], results: str, held: list[int]) -> None:
    log = RoomLog(100, 10_000)
    log.start(0)
    letters = {
        OfferResult.APPENDED: "a",
        OfferResult.DUPLICATE: "d",
        OfferResult.EARLY: "e",
        OfferResult.REFETCH: "r",
    }
    assert "".join(letters[log.offer(seq, entry(seq))] for seq in offered) == results
    assert seqs_since(log, 0) == held


def test_events_before_the_head_is_known_wait_for_it() -> None:
    log = RoomLog(100, 10_000)
    for seq in (7, 5, 6, 9):
        assert log.offer(seq, entry(seq)) is OfferResult.EARLY
    assert log.missing_between() is None
    log.start(5)
    assert (log.floor, log.head, log.missing_between()) == (5, 7, (7, 9))
    assert seqs_since(log, 5) == [6, 7]


def test_skipped_events_become_one_gap_followed_by_the_early_ones() -> None:
    log = log_with(1, 4, 5)
    assert log.missing_between() == (1, 4)
    log.skip_to(3)
    assert log.missing_between() is None
    joined = log.since(1, log.head, 1_000_000)
    assert joined is not None
    assert joined.body.startswith(b'id: 3\nevent: stream.gap\ndata: {"from_seq":1,"to_seq":3}\n\n')
    assert seqs_in(joined.body) == [3, 4, 5]
    log.skip_to(2)
    assert log.head == 5


@pytest.mark.parametrize(
    ("max_bytes", "most"),
    [
        pytest.param(2**30, RoomLog.MAX_EARLY, id="bounded by count"),
        pytest.param(10 * len(entry(2).frame), 10, id="bounded by bytes"),
        pytest.param(1, 1, id="one is always kept, because it shows that events are missing"),
    ],
)
def test_early_events_are_bounded_and_refetched_later(max_bytes: int, most: int) -> None:
    log = RoomLog(100, max_bytes)
    log.start(1)
    frame = entry(2)
    for seq in range(3, 3 + most):
        assert log.offer(seq, frame) is OfferResult.EARLY
    assert log.offer(3 + most, frame) is OfferResult.REFETCH
    assert log.bytes_held == most * len(frame.frame)
    log.skip_to(2 + most)
    assert log.early_count == 0
    assert log.offer(5 + most, frame) is OfferResult.EARLY


def test_the_oldest_frames_leave_above_the_event_limit() -> None:
    log = log_with(*range(1, 1_001), max_events=10)
    assert log.floor >= 988
    assert seqs_since(log, log.floor) == list(range(log.floor + 1, 1_001))
    assert seqs_since(log, log.floor - 1) is None


def test_the_oldest_frames_leave_above_the_byte_limit() -> None:
    log = log_with(*range(1, 1_001), max_events=10_000, max_bytes=2_000)
    assert log.bytes_held <= 2_000 * 9 // 8
    assert seqs_since(log, log.floor) == list(range(log.floor + 1, 1_001))


def test_joined_frames_are_bounded_but_never_empty() -> None:
    log = log_with(1, 2, 3)
    size = len(entry(1).frame)
    for max_bytes, to_seq in ((1, 1), (size, 1), (2 * size, 2), (2 * size + 1, 2), (99 * size, 3)):
        joined = log.since(0, 3, max_bytes)
        assert joined is not None
        assert (joined.to_seq, seqs_in(joined.body)) == (to_seq, list(range(1, to_seq + 1)))


def test_the_last_of_conflated_events_keeps_its_place() -> None:
    log = RoomLog(100, 10_000)
    log.start(0)
    for seq, conflate in ((1, b"a"), (2, None), (3, b"b"), (4, b"a"), (5, None)):
        log.offer(seq, entry(seq, conflate))
    assert seqs_since(log, 0) == [2, 3, 4, 5]
    assert seqs_since(log, 1) == [2, 3, 4, 5]
    first = log.since(0, 3, 10_000)
    assert first is not None
    assert (first.to_seq, seqs_in(first.body)) == (3, [1, 2, 3])


def about(seq: int, kind: str, message_id: str, text: str = "") -> LogEntry:
    """An event as chat_server encodes it, with its fields in a fixed order."""
    event_type = f"message.{kind}"
    message = {"id": message_id, "text": text, "deleted": kind == "deleted", "reply_to": "a"}
    value = orjson.dumps({"type": event_type, "room_id": "lobby", "seq": seq, "message": message})
    frame = event_frame(event_type.encode(), value, seq)
    return LogEntry(frame, event_type.encode(), None, *ids_in(event_type.encode(), value))


def test_a_deletion_removes_the_text_from_creation_edits_and_pin() -> None:
    log = log_with()
    log.offer(1, about(1, "created", "a", "text a"))
    log.offer(2, about(2, "created", "b", "text b"))
    log.offer(3, about(3, "edited", "a", "text a"))
    log.offer(5, about(5, "pinned", "a", "text a"))
    log.offer(7, about(7, "deleted", "a"))
    log.skip_to(4)
    log.skip_to(6)
    joined = log.since(0, 7, 10_000)
    assert joined is not None
    assert b"text a" not in joined.body
    assert b"text b" in joined.body
    assert seqs_in(joined.body) == [1, 2, 3, 4, 5, 6, 7]
    assert log.bytes_held == len(joined.body)


def test_an_early_deletion_applies_to_frames_held_now_and_later() -> None:
    log = log_with()
    log.offer(1, about(1, "created", "a", "text a"))
    log.offer(3, about(3, "deleted", "a"))
    log.offer(5, about(5, "deleted", "b"))
    joined = log.since(0, log.head, 10_000)
    assert joined is not None
    assert b"text a" not in joined.body
    log.offer(2, about(2, "created", "b", "text b"))
    log.skip_to(4)
    joined = log.since(0, log.head, 10_000)
    assert joined is not None
    assert seqs_in(joined.body) == [1, 2, 3, 4, 5]
    assert b"text" not in joined.body.replace(b'"text":""', b"")


class CountedFrame(bytes):
    """A frame that counts how often it is searched or parsed."""

    reads = 0

    def __contains__(self, key: object) -> bool:
        CountedFrame.reads += 1
        return super().__contains__(key)  # type: ignore[operator]

    def split(self, *args: Any, **kwargs: Any) -> list[bytes]:
        CountedFrame.reads += 1
        return super().split(*args, **kwargs)


def test_a_deletion_reads_no_frame_and_a_replay_only_those_of_the_message() -> None:
    """Before the index, 1,560 deletions in a room of 3,900 messages read 6,000,000 frames."""
    log = log_with(max_events=10_000, max_bytes=2**30)
    for seq in range(1, 3_901):
        entry = about(seq, "created", f"message-{seq}", "a text")
        log.offer(seq, entry._replace(frame=CountedFrame(entry.frame)))
    CountedFrame.reads = 0
    for number in range(1, 1_561):
        log.offer(3_900 + number, about(3_900 + number, "deleted", f"message-{number}"))
    assert CountedFrame.reads == 0
    joined = log.since(0, log.head, 2**30)
    assert joined is not None
    assert joined.body.count(b'"text":"a text"') == 3_900 - 1_560
    assert CountedFrame.reads == 1_560


def test_the_index_forgets_a_message_with_its_last_frame() -> None:
    log = log_with(max_events=8)
    for seq in range(1, 401, 4):
        log.offer(seq, about(seq, "created", f"message-{seq}", "text"))
        log.offer(seq + 1, about(seq + 1, "edited", f"message-{seq}", "text"))
        log.offer(seq + 2, about(seq + 2, "deleted", f"message-{seq}"))
        log.offer(seq + 3, about(seq + 3, "edited", "the same one", "text"))
        assert log.indexed_seqs() <= 9
    assert log.mark_deleted(b"message-1") == []
    assert log.mark_deleted(b"message-397") == [397, 398]


@pytest.mark.parametrize(
    "value",
    [
        b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a-1","author":{"id":"u-1"},"text":""}}',
        b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a-1","room_id":"lobby","seq":1,'
        b'"author":{"id":"u-1","nickname":"Ada"},"text":"not parsed',
        b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a-1","text":"%b","author":{"id":"u-1"}}}'
        % (b"x" * 200),
        b'{"message": {"text": "\\"message\\":{\\"id\\":\\"b-2\\",\\"author\\":{\\"id\\":\\"u-2\\"", "id": "a-1", '
        b'"author": {"nickname": "Ada", "id": "u-1"}}, "type": "message.created"}',
    ],
)
def test_the_ids_of_message_and_author_are_found_in_any_order_of_fields(value: bytes) -> None:
    assert ids_in(b"message.created", value) == (b"a-1", b"u-1")
    assert ids_in(b"reaction.changed", value) == (None, None)
    first, second = b"00000000-0000-7000-8000-000000000001", b"00000000-0000-7000-8000-000000000002"
    with_uuids = value.replace(b"a-1", first).replace(b"u-1", second)
    assert ids_in(b"message.created", with_uuids) == (first, second)


def test_a_message_without_an_author_has_its_id() -> None:
    assert ids_in(b"message.created", b'{"message":{"id":"a-1","text":""}}') == (b"a-1", None)
    assert ids_in(b"message.created", b'{"message":{"id":"a-1","author":null}}') == (b"a-1", None)
    assert ids_in(b"message.created", b'{"message":null}') == (None, None)


def test_the_last_message_is_the_newest_one_with_its_latest_edit() -> None:
    log = log_with()
    assert log.last_message() is None
    for seq, entry in enumerate(
        [
            about(1, "created", "a", "one"),
            about(2, "created", "b", "two"),
            about(3, "edited", "a", "one, edited"),
            about(4, "edited", "b", "two, edited"),
            *(
                LogEntry(event_frame(b"reaction.changed", b"{}", seq), b"reaction.changed", None)
                for seq in range(5, 90)
            ),
        ],
        start=1,
    ):
        log.offer(seq, entry)
    last = log.last_message()
    assert last is not None
    assert (last["id"], last["text"], last["deleted"]) == ("b", "two, edited", False)
    log.offer(90, about(90, "deleted", "b"))
    last = log.last_message()
    assert last is not None
    assert (last["id"], last["text"], last["deleted"]) == ("b", "", True)


def test_an_unreadable_event_affects_no_other() -> None:
    log = log_with()
    value = b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a","text":"a secret'
    log.offer(1, LogEntry(event_frame(b"message.created", value, 1), b"message.created", None, b"a"))
    assert log.last_message() is None
    log.offer(2, about(2, "deleted", "a"))
    joined = log.since(0, 2, 10_000)
    assert joined is not None
    assert seqs_in(joined.body) == [1, 2]
    assert b"a secret" not in joined.body
    assert log.bytes_held == len(joined.body)
