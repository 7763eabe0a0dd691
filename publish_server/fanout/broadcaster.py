"""Decides which lane's flush is next and runs it: small ones at once, large ones in turn and in slices.

All flushes together share one duty cycle; see flush_pacer.py.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from publish_server.fanout.flush import flush_steps
from publish_server.fanout.flush_pacer import FlushPacer, WriteCost
from publish_server.fanout.lane import Lane
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.metrics import FLUSH_BYTES, FLUSH_QUEUE, FLUSH_SECONDS, WRITE_COST, WRITES

SLICE_S: Final = 0.00125
"""Other rooms, new streams and Kafka wait about this long for a large flush. A slice may take three times as long,
because the number of writes is estimated from earlier flushes and the kernel's part of a write varies."""

GZIP_STRETCH: Final = 1.6
"""A compressed write is cheaper, so flushes would be more frequent and smaller, and small blocks compress badly: 8
events to 15 %, 17 events to 12 %. This factor keeps the window that plain writes would have."""

MAX_COMPRESSED_NOW: Final = 4
"""Events that are compressed at once. More are queued, because a queued flush compresses in slices."""

TIMER_S: Final = 0.001
"""The resolution of the loop's timers. A shorter wait is skipped; the pacer adds it to the next one."""


class Broadcaster:
    """One per process. `clock` must be the event loop's, in seconds."""

    def __init__(self, replay_queue: ReplayQueue, pacer: FlushPacer, clock: Callable[[], float]) -> None:
        self._replay_queue = replay_queue
        self._pacer = pacer
        self._clock = clock
        self._cost = WriteCost()
        self._queue: deque[Lane] = deque()
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def wake(self, lane: Lane) -> None:
        """Flush the lane if it has anything new: a small flush runs now, a large one is queued."""
        if lane.is_flushing or lane.is_queued or not lane.needs_flush():
            return
        if lane.is_compressed() and lane.log.head - lane.flushed > MAX_COMPRESSED_NOW:
            self._enqueue(lane)
            return
        cost_s = lane.live_count() * self._cost.seconds
        if self._pacer.may_flush_now(cost_s, self._clock()):
            self._flush_now(lane)
        if lane.needs_flush():
            self._enqueue(lane)

    async def run(self) -> None:
        """Flush queued lanes one after the other, until the process ends."""
        while True:
            if not self._queue:
                self._idle.set()
                self._work.clear()
                await self._work.wait()
                self._idle.clear()
            wait_s = self._pacer.wait_s(self._clock())
            await asyncio.sleep(wait_s if wait_s > TIMER_S else 0)
            lane = self._queue.popleft()
            FLUSH_QUEUE.set(len(self._queue))
            lane.is_queued = False
            if not lane.needs_flush():
                continue
            await self._flush_in_slices(lane)
            if lane.needs_flush():
                self._enqueue(lane)

    async def settled(self) -> None:
        """Wait until no flush is queued or in progress."""
        await self._idle.wait()

    def _enqueue(self, lane: Lane) -> None:
        lane.is_queued = True
        self._queue.append(lane)
        FLUSH_QUEUE.set(len(self._queue))
        self._idle.clear()
        self._work.set()

    def _flush_now(self, lane: Lane) -> None:
        start = self._clock()
        writes = 0
        for count, size in flush_steps(lane, self._replay_queue, self._slice_writes()):
            writes += count
            FLUSH_BYTES.inc(size)
        self._account(lane, start, self._clock() - start, writes)

    async def _flush_in_slices(self, lane: Lane) -> None:
        start = at = self._clock()
        busy_s = 0.0
        writes = 0
        for count, size in flush_steps(lane, self._replay_queue, self._slice_writes()):
            writes += count
            FLUSH_BYTES.inc(size)
            busy_s += self._clock() - at
            await asyncio.sleep(0)
            at = self._clock()
        busy_s += self._clock() - at
        self._account(lane, start, busy_s, writes)

    def _slice_writes(self) -> int:
        return max(1, int(SLICE_S / self._cost.seconds))

    def _account(self, lane: Lane, start: float, busy_s: float, writes: int) -> None:
        self._pacer.flushed(start, busy_s * GZIP_STRETCH if lane.is_compressed() else busy_s)
        self._cost.observe(writes, busy_s)
        WRITES.inc(writes)
        FLUSH_SECONDS.observe(busy_s)
        WRITE_COST.set(self._cost.seconds)
