"""Ticks that neither stop nor multiply when the system clock jumps. APScheduler schedules by the wall clock.

If the clock is set back by an hour, the next run is an hour away. If it is set forward by a year (a machine without a
battery-backed clock), APScheduler counts a missed run for every second of that year.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from server_kit.background_tasks import BackgroundTasks

CHECK_EVERY_S: Final = 1.0


class PeriodicTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires `interval` from now, whenever the previous run was. Missed runs are not made up for."""

    def __init__(self, seconds: float) -> None:
        self.interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.interval


def add_ticks(scheduler: BaseScheduler, name: str, work: Any, seconds: float) -> None:
    """Call the coroutine function `work` every `seconds`; runs never overlap."""
    scheduler.add_job(
        work, PeriodicTrigger(seconds), id=name, max_instances=1, coalesce=True, misfire_grace_time=None
    )


def is_too_far(planned: datetime, now: datetime, interval: timedelta) -> bool:
    """Whether the run is further away than its interval: the clock was set back after it was scheduled."""
    return planned - now > interval


def report_crashes(scheduler: BaseScheduler, tasks: BackgroundTasks) -> None:
    """Report exceptions of ticks to the crash policy; APScheduler continues with the next tick."""
    scheduler.add_listener(lambda event: tasks.note_crash(event.job_id, event.exception), EVENT_JOB_ERROR)


async def keep_ticking(scheduler: BaseScheduler, check_every_s: float = CHECK_EVERY_S) -> None:
    """Run jobs now that a jump of the clock has put off, until cancelled."""
    while True:
        await asyncio.sleep(check_every_s)
        now = datetime.now(UTC)
        for job in scheduler.get_jobs():
            if is_too_far(job.next_run_time, now, job.trigger.interval):
                job.modify(next_run_time=now)
