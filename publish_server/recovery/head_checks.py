"""Compares watched rooms with chat_server, so that an event Kafka lost is found although nothing follows it."""

import asyncio
import logging
from collections.abc import Callable
from random import Random
from typing import Final

from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.rooms.hub import Hub
from publish_server.rooms.room import Room
from publish_server.scheduling.time_slices import run_in_slices

log = logging.getLogger(__name__)

HOLE_S: Final = 0.1
"""Two processes produce out of order; a hole is older than that before it is fetched."""

TAIL_S: Final = 0.3
"""A head above ours is usually an event still on its way through Kafka."""

RETRY_S: Final = 0.5
MAX_READS: Final = 8
MAX_HEALED: Final = 64
"""Rooms that are healed at the same time, retries included; the others' turn comes after."""

PAGE: Final = 500
HEADS_PER_CALL: Final = 1_000
ROOMS_AT_ONCE: Final = 200


class HeadChecks:
    """One bulk call at a time: all rooms every `interval_s` (jittered), rooms that are asked for at once."""

    def __init__(self, hub: Hub, client: ChatClient, interval_s: float, rng: Random) -> None:
        self._hub = hub
        self._client = client
        self._interval_s = interval_s
        self._rng = rng
        self._asked: dict[Room, None] = {}
        self._wake = asyncio.Event()
        self._started = 0
        self._check_all = False

    def ask(self, room: Room) -> int:
        """Read the room's head soon; returns the number of the call whose answer will tell."""
        self._asked[room] = None
        self._wake.set()
        return self._started + 1

    def check_all(self) -> None:
        """After an assignment, an offset reset, a reconnect: anything may have been missed."""
        self._check_all = True
        self._wake.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        next_all = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(next_all):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            if self._check_all or loop.time() >= next_all:
                self._check_all = False
                next_all = loop.time() + self._interval_s * self._rng.uniform(0.8, 1.2)
                self._asked.update(dict.fromkeys(self._hub.rooms.values()))
            if not self._asked:
                continue
            rooms = list(self._asked)
            self._asked.clear()
            self._started += 1
            number = self._started
            try:
                await self._check(rooms, number)
            except ChatUnavailable:
                unknown = [room for room in rooms if room.unopened or not room.log.started]
                if unknown:
                    next_all = min(next_all, loop.time() + RETRY_S * self._rng.uniform(0.8, 1.2))

    async def _check(self, rooms: list[Room], number: int) -> None:
        """Ask for those rooms' heads, HEADS_PER_CALL at a time, and take the answers in slices."""
        for start in range(0, len(rooms), HEADS_PER_CALL):
            asked = rooms[start : start + HEADS_PER_CALL]
            heads = await self._client.heads([room.id for room in asked])
            for first in range(0, len(asked), ROOMS_AT_ONCE):
                self._hub.take_heads(asked[first : first + ROOMS_AT_ONCE], heads, number)
                await asyncio.sleep(0)


class Healing:
    """Reads what Kafka did not bring: holes that stay, tails that a head check found. One reader a room."""

    def __init__(self, hub: Hub, client: ChatClient, clock: Callable[[], float]) -> None:
        self._hub = hub
        self._client = client
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._reads = asyncio.Semaphore(MAX_READS)

    def start_due(self) -> None:
        """Begin with every room that has been missing something for long enough."""
        now = self._clock()
        for room in self._hub.missing:
            if len(self._tasks) >= MAX_HEALED:
                break
            if not room.is_healing and self._is_due(room, now):
                room.is_healing = True
                task = asyncio.create_task(self._heal(room))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_due(self, room: Room, now: float) -> bool:
        hole, tail = room.hole_since, room.tail_missing_since
        return (hole is not None and now - hole >= HOLE_S) or (tail is not None and now - tail >= TAIL_S)

    async def _heal(self, room: Room) -> None:
        try:
            while self._is_due(room, self._clock()):
                after_seq, committed = room.log.head, room.reported
                async with self._reads:
                    stored = await self._client.events(room.id, after_seq, PAGE)
                await run_in_slices(self._hub.heal(room, after_seq, committed, stored))
                if room.log.head == after_seq:
                    # chat_server answered from memory, from before what we miss
                    await asyncio.sleep(HOLE_S)
        except ChatUnavailable:
            await asyncio.sleep(RETRY_S)
        finally:
            room.is_healing = False
