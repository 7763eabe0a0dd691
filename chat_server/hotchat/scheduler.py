"""The hotchat scheduler process: turns fetch counts into heat once a second. Any number of schedulers may run."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC
from functools import partial
from logging import basicConfig, getLogger
from random import Random
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter, Gauge, start_http_server
from redis.exceptions import RedisError

from chat_contract.events import RoomHeat, RoomViewers
from chat_server.config import SchedulerSettings
from chat_server.hotchat.heat_policy import HeatLimits, HotEntry, heat_limits, next_entries
from chat_server.hotchat.heat_store import DrainedCounts, HeatStore
from chat_server.hotchat.monotonic_schedule import add_ticks, keep_ticking, report_crashes
from chat_server.hotchat.viewers_sum import ViewersSum
from chat_server.kafka.signal_sender import SignalSender
from server_kit.background_tasks import EXIT_CODE, BackgroundTasks
from server_kit.dependency_status import DependencyStatus
from server_kit.redis_client import open_redis
from server_kit.settings import settings_or_exit

TICK_S: Final = 1
VIEWERS_TICK_S: Final = 2
REANNOUNCE_EVERY_MS: Final = 1_900
"""How often a hot room's rate is sent to its clients, so that people see it rise and fall."""

REDIS_CONNECTIONS: Final = 4

MAX_VIEWER_SIGNALS: Final = 2_000
"""Rooms announced per viewers tick. Overflow rule: the rooms with the fewest viewers are left out."""

_TICKS = Counter("hotchat_ticks_total", "Ticks of this scheduler", ["outcome"])
_FETCHES = Counter("hotchat_fetches_drained_total", "Fetches this scheduler turned into heat")
_FLIPS = Counter("hotchat_heat_flips_total", "Rooms that turned hot or cold", ["to"])
_HOT = Gauge("hotchat_scheduler_hot_rooms", "Hot rooms after this scheduler's last tick")

log = getLogger("chat_server.hotchat.scheduler")


class HeatTick:
    """The periodic jobs. Each returns at once if another scheduler has done the work or Redis is down."""

    def __init__(
        self,
        store: HeatStore,
        viewers: ViewersSum,
        limits: HeatLimits,
        announce: Callable[[RoomHeat | RoomViewers], None],
    ) -> None:
        self._store = store
        self._viewers = viewers
        self._limits = limits
        self._announce = announce
        self._status = DependencyStatus(log, store="Redis", part="scheduler")

    async def tick(self) -> None:
        try:
            drained = await self._store.drain()
            if drained is None:
                _TICKS.labels("another_schedulers").inc()
                return
            _FETCHES.inc(sum(drained.counts.values()))
            if drained.elapsed_ms == 0:
                _TICKS.labels("first").inc()
                return
            entries = next_entries(
                drained.previous, drained.counts, drained.elapsed_ms, self._limits, drained.now
            )
            if not await self._store.write(drained, entries):
                _TICKS.labels("overtaken").inc()
                return
        except (RedisError, OSError, TimeoutError) as error:
            _TICKS.labels("redis_unavailable").inc()
            self._status.failed(error)
            return
        self._status.answered()
        _TICKS.labels("done").inc()
        self._announce_heat(drained, entries)

    async def sum_viewers(self) -> None:
        try:
            changes = await self._viewers.changes()
        except (RedisError, OSError, TimeoutError) as error:
            self._status.failed(error)
            return
        viewers, version = changes.viewers, changes.at_ms * 1_000
        most_viewed = sorted(viewers, key=lambda room_id: -viewers[room_id])[:MAX_VIEWER_SIGNALS]
        for room_id in most_viewed:
            self._announce(
                {"type": "room.viewers", "room_id": room_id, "viewers": viewers[room_id], "version": version}
            )

    def _announce_heat(self, drained: DrainedCounts, entries: dict[str, HotEntry]) -> None:
        hot = {room_id for room_id, entry in entries.items() if entry.hot}
        _HOT.set(len(hot))
        is_due = (
            drained.at_ms // REANNOUNCE_EVERY_MS
            != (drained.at_ms - drained.elapsed_ms) // REANNOUNCE_EVERY_MS
        )
        version = drained.at_ms * 1_000
        for room_id in sorted(hot):
            has_turned = room_id not in drained.announced
            if has_turned:
                _FLIPS.labels("hot").inc()
                log.info("room %s turned hot at %.0f fetches/s", room_id, entries[room_id].fetches_per_s)
            if has_turned or is_due:
                heat = entries[room_id].heat()
                self._announce({"type": "room.heat", "room_id": room_id, "heat": heat, "version": version})
        for room_id in sorted(drained.announced - hot):
            _FLIPS.labels("cold").inc()
            log.info("room %s turned cold", room_id)
            heat = entries.get(room_id, HotEntry(False, None, 0.0, 0)).heat()
            self._announce({"type": "room.heat", "room_id": room_id, "heat": heat, "version": version})


async def run(settings: SchedulerSettings, tasks: BackgroundTasks, stop: asyncio.Event) -> None:
    """Tick until `stop` is set."""
    redis = open_redis(settings.redis_url.get_secret_value(), REDIS_CONNECTIONS)
    sender = SignalSender(settings.kafka_bootstrap_servers, clock=time.monotonic)
    heat = HeatTick(HeatStore(redis), ViewersSum(redis), heat_limits(settings), sender.offer)
    # An explicit time zone: detecting the local one reads files that a slim container lacks.
    scheduler = AsyncIOScheduler(timezone=UTC)
    add_ticks(scheduler, "heat tick", heat.tick, TICK_S)
    add_ticks(scheduler, "viewers tick", heat.sum_viewers, VIEWERS_TICK_S)
    report_crashes(scheduler, tasks)
    async with redis, tasks.running("signals", sender.run):
        scheduler.start()
        log.info("hotchat scheduler ticks every %d s", TICK_S)
        try:
            async with tasks.running("clock watch", partial(keep_ticking, scheduler)):
                await stop.wait()
        finally:
            scheduler.shutdown(wait=False)


async def main() -> None:
    settings = settings_or_exit(SchedulerSettings)
    basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # APScheduler logs runs, skipped runs and crashes. Metrics and BackgroundTasks report them already.
    getLogger("apscheduler").setLevel("CRITICAL")
    if settings.scheduler_metrics_port:
        start_http_server(settings.scheduler_metrics_port, settings.hotchat_bind)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = BackgroundTasks(Random(), time.monotonic)
    await run(settings, tasks, stop)
    if tasks.has_given_up:
        sys.exit(EXIT_CODE)


if __name__ == "__main__":
    asyncio.run(main())
