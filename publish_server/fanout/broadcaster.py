"""Decides whose flush is next and runs it: small ones at once, large ones in turn and in slices, under one duty."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from publish_server.fanout.flush import flush_steps
from publish_server.fanout.pacer import FlushPacer, WriteCost
from publish_server.fanout.subscribers import Subscribers
from publish_server.metrics import FLUSH_BYTES, FLUSH_QUEUE, FLUSH_SECONDS, WRITE_COST, WRITES
from publish_server.rooms.room import Room

SLICE_S: Final = 0.002
"""Other rooms, new streams and Kafka wait at most about this long for a large flush; twice as long on a busy core, as
the cost of a write is known from earlier ones."""

GZIP_STRETCH: Final = 1.6
"""A compressed write is cheaper, so flushes would come sooner and hold less, and small blocks compress badly (8 events:
0.15 of their size, 17: 0.12). Who asks for compression wants bytes saved, so it keeps the window of plain writes."""

COMPRESSED_AT_ONCE: Final = 4
"""Events that may be compressed without a pause; more wait for their turn, in which they are compressed in slices."""

TIMER_S: Final = 0.001
"""The loop's timers are no finer; shorter waits are run ahead of and paid back, as the pacer adds up what is owed."""


class Broadcaster:
    """One a process. `clock` must be the event loop's, in seconds."""

    def __init__(self, subscribers: Subscribers, pacer: FlushPacer, clock: Callable[[], float]) -> None:
        self._subscribers = subscribers
        self._pacer = pacer
        self._clock = clock
        self._cost = WriteCost()
        self._queue: deque[Room] = deque()
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def wake(self, room: Room) -> None:
        """The room may have something to flush. A small flush happens now."""
        if room.is_flushing or room.is_queued or not room.needs_flush():
            return
        if room.is_compressed() and room.log.head - room.flushed > COMPRESSED_AT_ONCE:
            self._enqueue(room)
            return
        cost_s = room.live_count() * self._cost.seconds
        if self._pacer.takes_small(cost_s, self._clock()):
            self._flush_now(room)
        if room.needs_flush():
            self._enqueue(room)

    async def run(self) -> None:
        """Flush queued rooms one after the other, for as long as the process lives."""
        while True:
            if not self._queue:
                self._idle.set()
                self._work.clear()
                await self._work.wait()
                self._idle.clear()
            wait_s = self._pacer.wait_s(self._clock())
            await asyncio.sleep(wait_s if wait_s > TIMER_S else 0)
            room = self._queue.popleft()
            FLUSH_QUEUE.set(len(self._queue))
            room.is_queued = False
            await self._flush_in_slices(room)
            if room.needs_flush():
                self._enqueue(room)

    async def settled(self) -> None:
        """Wait until nothing is queued and no flush is on its way."""
        await self._idle.wait()

    def _enqueue(self, room: Room) -> None:
        room.is_queued = True
        self._queue.append(room)
        FLUSH_QUEUE.set(len(self._queue))
        self._idle.clear()
        self._work.set()

    def _flush_now(self, room: Room) -> None:
        start = self._clock()
        writes = 0
        for count, size in flush_steps(room, self._subscribers, self._slice_writes()):
            writes += count
            FLUSH_BYTES.inc(size)
        self._account(room, start, self._clock() - start, writes)

    async def _flush_in_slices(self, room: Room) -> None:
        start = at = self._clock()
        busy_s = 0.0
        writes = 0
        for count, size in flush_steps(room, self._subscribers, self._slice_writes()):
            writes += count
            FLUSH_BYTES.inc(size)
            busy_s += self._clock() - at
            await asyncio.sleep(0)
            at = self._clock()
        busy_s += self._clock() - at
        self._account(room, start, busy_s, writes)

    def _slice_writes(self) -> int:
        return max(1, int(SLICE_S / self._cost.seconds))

    def _account(self, room: Room, start: float, busy_s: float, writes: int) -> None:
        self._pacer.flushed(start, busy_s * GZIP_STRETCH if room.is_compressed() else busy_s)
        self._cost.observe(writes, busy_s)
        WRITES.inc(writes)
        FLUSH_SECONDS.observe(busy_s)
        WRITE_COST.set(self._cost.seconds)
