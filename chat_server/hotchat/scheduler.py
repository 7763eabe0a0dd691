"""The hotchat scheduler process: turns counts of fetches and posts into heat, and heat into waits, once a second.

Any number of schedulers may run.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from logging import basicConfig, getLogger
from random import Random
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter, Gauge, start_http_server
from redis.exceptions import RedisError

from chat_contract.events import RoomHeat, RoomSlowMode, RoomViewers
from chat_contract.timestamps import rfc3339_ms
from chat_server.hotchat.heat_policy import HotEntry, heat_limits, next_entries
from chat_server.hotchat.heat_rules import LiveHeatRules, environment_rules
from chat_server.hotchat.heat_store import DrainedCounts, HeatStore
from chat_server.hotchat.monotonic_schedule import add_ticks, keep_ticking, report_crashes
from chat_server.hotchat.overrides_copy import OverridesCopy
from chat_server.hotchat.slow_mode_governor import GovernorState
from chat_server.hotchat.viewers_sum import ViewersSum
from chat_server.kafka.signal_sender import SignalSender
from chat_server.settings import SchedulerSettings
from server_kit.background_tasks import EXIT_CODE, BackgroundTasks
from server_kit.dependency_status import DependencyStatus
from server_kit.redis_client import open_redis
from server_kit.settings import settings_or_exit

TICK_S: Final = 1
VIEWERS_TICK_S: Final = 2
REANNOUNCE_EVERY_MS: Final = 1_900
"""How often the rates of a hot or written room are sent to its clients, so that people see them rise and fall."""

RENEW_WAIT_EVERY_MS: Final = 3_900
WAIT_ENDS_AFTER_MS: Final = 10_000
"""After this time without a newer signal, a client lets its reader write."""

REDIS_CONNECTIONS: Final = 4

MAX_VIEWER_SIGNALS: Final = 2_000
"""Rooms announced per viewers tick. Overflow rule: the rooms with the fewest viewers are left out."""

_TICKS = Counter("hotchat_ticks_total", "Ticks of this scheduler", ["outcome"])
_FETCHES = Counter("hotchat_fetches_drained_total", "Fetches this scheduler turned into heat")
_POSTS = Counter(
    "hotchat_posts_drained_total", "Posts this scheduler turned into heat, refused ones included"
)
_FLIPS = Counter("hotchat_heat_flips_total", "Rooms that turned hot or cold", ["to"])
_LEVELS = Counter("hotchat_level_changes_total", "Rooms whose level of posts changed", ["to"])
_WAITS = Counter("hotchat_governor_changes_total", "Changes of a wait by the governor", ["to"])
_WRITTEN = Gauge(
    "hotchat_scheduler_levels", "Rooms by level of posts after this scheduler's last tick", ["level"]
)
_GOVERNED = Gauge(
    "hotchat_governed_rooms", "Rooms in which people wait for the governor, after the last tick"
)
_UNREACHABLE = Gauge(
    "hotchat_unreachable_targets", "Rooms whose target the longest wait does not reach, after the last tick"
)
_HOT = Gauge("hotchat_scheduler_hot_rooms", "Hot rooms after this scheduler's last tick")

log = getLogger("chat_server.hotchat.scheduler")


class HeatTick:
    """The periodic jobs. Each returns at once if another scheduler has done the work or Redis is down."""

    def __init__(
        self,
        store: HeatStore,
        viewers: ViewersSum,
        heat: LiveHeatRules,
        overrides: OverridesCopy,
        announce: Callable[[RoomHeat | RoomViewers | RoomSlowMode], None],
    ) -> None:
        """In shadow mode waits are counted and logged, but nobody waits."""
        self._store = store
        self._viewers = viewers
        self._heat = heat
        self._overrides = overrides
        self._announce = announce
        self._status = DependencyStatus(log, store="Redis", part="scheduler")

    async def tick(self) -> None:
        try:
            overrides = await self._overrides.read()
            if overrides is not None:
                self._heat.override(overrides)
            drained = await self._store.drain()
            if drained is None:
                _TICKS.labels("another_schedulers").inc()
                return
            _FETCHES.inc(sum(drained.counts.values()))
            _POSTS.inc(sum(posts.demand for posts in drained.posts.values()))
            if drained.elapsed_ms == 0:
                _TICKS.labels("first").inc()
                return
            entries = next_entries(
                drained.previous,
                drained.counts,
                drained.elapsed_ms,
                heat_limits(self._heat.rules),
                drained.now,
                drained.posts,
                drained.posts_elapsed_ms,
            )
            if not await self._store.write(drained, entries):
                _TICKS.labels("overtaken").inc()
                return
        except (RedisError, OSError, TimeoutError) as error:
            _TICKS.labels("redis_unavailable").inc()
            self._status.failed(error)
            return
        self._status.answered()
        self._announce_heat(drained, entries)
        self._announce_waits(drained, entries)
        _TICKS.labels("done").inc()  # last, so that who reads the count finds the gauges of this tick

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
        announced = {room_id for room_id, entry in entries.items() if entry.is_announced}
        for level in (1, 2, 3):
            _WRITTEN.labels(str(level)).set(sum(entry.posts.level == level for entry in entries.values()))
        is_due = _is_due(drained, REANNOUNCE_EVERY_MS)
        version = drained.at_ms * 1_000
        for room_id in sorted(announced | drained.announced):
            before, after = drained.previous.get(room_id), entries.get(room_id, UNHEATED)
            # The flag of a room may have expired since it was announced.
            was_hot = room_id in drained.announced and (
                before.hot if before is not None else not after.posts.level
            )
            has_changed = (room_id in announced) != (room_id in drained.announced)
            if after.hot != was_hot:
                has_changed = True
                _FLIPS.labels("hot" if after.hot else "cold").inc()
                if after.hot:
                    log.info("room %s turned hot at %.0f fetches/s", room_id, after.fetches_per_s)
                else:
                    log.info("room %s turned cold", room_id)
            level = after.posts.level
            if level != (0 if before is None else before.posts.level):
                has_changed = True
                _LEVELS.labels(str(level)).inc()
                log.info("room %s has level %d at %.1f posts/s", room_id, level, after.posts.posts_per_s)
            if has_changed or is_due:
                heat = after.heat()
                self._announce({"type": "room.heat", "room_id": room_id, "heat": heat, "version": version})

    def _announce_waits(self, drained: DrainedCounts, entries: dict[str, HotEntry]) -> None:
        """A room that has left `auto` has no governor any more; the change of the room was announced."""
        governed = {
            room_id: entry.governor for room_id, entry in entries.items() if entry.governor is not None
        }
        _GOVERNED.set(sum(governor.wait_s > 0 for governor in governed.values()))
        _UNREACHABLE.set(sum(governor.is_unreachable for governor in governed.values()))
        is_enforcing = self._heat.rules.mode == "enforce"
        is_due = _is_due(drained, RENEW_WAIT_EVERY_MS)
        until = rfc3339_ms(datetime.fromtimestamp((drained.at_ms + WAIT_ENDS_AFTER_MS) / 1000, UTC))
        for room_id, governor in sorted(governed.items()):
            entry = drained.previous.get(room_id)
            before = None if entry is None else entry.governor
            has_changed = governor.wait_s != (0 if before is None else before.wait_s)
            if has_changed:
                _WAITS.labels("longer" if governor.direction > 0 else "shorter").inc()
                log.info(
                    "room %s: slow mode of %d s for a target of %.1f posts/s%s",
                    room_id, governor.wait_s, governor.target,
                    "" if is_enforcing else ", not in force in shadow mode",
                )  # fmt: skip
            if governor.is_unreachable and not (before is not None and before.is_unreachable):
                log.warning(
                    "room %s: the longest wait does not reach the target of %.1f posts/s",
                    room_id,
                    governor.target,
                )
            if is_enforcing:
                signal = wait_signal(
                    room_id, before, governor, is_due=is_due, until=until, version=drained.at_ms * 1_000
                )
                if signal is not None:
                    self._announce(signal)


UNHEATED: Final = HotEntry(False, None, 0.0, 0)


def wait_signal(
    room_id: str,
    before: GovernorState | None,
    after: GovernorState,
    *,
    is_due: bool,
    until: str,
    version: int,
) -> RoomSlowMode | None:
    """What clients must know of a governor's tick; None for nothing. Pure. `until` is RFC 3339, and `is_due` says that
    a wait has to be renewed."""
    wait_s, was_unreachable = (0, False) if before is None else (before.wait_s, before.is_unreachable)
    has_changed = (after.wait_s, after.is_unreachable) != (wait_s, was_unreachable)
    if not has_changed and not (after.wait_s and is_due):
        return None
    signal: RoomSlowMode = {
        "type": "room.slow_mode",
        "room_id": room_id,
        "slow_mode_s": after.wait_s,
        "mode": "auto",
        "version": version,
    }
    if after.wait_s:
        signal["until"] = until
    if after.is_unreachable:
        signal["unreachable"] = True
    return signal


def _is_due(drained: DrainedCounts, every_ms: int) -> bool:
    return drained.at_ms // every_ms != (drained.at_ms - drained.elapsed_ms) // every_ms


async def run(settings: SchedulerSettings, tasks: BackgroundTasks, stop: asyncio.Event) -> None:
    """Tick until `stop` is set."""
    redis = open_redis(settings.redis_url.get_secret_value(), REDIS_CONNECTIONS)
    sender = SignalSender(settings.kafka_bootstrap_servers, clock=time.monotonic)
    heat = HeatTick(
        HeatStore(redis),
        ViewersSum(redis),
        LiveHeatRules(environment_rules(settings)),
        OverridesCopy(redis),
        sender.offer,
    )
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
