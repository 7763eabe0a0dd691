"""One room's log, step by step."""

from typing import Any

import orjson
import pytest

from publish_server.encoding.sse_frames import event_frame
from publish_server.rooms.room_log import Entry, RoomLog, Verdict, message_id_in


def entry(seq: int, conflate: bytes | None = None) -> Entry:
    return Entry(event_frame(b"message.created", b'{"seq":%d}' % seq, seq), b"message.created", conflate)


def log_with(*seqs: int, head: int = 0, max_events: int = 100, max_bytes: int = 10_000) -> RoomLog:
    log = RoomLog(max_events, max_bytes)
    log.start(head)
    for seq in seqs:
        log.offer(seq, entry(seq))
    return log


def seqs_in(body: bytes) -> list[int]:
    return [int(line[4:]) for line in body.split(b"\n") if line.startswith(b"id: ")]


def seqs_since(log: RoomLog, cursor: int) -> list[int] | None:
    found = log.since(cursor, log.head, 1_000_000)
    return None if found is None else seqs_in(found.body)


@pytest.mark.parametrize(
    ("offered", "verdicts", "held"),
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
def test_events_come_out_in_order_once(offered: list[int], verdicts: str, held: list[int]) -> None:
    log = RoomLog(100, 10_000)
    log.start(0)
    letters = {Verdict.APPENDED: "a", Verdict.DUPLICATE: "d", Verdict.EARLY: "e", Verdict.REFETCH: "r"}
    assert "".join(letters[log.offer(seq, entry(seq))] for seq in offered) == verdicts
    assert seqs_since(log, 0) == held


def test_what_comes_before_the_head_is_known_is_sorted_out_when_it_is() -> None:
    log = RoomLog(100, 10_000)
    for seq in (7, 5, 6, 9):
        assert log.offer(seq, entry(seq)) is Verdict.EARLY
    assert log.hole() is None
    log.start(5)
    assert (log.floor, log.head, log.hole()) == (5, 7, (7, 9))
    assert seqs_since(log, 5) == [6, 7]


def test_a_hole_is_skipped_as_one_gap_and_what_waited_follows() -> None:
    log = log_with(1, 4, 5)
    assert log.hole() == (1, 4)
    log.skip_to(3)
    assert log.hole() is None
    found = log.since(1, log.head, 1_000_000)
    assert found is not None
    assert found.body.startswith(b'id: 3\nevent: stream.gap\ndata: {"from_seq":1,"to_seq":3}\n\n')
    assert seqs_in(found.body) == [3, 4, 5]
    log.skip_to(2)
    assert log.head == 5


@pytest.mark.parametrize(
    ("max_bytes", "most"),
    [
        pytest.param(2**30, RoomLog.MAX_EARLY, id="by their number"),
        pytest.param(10 * len(entry(2).frame), 10, id="by their bytes"),
        pytest.param(1, 1, id="one is always taken, for it tells of the hole"),
    ],
)
def test_early_events_are_bounded_and_read_again_later(max_bytes: int, most: int) -> None:
    log = RoomLog(100, max_bytes)
    log.start(1)
    frame = entry(2)
    for seq in range(3, 3 + most):
        assert log.offer(seq, frame) is Verdict.EARLY
    assert log.offer(3 + most, frame) is Verdict.REFETCH
    assert log.bytes_held == most * len(frame.frame)
    log.skip_to(2 + most)
    assert log.early_count == 0
    assert log.offer(5 + most, frame) is Verdict.EARLY


def test_the_oldest_leave_when_there_are_too_many() -> None:
    log = log_with(*range(1, 1_001), max_events=10)
    assert log.floor >= 988
    assert seqs_since(log, log.floor) == list(range(log.floor + 1, 1_001))
    assert seqs_since(log, log.floor - 1) is None


def test_the_oldest_leave_when_they_weigh_too_much() -> None:
    log = log_with(*range(1, 1_001), max_events=10_000, max_bytes=2_000)
    assert log.bytes_held <= 2_000 * 9 // 8
    assert seqs_since(log, log.floor) == list(range(log.floor + 1, 1_001))


def test_a_piece_is_bounded_but_never_empty() -> None:
    log = log_with(1, 2, 3)
    size = len(entry(1).frame)
    for max_bytes, to_seq in ((1, 1), (size, 1), (2 * size, 2), (2 * size + 1, 2), (99 * size, 3)):
        piece = log.since(0, 3, max_bytes)
        assert piece is not None
        assert (piece.to_seq, seqs_in(piece.body)) == (to_seq, list(range(1, to_seq + 1)))


def test_of_events_that_conflate_the_last_stays_in_its_own_place() -> None:
    log = RoomLog(100, 10_000)
    log.start(0)
    for seq, conflate in ((1, b"a"), (2, None), (3, b"b"), (4, b"a"), (5, None)):
        log.offer(seq, entry(seq, conflate))
    assert seqs_since(log, 0) == [2, 3, 4, 5]
    assert seqs_since(log, 1) == [2, 3, 4, 5]
    first = log.since(0, 3, 10_000)
    assert first is not None
    assert (first.to_seq, seqs_in(first.body)) == (3, [1, 2, 3])


def about(seq: int, kind: str, message_id: str, text: str = "") -> Entry:
    """As chat_server encodes it: the fields in their fixed order."""
    event_type = f"message.{kind}"
    message = {"id": message_id, "text": text, "deleted": kind == "deleted", "reply_to": "a"}
    value = orjson.dumps({"type": event_type, "room_id": "lobby", "seq": seq, "message": message})
    frame = event_frame(event_type.encode(), value, seq)
    return Entry(frame, event_type.encode(), None, message_id_in(event_type.encode(), value))


def test_a_deleted_messages_text_leaves_its_creation_its_edits_and_its_pin() -> None:
    log = log_with()
    log.offer(1, about(1, "created", "a", "text a"))
    log.offer(2, about(2, "created", "b", "text b"))
    log.offer(3, about(3, "edited", "a", "text a"))
    log.offer(5, about(5, "pinned", "a", "text a"))
    log.offer(7, about(7, "deleted", "a"))
    log.skip_to(4)
    log.skip_to(6)
    found = log.since(0, 7, 10_000)
    assert found is not None
    assert b"text a" not in found.body
    assert b"text b" in found.body
    assert seqs_in(found.body) == [1, 2, 3, 4, 5, 6, 7]
    assert log.bytes_held == len(found.body)


def test_a_deletion_that_comes_early_takes_effect_at_once_and_for_what_comes_before_it_later() -> None:
    log = log_with()
    log.offer(1, about(1, "created", "a", "text a"))
    log.offer(3, about(3, "deleted", "a"))
    log.offer(5, about(5, "deleted", "b"))
    found = log.since(0, log.head, 10_000)
    assert found is not None
    assert b"text a" not in found.body
    log.offer(2, about(2, "created", "b", "text b"))
    log.skip_to(4)
    found = log.since(0, log.head, 10_000)
    assert found is not None
    assert seqs_in(found.body) == [1, 2, 3, 4, 5]
    assert b"text" not in found.body.replace(b'"text":""', b"")


class CountedFrame(bytes):
    """A frame that counts how often anybody looks into one."""

    looks = 0

    def __contains__(self, key: object) -> bool:
        CountedFrame.looks += 1
        return super().__contains__(key)  # type: ignore[operator]

    def split(self, *args: Any, **kwargs: Any) -> list[bytes]:
        CountedFrame.looks += 1
        return super().split(*args, **kwargs)


def test_a_deletion_looks_into_no_frame_and_reading_only_into_those_of_the_message() -> None:
    """Issue 11, H1: 1,560 deletions in a room of 3,900 messages looked into 6,000,000 frames."""
    log = log_with(max_events=10_000, max_bytes=2**30)
    for seq in range(1, 3_901):
        entry = about(seq, "created", f"message-{seq}", "a text")
        log.offer(seq, entry._replace(frame=CountedFrame(entry.frame)))
    CountedFrame.looks = 0
    for number in range(1, 1_561):
        log.offer(3_900 + number, about(3_900 + number, "deleted", f"message-{number}"))
    assert CountedFrame.looks == 0
    found = log.since(0, log.head, 2**30)
    assert found is not None
    assert found.body.count(b'"text":"a text"') == 3_900 - 1_560
    assert CountedFrame.looks == 1_560


def test_what_is_known_of_a_message_leaves_with_its_last_frame() -> None:
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
        b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a-1","text":""}}',
        b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a-1","text":"%b"}}'
        % (b"x" * 50),
        b'{"message": {"text": "\\"message\\":{\\"id\\":\\"b-2\\"", "id": "a-1"}, "type": "message.created"}',
    ],
)
def test_the_messages_id_is_found_whatever_the_order_of_the_fields(value: bytes) -> None:
    assert message_id_in(b"message.created", value) == b"a-1"
    assert message_id_in(b"reaction.changed", value) is None
    uuid = b"00000000-0000-7000-8000-000000000001"
    assert message_id_in(b"message.created", value.replace(b"a-1", uuid)) == uuid


def test_the_last_message_is_the_newest_one_as_its_edit_left_it() -> None:
    log = log_with()
    assert log.last_message() is None
    for seq, entry in enumerate(
        [
            about(1, "created", "a", "one"),
            about(2, "created", "b", "two"),
            about(3, "edited", "a", "one, edited"),
            about(4, "edited", "b", "two, edited"),
            *(
                Entry(event_frame(b"reaction.changed", b"{}", seq), b"reaction.changed", None)
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


def test_an_event_that_cannot_be_read_breaks_nothing_but_itself() -> None:
    log = log_with()
    value = b'{"type":"message.created","room_id":"lobby","seq":1,"message":{"id":"a","text":"a secret'
    log.offer(1, Entry(event_frame(b"message.created", value, 1), b"message.created", None, b"a"))
    assert log.last_message() is None
    log.offer(2, about(2, "deleted", "a"))
    found = log.since(0, 2, 10_000)
    assert found is not None
    assert seqs_in(found.body) == [1, 2]
    assert b"a secret" not in found.body
    assert log.bytes_held == len(found.body)
