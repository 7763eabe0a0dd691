"""Ticks that a jump of the machine's clock neither stops nor multiplies: APScheduler plans by the wall clock.

Set back by an hour, its next run would be an hour away; set on by a year (a machine without a battery-backed clock),
it would count every second of that year.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from server_kit.background_tasks import BackgroundTasks

LOOK_S: Final = 1.0


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires `interval` after now, whenever the last time was: what was missed is not made up for."""

    def __init__(self, seconds: float) -> None:
        self.interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.interval


def add_ticks(scheduler: BaseScheduler, name: str, work: Any, seconds: float) -> None:
    """Call the coroutine function `work` every so many seconds, never twice at a time."""
    scheduler.add_job(work, Every(seconds), id=name, max_instances=1, coalesce=True, misfire_grace_time=None)


def is_too_far(planned: datetime, now: datetime, interval: timedelta) -> bool:
    """A run further away than its interval was planned before the clock was set back."""
    return planned - now > interval


def report_crashes(scheduler: BaseScheduler, tasks: BackgroundTasks) -> None:
    """Hand the exceptions of ticks to the crash policy; APScheduler itself goes on with the next tick."""
    scheduler.add_listener(lambda event: tasks.note_crash(event.job_id, event.exception), EVENT_JOB_ERROR)


async def keep_ticking(scheduler: BaseScheduler, look_s: float = LOOK_S) -> None:
    """Bring back near what a jump of the clock has put far away. Until cancelled."""
    while True:
        await asyncio.sleep(look_s)
        now = datetime.now(UTC)
        for job in scheduler.get_jobs():
            if is_too_far(job.next_run_time, now, job.trigger.interval):
                job.modify(next_run_time=now)
