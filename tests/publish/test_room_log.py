"""One room's log, step by step."""

import orjson
import pytest

from publish_server.frames import event_frame
from publish_server.room_log import Entry, RoomLog, Verdict


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


def test_early_events_are_bounded_and_read_again_later() -> None:
    log = RoomLog(100, 10_000)
    log.start(0)
    for seq in range(2, 2 + RoomLog.MAX_EARLY):
        assert log.offer(seq, entry(seq)) is Verdict.EARLY
    assert log.offer(2 + RoomLog.MAX_EARLY, entry(1)) is Verdict.REFETCH


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


def test_a_deleted_messages_text_leaves_its_creation_its_edits_and_its_pin() -> None:
    log = RoomLog(100, 10_000)
    log.start(0)

    def about(seq: int, event_type: str, message_id: str) -> Entry:
        value = orjson.dumps(
            {"seq": seq, "message": {"id": message_id, "text": f"text {message_id}", "reply_to": "a"}}
        )
        return Entry(event_frame(event_type.encode(), value, seq), event_type.encode(), None)

    log.offer(1, about(1, "message.created", "a"))
    log.offer(2, about(2, "message.created", "b"))
    log.offer(3, about(3, "message.edited", "a"))
    log.offer(5, about(5, "message.pinned", "a"))
    size = log.bytes_held
    assert log.blank_message("a") == 3
    log.skip_to(4)
    found = log.since(0, 5, 10_000)
    assert found is not None
    assert b"text a" not in found.body
    assert b"text b" in found.body
    assert seqs_in(found.body) == [1, 2, 3, 4, 5]
    assert log.bytes_held == sum(len(frame) + 2 for frame in found.body.split(b"\n\n")[:-1])
    assert size > 0


def about(seq: int, kind: str, message_id: str, text: str = "") -> Entry:
    value = orjson.dumps({"message": {"id": message_id, "text": text}})
    return Entry(event_frame(f"message.{kind}".encode(), value, seq), f"message.{kind}".encode(), None)


def test_the_last_message_is_the_newest_one_as_its_edit_left_it() -> None:
    log = log_with()
    assert log.last_message() is None
    for seq, entry in enumerate(
        [
            about(1, "created", "a", "one"),
            about(2, "created", "b", "two"),
            about(3, "edited", "a", "one, edited"),
            about(4, "edited", "b", "two, edited"),
            Entry(event_frame(b"reaction.changed", b"{}", 5), b"reaction.changed", None),
        ],
        start=1,
    ):
        log.offer(seq, entry)
    assert log.last_message() == {"id": "b", "text": "two, edited"}  # type: ignore[comparison-overlap]
    log.offer(6, about(6, "deleted", "b"))
    assert log.last_message() == {"id": "b", "text": ""}  # type: ignore[comparison-overlap]
