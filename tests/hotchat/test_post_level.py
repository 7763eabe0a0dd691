"""The level of a room: how fast people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_contract.events import HeatLevel
from chat_server.hotchat.heat_policy import (
    MAX_WRITTEN_ROOMS,
    HeatLimits,
    HotEntry,
    next_entries,
)
from chat_server.hotchat.post_level import CALM_TICKS, LevelState, next_level, smoothed
from chat_server.hotchat.slow_mode_governor import PostCounts

LIMITS = HeatLimits(enter_per_s=1000, exit_per_s=700, calm_ticks_to_cool=3)
NOW = "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("previous", "posts_per_s", "level", "calm_ticks"),
    [
        pytest.param(LevelState(), 0.9, 0, 0, id="below a post a second it is calm"),
        pytest.param(LevelState(), 1.0, 1, 0, id="a post a second makes it warm at once"),
        pytest.param(LevelState(), 30.0, 3, 0, id="a flash makes it blazing at once"),
        pytest.param(LevelState(level=1), 5.0, 2, 0, id="it turns hot"),
        pytest.param(LevelState(level=2), 19.9, 2, 0, id="it stays hot"),
        pytest.param(LevelState(level=2), 3.5, 2, 0, id="between exit and entry it stays hot"),
        pytest.param(LevelState(level=2, calm_ticks=3), 3.5, 2, 0, id="the calm ticks start over"),
        pytest.param(LevelState(level=2, calm_ticks=3), 3.4, 2, 4, id="four calm ticks do not end a level"),
        pytest.param(LevelState(level=2, calm_ticks=4), 3.4, 1, 0, id="the fifth one does"),
        pytest.param(LevelState(level=3, calm_ticks=4), 0.0, 2, 0, id="levels end one by one"),
    ],
)
def test_a_level_rises_at_once_and_falls_slowly(
    previous: LevelState, posts_per_s: float, level: HeatLevel, calm_ticks: int
) -> None:
    assert next_level(previous, posts_per_s) == LevelState(posts_per_s, level, calm_ticks)


@given(st.lists(st.floats(0, 500), max_size=30))
def test_every_room_is_calm_some_seconds_after_the_last_post(rates: list[float]) -> None:
    state = LevelState()
    for rate in rates:
        state = next_level(state, rate)
    for _ in range(3 * CALM_TICKS):
        state = next_level(state, 0.0)
    assert state == LevelState()


def test_a_room_at_a_limit_does_not_flicker() -> None:
    state, changes = LevelState(), 0
    for second in range(100):
        following = next_level(state, 5.2 if second % 2 else 4.8)
        changes += following.level != state.level
        state = following
    assert changes <= 2


def test_the_rate_is_smoothed_over_a_few_seconds() -> None:
    rates = [0.0]
    for _ in range(10):
        rates.append(smoothed(rates[-1], 20, 1.0))
    assert rates == sorted(rates)
    assert 5 < rates[1] < 7
    assert 19 < rates[-1] < 20
    assert smoothed(0.06, 0, 1.0) == 0.0


def test_posts_give_a_room_a_level_and_no_heat_and_the_level_outlives_the_posts() -> None:
    entries = next_entries({}, {}, 1000, LIMITS, NOW, {"lobby": PostCounts(demand=60)}, 1000)
    assert entries["lobby"].heat()["level"] == 2
    assert not entries["lobby"].hot
    entries = next_entries(entries, {"lobby": 1000}, 1000, LIMITS, NOW)
    assert entries["lobby"].hot and entries["lobby"].posts.level == 2
    for _ in range(30):
        entries = next_entries(entries, {}, 1000, LIMITS, NOW)
    assert entries == {}


def test_posts_that_were_gathered_without_a_scheduler_do_not_look_like_one_second() -> None:
    entries = next_entries({}, {}, 1000, LIMITS, NOW, {"lobby": PostCounts(demand=60)}, 120_000)
    assert entries["lobby"].posts.posts_per_s == pytest.approx(0.5)


def test_too_many_written_rooms_leave_those_in_which_most_write() -> None:
    posts = {f"room-{n}": PostCounts(demand=10 + n) for n in range(MAX_WRITTEN_ROOMS + 5)}
    entries = next_entries({"hot": HotEntry(True, NOW, 1000.0, 0)}, {}, 1000, LIMITS, NOW, posts, 1000)
    assert len(entries) == MAX_WRITTEN_ROOMS + 1
    assert "hot" in entries and "room-5" in entries
    assert "room-4" not in entries
