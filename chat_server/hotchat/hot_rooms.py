"""An in-memory copy of the hot rooms and viewer counts that the schedulers publish. No Redis call per request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from logging import getLogger
from typing import Final, cast

from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.events import Heat
from chat_contract.redis_keys import HOT, HOT_TTL_MS, VIEWERS, VIEWERS_TTL_MS
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.heat_rules import HeatRules
from chat_server.hotchat.redis_entries import decode_counts, decode_entries
from chat_server.hotchat.slow_mode_governor import GovernorState
from server_kit.dependency_status import DependencyStatus

REFRESH_EVERY_S: Final = 0.25
VIEWERS_EVERY_S: Final = 2.0
READ_TIMEOUT_S: Final = 1.0
_HOT_TTL_S: Final = HOT_TTL_MS / 1000
_VIEWERS_TTL_S: Final = VIEWERS_TTL_MS / 1000

_HOT_ROOMS = Gauge("hotchat_hot_rooms", "Rooms that this process treats as hot")

log = getLogger(__name__)

COLD: Final[Heat] = {"hot": False, "since": None, "fetches_per_s": 0.0, "posts_per_s": 0.0, "level": 0}


class HotRooms:
    """A copy of the hot set. A stale copy counts as cold, so that losing Redis cannot leave a room hot."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float], is_enforcing: bool = True) -> None:
        """`clock` is monotonic, in seconds; `redis` returns bytes. `is_enforcing` False, as in shadow mode:
        nobody waits for the governor."""
        self._redis = redis
        self._clock = clock
        self._is_enforcing = is_enforcing
        self._entries: dict[str, HotEntry] = {}
        self._raw_entries: dict[bytes, bytes] = {}
        self._hot: frozenset[str] = frozenset()
        self._hot_until_s = 0.0
        self._viewers: dict[str, int] = {}
        self._viewers_until_s = 0.0
        self._status = DependencyStatus(log, store="Redis", part="hot rooms")

    def apply(self, rules: HeatRules) -> None:
        self._is_enforcing = rules.mode == "enforce"

    def is_hot(self, room_id: str) -> bool:
        return room_id in self._hot and self._clock() < self._hot_until_s

    def heat(self, room_id: str) -> Heat:
        entry = self._entries.get(room_id)
        if entry is None or self._clock() >= self._hot_until_s:
            return COLD
        return entry.heat()

    def entries(self) -> Mapping[str, HotEntry] | None:
        """Hot, warm and written rooms; None while the copy is stale."""
        return self._entries if self._clock() < self._hot_until_s else None

    def all_viewers(self) -> Mapping[str, int] | None:
        """As `viewers`, of all rooms with a stream; None if unknown."""
        return self._viewers if self._clock() < self._viewers_until_s else None

    def governed_s(self, room_id: str) -> int:
        """The wait that the governor has set for a room whose slow mode is `auto`; 0 if nobody waits."""
        governor = self.governor(room_id)
        return 0 if governor is None else governor.wait_s

    def governor(self, room_id: str) -> GovernorState | None:
        """None for a room in which nobody waits, also in shadow mode and while the copy is stale."""
        entry = self._entries.get(room_id)
        if entry is None or not self._is_enforcing or self._clock() >= self._hot_until_s:
            return None
        return entry.governor

    def viewers(self, room_id: str) -> int:
        """Open streams of the room over all publish_servers, a few seconds old; 0 if unknown."""
        return self._viewers.get(room_id, 0) if self._clock() < self._viewers_until_s else 0

    async def run(self) -> None:
        """Refresh until cancelled."""
        viewers_at_s = self._clock()
        while True:
            try:
                async with asyncio.timeout(READ_TIMEOUT_S):
                    await self.refresh_hot()
                    if self._clock() >= viewers_at_s:
                        await self.refresh_viewers()
                        viewers_at_s = self._clock() + VIEWERS_EVERY_S
            except (RedisError, OSError, TimeoutError) as error:
                self._status.failed(error)
            else:
                self._status.answered()
            _HOT_ROOMS.set(len(self._hot) if self._clock() < self._hot_until_s else 0)
            await asyncio.sleep(REFRESH_EVERY_S)

    async def refresh_hot(self) -> None:
        asked_at_s = self._clock()
        raw = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(HOT))
        if raw != self._raw_entries:
            self._raw_entries = raw
            self._entries = decode_entries(raw.items())
            self._hot = frozenset(room_id for room_id, entry in self._entries.items() if entry.hot)
        self._hot_until_s = asked_at_s + _HOT_TTL_S

    async def refresh_viewers(self) -> None:
        asked_at_s = self._clock()
        raw = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(VIEWERS))
        self._viewers = decode_counts(raw.items())
        self._viewers_until_s = asked_at_s + _VIEWERS_TTL_S
