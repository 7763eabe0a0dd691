"""Composes one snapshot of the whole server. A store that is down leaves nulls, and never ends the stream."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.ops_snapshot import MAX_SNAPSHOT_ROOMS, OpsRoom, OpsSnapshot, OpsStore
from chat_contract.timestamps import rfc3339_ms
from chat_server.hotchat.heat_rules import LiveHeatRules
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.kafka.event_producer import EventProducer
from chat_server.ops.hottest_rooms import Hottest, hottest_rooms, room_row
from chat_server.ops.process_list import UNKNOWN, Processes, read_processes
from chat_server.ops.snapshot_repository import OutboxDepth, SnapshotRepository
from chat_server.postgres.errors import STORE_ERRORS
from server_kit.dependency_status import DependencyStatus
from server_kit.limits.venue_exemptions import ExemptionsPoll

STORE_WITHIN_S: Final = 0.8
"""Of each store, so that a snapshot comes every second while one of them hangs."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class SnapshotComposer:
    def __init__(
        self,
        repository: SnapshotRepository,
        redis: Redis,
        hot_rooms: HotRooms,
        producer: EventProducer,
        heat: LiveHeatRules,
        exemptions: ExemptionsPoll,
    ) -> None:
        self._repository = repository
        self._redis = redis
        self._hot_rooms = hot_rooms
        self._producer = producer
        self._heat = heat
        self._exemptions = exemptions
        self._postgres_status = DependencyStatus(log, store="Postgres", part="control room")
        self._redis_status = DependencyStatus(log, store="Redis", part="control room")

    async def compose(self) -> OpsSnapshot:
        hot_rooms = self._hot_rooms
        entries, viewers = hot_rooms.entries(), hot_rooms.all_viewers()
        hottest = hottest_rooms(entries or {}, viewers or {})
        (found, postgres_ms), (processes, redis_ms) = await asyncio.gather(
            self._ask_postgres(hottest), self._ask_redis()
        )
        rows: dict[str, Any] = found[0] if found else {}
        outbox = found[1] if found else None
        shown = list(rows)[:MAX_SNAPSHOT_ROOMS] if found else hottest.room_ids
        rooms: list[OpsRoom] = [
            room_row(
                room_id,
                rows.get(room_id),
                hot_rooms,
                is_heat_known=entries is not None,
                viewers=None if viewers is None else viewers.get(room_id, 0),
            )
            for room_id in shown
        ]
        known = processes or UNKNOWN
        is_kafka_up = self._producer.is_up
        stores: list[OpsStore] = [
            {"name": "postgres", "up": found is not None, "latency_ms": postgres_ms},
            {"name": "redis", "up": processes is not None, "latency_ms": redis_ms},
            {
                "name": "kafka",
                "up": is_kafka_up,
                "latency_ms": _ms(self._producer.recent_latency_s()) if is_kafka_up else None,
            },
        ]
        return {
            "at": rfc3339_ms(datetime.now(UTC)),
            "rooms": rooms,
            "rooms_omitted": None if entries is None and viewers is None else hottest.omitted,
            "rates": known.rates,
            "processes": known.listed,
            "stores": stores,
            "outbox": {
                "events": None if outbox is None else outbox.events,
                "oldest_s": None if outbox is None else round(outbox.oldest_s, 1),
            },
            "overridden_settings": len(self._heat.overrides.given()),
            "exemptions_stale": self._exemptions.is_stale,
        }

    async def _ask_postgres(
        self, hottest: Hottest
    ) -> tuple[tuple[dict[str, Any], OutboxDepth] | None, float | None]:
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                _, latency_ms = await _timed(self._repository.ping())
                rows = await self._repository.rooms(hottest.room_ids, MAX_SNAPSHOT_ROOMS)
                outbox = await self._repository.outbox()
        except STORE_ERRORS as error:
            self._postgres_status.failed(error)
            return None, None
        self._postgres_status.answered()
        return (rows, outbox), latency_ms

    async def _ask_redis(self) -> tuple[Processes | None, float | None]:
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                processes, latency_ms = await _timed(read_processes(self._redis))
        except (RedisError, OSError, TimeoutError) as error:
            self._redis_status.failed(error)
            return None, None
        self._redis_status.answered()
        return processes, latency_ms


async def _timed(call: Awaitable[T]) -> tuple[T, float | None]:
    """The result, and how long it took in ms."""
    begun_s = time.monotonic()
    result = await call
    return result, _ms(time.monotonic() - begun_s)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
