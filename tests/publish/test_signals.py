"""Signals of a room: the newest of each type counts, in whatever order signals and heads arrive."""

from typing import Any, cast

import orjson
import pytest

from chat_contract.internal_api import RoomHead
from publish_server.rooms.hub import SETTLE_S
from publish_server.rooms.room import LATE_US, Room
from tests.publish.hub_fixtures import Core, event_record, head_at

NOW_US = 1_800_000_000_000_000
HOT = {"hot": True, "since": "2026-01-01T00:00:00.000Z", "fetches_per_s": 9.0}
COLD = {"hot": False, "since": None, "fetches_per_s": 0.0}
WRITTEN = {**COLD, "posts_per_s": 30.0, "level": 2}

STATES = [
    ("room.slow_mode", "slow_mode_s", 0, 30),
    ("room.name", "name", "Before", "After"),
    ("room.heat", "heat", HOT, COLD),
    ("room.viewers", "viewers", 7, 8),
]
"""Type, field, an earlier and a later value."""


class FollowedRoom:
    """One followed room, and a time that the test advances."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.core = Core(lambda: self.now_s)
        self.room: Room = self.core.follow_at(5).room
        self._checks = 1

    def receive(self, event_type: str, field: str, value: object, version: int | None) -> None:
        event: dict[str, object] = {"type": event_type, "room_id": "lobby", field: value}
        if version is not None:
            event["version"] = version
        list(self.core.ingest(event_record(event)))

    def check_head(self, **changes: Any) -> None:
        self._checks += 1
        head = cast(RoomHead, {**head_at(5), **changes})
        self.core.hub.take_heads([self.room], {"lobby": head}, self._checks)

    def latest(self, event_type: str, field: str) -> object:
        """The value that a new subscriber receives."""
        frame = self.room.latest_signals[event_type.encode()]
        return orjson.loads(frame.split(b"data: ", 1)[1])[field]


@pytest.fixture
def followed() -> FollowedRoom:
    return FollowedRoom()


@pytest.mark.parametrize(("event_type", "field", "earlier", "later"), STATES)
def test_a_signal_that_arrives_after_a_newer_one_is_dropped(
    followed: FollowedRoom, event_type: str, field: str, earlier: object, later: object
) -> None:
    followed.receive(event_type, field, later, NOW_US + 1)
    followed.room.pending_signals.clear()
    followed.receive(event_type, field, earlier, NOW_US)
    assert followed.latest(event_type, field) == later
    assert not followed.room.pending_signals
    if field != "viewers":
        assert getattr(followed.room, field) == later


@pytest.mark.parametrize(("event_type", "field", "earlier", "later"), STATES)
@pytest.mark.parametrize("version", [None, NOW_US, NOW_US + 1, NOW_US - LATE_US])
def test_a_signal_counts_with_a_higher_version_without_one_and_after_a_clock_was_set_back(
    followed: FollowedRoom,
    event_type: str,
    field: str,
    earlier: object,
    later: object,
    version: int | None,
) -> None:
    followed.receive(event_type, field, earlier, NOW_US)
    followed.receive(event_type, field, later, version)
    assert followed.latest(event_type, field) == later


def test_each_type_has_versions_of_its_own(followed: FollowedRoom) -> None:
    followed.receive("room.name", "name", "After", NOW_US + 1)
    followed.receive("room.slow_mode", "slow_mode_s", 30, NOW_US)
    assert followed.room.slow_mode_s == 30


@pytest.mark.parametrize(("event_type", "field", "earlier", "later"), STATES[:3])
def test_a_head_from_before_a_signal_does_not_replace_it(
    followed: FollowedRoom, event_type: str, field: str, earlier: object, later: object
) -> None:
    followed.receive(event_type, field, earlier, NOW_US)
    followed.now_s += SETTLE_S
    followed.receive(event_type, field, later, NOW_US + 1)
    followed.now_s += SETTLE_S / 2
    followed.check_head(**{field: earlier})
    assert followed.latest(event_type, field) == later
    followed.now_s += SETTLE_S / 2
    followed.check_head(**{field: earlier})  # the value was changed back, and that signal was lost
    assert followed.latest(event_type, field) == earlier


@pytest.mark.parametrize(
    ("event_type", "changes", "expected"),
    [
        ("room.heat", {"heat": WRITTEN}, {"heat": WRITTEN}),
        ("room.slow_mode", {"slow_mode": "auto"}, {"slow_mode_s": 0, "mode": "auto"}),
        (
            "room.slow_mode",
            {"slow_mode": "auto", "slow_mode_s": 20},
            {"slow_mode_s": 20, "mode": "auto"},
        ),
        ("room.slow_mode", {"slow_mode_s": 20}, {"slow_mode_s": 20}),
    ],
)
def test_a_head_restores_a_lost_level_and_a_lost_mode_of_slow_mode(
    followed: FollowedRoom, event_type: str, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    followed.check_head(**changes)
    assert {field: followed.latest(event_type, field) for field in expected} == expected
    followed.room.pending_signals.clear()
    followed.now_s += SETTLE_S
    followed.check_head(**changes)
    assert not followed.room.pending_signals


def test_a_head_whose_rates_alone_differ_restores_nothing(followed: FollowedRoom) -> None:
    followed.check_head(heat={**COLD, "fetches_per_s": 9.0, "posts_per_s": 3.0, "level": 0})
    assert not followed.room.pending_signals
