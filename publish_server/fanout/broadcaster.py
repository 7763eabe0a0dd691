"""Decides which lane's flush is next and runs it: small ones at once, large ones in turn and in slices.

All flushes together share one duty cycle; see flush_pacer.py. While the process is short of CPU, a room waits longer
for a flush of what is less urgent; see flush_priority.py.
"""

import asyncio
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from math import inf
from typing import Final

from publish_server.fanout.flush import flush_steps
from publish_server.fanout.flush_pacer import FlushPacer, WriteCost
from publish_server.fanout.flush_priority import NAME, Waiting, earliest_flush_s, waiting_in
from publish_server.fanout.flush_queue import FlushQueue
from publish_server.fanout.lane import FullLane, Lane
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.metrics import FLUSH_BYTES, FLUSH_QUEUE, FLUSH_SECONDS, WRITE_COST, WRITES
from publish_server.scheduling.time_slices import in_slices
from server_kit.load_shedder import LoadShedder

FLUSH_SLICE_S: Final = 0.00125
"""Other rooms, new streams and Kafka wait about this long for a large flush. A slice may take three times as long:
the number of writes is estimated from earlier flushes, and the kernel's part of a write varies."""

GZIP_STRETCH: Final = 1.6
"""A compressed write is cheaper, so flushes would be more frequent and smaller, and small blocks compress badly: 8
events to 15 %, 17 events to 12 %. This factor keeps the window that plain writes would have."""

MAX_COMPRESSED_NOW: Final = 4
"""Events that are compressed at once. More are queued, because a queued flush compresses in slices."""

TIMER_S: Final = 0.001
"""The resolution of the loop's timers. A shorter wait is skipped; the pacer adds it to the next one."""


class Broadcaster:
    """One per process. `clock` must be the event loop's, in seconds."""

    def __init__(
        self, replay_queue: ReplayQueue, pacer: FlushPacer, shedder: LoadShedder, clock: Callable[[], float]
    ) -> None:
        self._replay_queue = replay_queue
        self._pacer = pacer
        self._shedder = shedder
        self._clock = clock
        self._cost = WriteCost()
        self._queue = FlushQueue()
        self._postponed: list[tuple[float, int, FullLane]] = []
        """A heap of due times, numbers and lanes. An entry of a lane that was flushed meanwhile has no effect."""
        self._postponements = 0
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def wake(self, lane: Lane) -> None:
        """Flush the lane if it has anything new: a small flush runs now, a large one is queued."""
        if lane.is_flushing or not lane.needs_flush():
            return
        if lane.is_queued:
            if lane.has_removal():
                self._enqueue(lane)
            return
        if self._is_postponed(lane):
            return
        if lane.is_compressed() and lane.log.head - lane.flushed > MAX_COMPRESSED_NOW:
            self._enqueue(lane)
            return
        cost_s = lane.live_count() * self._cost.seconds
        if self._pacer.may_flush_now(cost_s, self._clock()):
            self._flush_now(lane)
        if lane.needs_flush() and not self._is_postponed(lane):
            self._enqueue(lane)

    def wake_postponed(self) -> Iterator[None]:
        """Flush the lanes that have waited long enough; yields between steps."""
        yield from in_slices(self._no_longer_postponed(), self.wake, self._clock)

    def _no_longer_postponed(self) -> Iterator[FullLane]:
        while self._postponed and self._postponed[0][0] <= self._clock():
            _, _, lane = heappop(self._postponed)
            lane.postponed_until_s = inf
            yield lane

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
            lane = self._queue.pop()
            FLUSH_QUEUE.set(len(self._queue))
            if not lane.needs_flush():
                continue
            await self._flush_in_slices(lane)
            if lane.needs_flush() and not self._is_postponed(lane):
                self._enqueue(lane)

    async def settled(self) -> None:
        """Wait until no flush is queued or in progress."""
        await self._idle.wait()

    def _enqueue(self, lane: Lane) -> None:
        self._queue.push(lane, is_removal=lane.has_removal())
        FLUSH_QUEUE.set(len(self._queue))
        self._idle.clear()
        self._work.set()

    def _is_postponed(self, lane: Lane) -> bool:
        """Whether what waits in the lane must wait longer, because the process is short of CPU.

        The calm lane has its own pauses; see calm_pacer.py.
        """
        if self._shedder.level == 0 or not isinstance(lane, FullLane):
            return False
        waiting = waiting_in(lane)
        if waiting is Waiting.REMOVAL or not self._shedder.leaves_out(NAME[waiting]):
            return False
        due_s = earliest_flush_s(waiting, lane.flushed_at_s)
        if due_s <= self._clock():
            return False
        if due_s < lane.postponed_until_s:
            lane.postponed_until_s = due_s
            self._postponements += 1
            heappush(self._postponed, (due_s, self._postponements, lane))
            self._shedder.count(NAME[waiting])
        return True

    def _flush_now(self, lane: Lane) -> None:
        start, head = self._clock(), lane.log.head
        writes = 0
        for count, size in flush_steps(lane, self._replay_queue, self._slice_writes()):
            writes += count
            FLUSH_BYTES.inc(size)
        self._account(lane, head, start, self._clock() - start, writes)

    async def _flush_in_slices(self, lane: Lane) -> None:
        start = at = self._clock()
        head = lane.log.head
        busy_s = 0.0
        writes = 0
        for count, size in flush_steps(lane, self._replay_queue, self._slice_writes()):
            writes += count
            FLUSH_BYTES.inc(size)
            busy_s += self._clock() - at
            await asyncio.sleep(0)
            at = self._clock()
        busy_s += self._clock() - at
        self._account(lane, head, start, busy_s, writes)

    def _slice_writes(self) -> int:
        return max(1, int(FLUSH_SLICE_S / self._cost.seconds))

    def _account(self, lane: Lane, head: int, start: float, busy_s: float, writes: int) -> None:
        if lane.flushed >= head:  # otherwise the rest follows without a pause
            lane.flushed_at_s = start
        self._pacer.flushed(start, busy_s * GZIP_STRETCH if lane.is_compressed() else busy_s)
        self._cost.observe(writes, busy_s)
        WRITES.inc(writes)
        FLUSH_SECONDS.observe(busy_s)
        WRITE_COST.set(self._cost.seconds)
