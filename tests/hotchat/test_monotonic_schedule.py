"""A jump of the system clock neither stops nor multiplies the ticks."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from chat_server.hotchat.monotonic_schedule import PeriodicTrigger, add_ticks, is_too_far, keep_ticking
from server_kit.background_tasks import BackgroundTasks

HOUR = timedelta(hours=1)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@asynccontextmanager
async def running_scheduler(work: Callable[[], Awaitable[None]]) -> AsyncIterator[AsyncIOScheduler]:
    tasks = BackgroundTasks(Random(7), time.monotonic)
    scheduler = AsyncIOScheduler(timezone=UTC)
    add_ticks(scheduler, "tick", work, 0.05)
    scheduler.start()
    try:
        async with tasks.running("clock watch", partial(keep_ticking, scheduler, check_every_s=0.05)):
            yield scheduler
    finally:
        scheduler.shutdown(wait=False)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["clock set back", "clock set forward"])
async def test_ticks_continue_after_a_clock_jump(jump: timedelta) -> None:
    """A clock set back leaves the next run an hour away; one set forward leaves it an hour overdue."""
    ticked = asyncio.Event()

    async def tick() -> None:
        ticked.set()

    async with asyncio.timeout(20), running_scheduler(tick) as scheduler:
        [job] = scheduler.get_jobs()
        await ticked.wait()
        job.modify(next_run_time=job.next_run_time + jump)
        ticked.clear()
        await ticked.wait()


def test_a_clock_set_forward_by_a_year_causes_one_run() -> None:
    year_ago = NOW - timedelta(days=365)
    assert PeriodicTrigger(1).get_next_fire_time(year_ago, NOW) == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("planned_in_s", "too_far"), [(0.5, False), (1.0, False), (1.5, True), (3600.0, True), (-3600.0, False)]
)
def test_a_run_is_too_far_when_it_is_further_away_than_its_interval(
    planned_in_s: float, too_far: bool
) -> None:
    assert is_too_far(NOW + timedelta(seconds=planned_in_s), NOW, timedelta(seconds=1)) is too_far
