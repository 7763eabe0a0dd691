"""A server's copy of the hot set is never used beyond its TTL."""

from redis.asyncio import Redis

from chat_contract.redis_keys import HOT, VIEWERS
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.heat_store import encode_entry
from chat_server.hotchat.hot_rooms import COLD, HotRooms

ENTRY = HotEntry(True, "2026-01-02T03:04:05.678Z", 2000.0, 0)


async def test_a_room_is_hot_until_the_copy_is_stale(redis: Redis) -> None:
    now_s = 50.0
    rooms = HotRooms(redis, clock=lambda: now_s)
    assert not rooms.is_hot("lobby")
    await redis.hset(HOT, "lobby", encode_entry(ENTRY))
    await redis.hset(HOT, "warm", encode_entry(HotEntry(False, None, 150.0, 0)))
    await rooms.refresh_hot()
    assert rooms.is_hot("lobby")
    assert rooms.heat("lobby") == {"hot": True, "since": ENTRY.since, "fetches_per_s": 2000.0}
    assert not rooms.is_hot("warm")
    assert rooms.heat("warm") == {"hot": False, "since": None, "fetches_per_s": 150.0}
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
