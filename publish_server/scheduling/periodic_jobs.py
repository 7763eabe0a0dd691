"""The two kinds of background work: jobs that repeat, and queues that are drained in slices of time."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from publish_server.scheduling.time_slices import run_in_slices

WORK_SLICE_S: Final = 0.002


class PeriodicJob(NamedTuple):
    """`run` yields between steps of a few milliseconds. Jobs with the same period run in the order of the list."""

    every_s: float
    run: Callable[[], Iterator[None]]


class WorkQueue(Protocol):
    """Work that arrives in bursts. `has_work` is set whenever work is added."""

    @property
    def has_work(self) -> asyncio.Event: ...

    def run_until(self, until_s: float) -> bool:
        """Work until the clock reads `until_s`; False when the queue is empty."""


async def run_periodic(jobs: Sequence[PeriodicJob], clock: Callable[[], float]) -> None:
    """Run each job when it is due, checked as often as the most frequent one."""
    step_s = min(job.every_s for job in jobs)
    due_at = [clock()] * len(jobs)
    while True:
        await asyncio.sleep(step_s)
        for number, job in enumerate(jobs):
            now = clock()
            if now >= due_at[number]:
                due_at[number] = max(due_at[number] + job.every_s, now)
                await run_in_slices(job.run())


async def drain_work_queue(queue: WorkQueue, clock: Callable[[], float]) -> None:
    """Do the queued work, at most WORK_SLICE_S at a time, so that a returning crowd does not delay other streams."""
    while True:
        while queue.run_until(clock() + WORK_SLICE_S):
            await asyncio.sleep(0)
        await queue.has_work.wait()
        queue.has_work.clear()
