"""Compares followed rooms with chat_server: a lost last event is found although no event follows it."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Final

from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.recovery.head_check_queue import HeadCheckQueue
from publish_server.rooms.hub import Hub
from publish_server.rooms.room import Room
from publish_server.rooms.room_registry import RoomRegistry

RETRY_S: Final = 0.5
HEADS_PER_CALL: Final = 1_000
ROOMS_PER_STEP: Final = 200


class HeadChecks:
    """One check at a time: requested rooms at once, all rooms every `interval_s` (jittered)."""

    def __init__(
        self,
        hub: Hub,
        registry: RoomRegistry,
        queue: HeadCheckQueue,
        client: ChatClient,
        *,
        interval_s: float,
        clock: Callable[[], float],
        rng: Random,
    ) -> None:
        self._hub = hub
        self._registry = registry
        self._queue = queue
        self._client = client
        self._interval_s = interval_s
        self._clock = clock
        self._rng = rng

    async def run(self) -> None:
        queue = self._queue
        next_all = self._clock()
        while True:
            try:
                async with asyncio.timeout_at(next_all):
                    await queue.wake.wait()
            except TimeoutError:
                pass
            queue.wake.clear()
            requested = queue.take_rooms()
            rooms = dict.fromkeys(requested)
            if queue.take_all() or self._clock() >= next_all:
                next_all = self._clock() + self._interval_s * self._rng.uniform(0.8, 1.2)
                rooms.update(dict.fromkeys(self._registry.rooms.values()))
            if not rooms:
                continue
            try:
                await self._check(list(rooms), queue.begin_check())
            except ChatUnavailable:
                waiting = [room for room in requested if self._registry.rooms.get(room.id) is room]
                if waiting:
                    queue.put_back(waiting)
                    next_all = min(next_all, self._clock() + RETRY_S * self._rng.uniform(0.8, 1.2))

    async def _check(self, rooms: list[Room], check: int) -> None:
        """Read the heads of these rooms, HEADS_PER_CALL at a time, and pass them to the hub in steps."""
        for start in range(0, len(rooms), HEADS_PER_CALL):
            batch = rooms[start : start + HEADS_PER_CALL]
            heads = await self._client.heads([room.id for room in batch])
            for first in range(0, len(batch), ROOMS_PER_STEP):
                self._hub.take_heads(batch[first : first + ROOMS_PER_STEP], heads, check)
                await asyncio.sleep(0)
