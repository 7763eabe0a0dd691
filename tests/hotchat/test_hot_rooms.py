"""A server's copy of the hot set is never used beyond its TTL."""

import orjson
import pytest
from redis.asyncio import Redis

from chat_contract.redis_keys import HOT, VIEWERS
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.hot_rooms import COLD, HotRooms
from chat_server.hotchat.post_level import LevelState
from chat_server.hotchat.redis_entries import encode_entry
from chat_server.hotchat.slow_mode_governor import GovernorState
from chat_server.limits.turn_clock import TurnClock

ENTRY = HotEntry(True, "2026-01-02T03:04:05.678Z", 2000.0, 0)


async def test_a_room_is_hot_until_the_copy_is_stale(redis: Redis) -> None:
    now_s = 50.0
    rooms = HotRooms(redis, clock=lambda: now_s)
    assert not rooms.is_hot("lobby")
    await redis.hset(HOT, "lobby", encode_entry(ENTRY))
    await redis.hset(HOT, "warm", encode_entry(HotEntry(False, None, 150.0, 0)))
    await rooms.refresh_hot()
    assert rooms.is_hot("lobby")
    assert rooms.heat("lobby") == ENTRY.heat()
    assert not rooms.is_hot("warm")
    assert rooms.heat("warm") == HotEntry(False, None, 150.0, 0).heat()
    now_s += 3.9
    assert rooms.is_hot("lobby")
    now_s += 0.1
    assert not rooms.is_hot("lobby"), "the copy is older than the TTL of the hot set"
    assert rooms.heat("lobby") == COLD


async def test_rooms_with_unreadable_entries_are_cold_and_other_entries_are_read(redis: Redis) -> None:
    rooms = HotRooms(redis, clock=lambda: 50.0)
    for room_id, text in (("a", b"{"), ("b", b"[]"), ("c", b"{}"), ("lobby", encode_entry(ENTRY))):
        await redis.hset(HOT, room_id, text)
    await rooms.refresh_hot()
    assert [room_id for room_id in ("a", "b", "c", "lobby") if rooms.is_hot(room_id)] == ["lobby"]


async def test_viewers_are_zero_once_the_copy_is_stale(redis: Redis) -> None:
    now_s = 50.0
    rooms = HotRooms(redis, clock=lambda: now_s)
    await redis.hset(VIEWERS, "lobby", "12")
    await rooms.refresh_viewers()
    assert rooms.viewers("lobby") == 12
    assert rooms.viewers("kitchen") == 0
    now_s += 15
    assert rooms.viewers("lobby") == 0


@pytest.mark.parametrize("is_enforcing", [True, False])
async def test_people_wait_for_the_governor_while_the_copy_is_fresh_and_never_in_shadow_mode(
    redis: Redis, is_enforcing: bool
) -> None:
    now_s = 50.0
    rooms = HotRooms(redis, clock=lambda: now_s, is_enforcing=is_enforcing)
    governor = GovernorState(5.0, wait_s=22, clock=TurnClock(1.5, 1.0), passed=7.5)
    await redis.hset(HOT, "lobby", encode_entry(ENTRY._replace(governor=governor)))
    await rooms.refresh_hot()
    assert rooms.governor("lobby") == (governor if is_enforcing else None)
    assert rooms.governed_s("lobby") == (22 if is_enforcing else 0)
    now_s += 4
    assert rooms.governed_s("lobby") == 0


async def test_entries_of_the_version_before_are_read_and_it_reads_ours(redis: Redis) -> None:
    rooms = HotRooms(redis, clock=lambda: 50.0)
    before = b'{"hot":true,"since":"2026-01-02T03:04:05.678Z","fetches_per_s":2000.0,"calm_ticks":0}'
    await redis.hset(HOT, "lobby", before)
    await rooms.refresh_hot()
    assert rooms.heat("lobby") == ENTRY.heat()
    ours = orjson.loads(encode_entry(ENTRY._replace(posts=LevelState(7.0, 2), governor=GovernorState(5.0))))
    assert {name: ours[name] for name in orjson.loads(before)} == orjson.loads(before)
