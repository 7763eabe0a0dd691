"""The times at which missing events of a room are due to be fetched."""

import pytest

from publish_server.rooms.log_entry import LogEntry
from publish_server.rooms.missing_tracker import REORDER_S, TAIL_S, MissingTracker
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog


class Tracked:
    """One room with head 5, and a time that the test advances."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tracker = MissingTracker(lambda: self.now)
        self.room = Room("lobby", RoomLog(100, 10_000))
        self.room.log.start(5)
        self.room.raise_server_head(5)

    def receive(self, *seqs: int) -> None:
        """A batch with these events arrives."""
        for seq in seqs:
            self.room.log.offer(seq, LogEntry(b"frame", b"message.created", None))
        self.tracker.update(self.room)

    def is_due_after(self, seconds: float) -> bool:
        self.now += seconds
        return list(self.tracker.due()) == [self.room]


@pytest.fixture
def tracked() -> Tracked:
    return Tracked()


def test_a_room_without_missing_events_is_not_tracked(tracked: Tracked) -> None:
    tracked.receive(6, 7)
    assert tracked.room not in tracked.tracker
    assert not tracked.is_due_after(1_000)


def test_events_before_an_early_one_are_due_after_the_reorder_time(tracked: Tracked) -> None:
    tracked.receive(7)
    assert not tracked.is_due_after(REORDER_S * 0.9)
    assert tracked.is_due_after(REORDER_S * 0.2)
    tracked.receive(6)
    assert tracked.room not in tracked.tracker


def test_the_reorder_time_starts_again_once_nothing_is_missing(tracked: Tracked) -> None:
    tracked.receive(7)
    tracked.now += REORDER_S * 0.9
    tracked.receive(6)
    tracked.receive(9)
    assert not tracked.is_due_after(REORDER_S * 0.9)
    assert tracked.tracker.missing_for_s(tracked.room) == pytest.approx(REORDER_S * 0.9)


def test_events_up_to_the_servers_head_are_due_after_the_tail_time(tracked: Tracked) -> None:
    tracked.room.raise_server_head(7)
    tracked.tracker.tail_is_missing(tracked.room)
    assert not tracked.is_due_after(TAIL_S * 0.9)
    tracked.receive(6)
    assert tracked.is_due_after(TAIL_S * 0.2)
    tracked.receive(7)
    assert tracked.room not in tracked.tracker


def test_a_room_that_is_being_fetched_is_not_due_again(tracked: Tracked) -> None:
    tracked.receive(7)
    tracked.tracker.begin_fetch(tracked.room)
    assert not tracked.is_due_after(1)
    tracked.tracker.end_fetch(tracked.room)
    assert tracked.is_due_after(0)


def test_a_dropped_room_is_no_longer_tracked(tracked: Tracked) -> None:
    tracked.receive(7)
    tracked.tracker.forget(tracked.room)
    assert not tracked.is_due_after(1)
