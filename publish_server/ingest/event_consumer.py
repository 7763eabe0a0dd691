"""Reads every partition of both topics from its end. No consumer group: each process needs all events."""

import asyncio
import logging
from collections.abc import Callable
from random import Random
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chat_contract.topics import CHAT_EVENTS, CHAT_SIGNALS
from publish_server.metrics import CONSUMED, CONSUMER_CONNECTED, CONSUMER_STARTS
from publish_server.rooms.hub import Hub
from publish_server.scheduling.time_slices import run_in_slices
from server_kit.dependency_status import DependencyStatus

log = logging.getLogger(__name__)

MAX_BATCH: Final = 500
FIRST_RETRY_S: Final = 0.2
LAST_RETRY_S: Final = 5.0


class EventConsumer:
    """Offsets are not stored: `on_positioned` starts a head check, which finds earlier events."""

    def __init__(
        self,
        hub: Hub,
        bootstrap_servers: str,
        fetch_max_wait_ms: int,
        on_positioned: Callable[[], None],
        rng: Random,
    ) -> None:
        self._hub = hub
        self._bootstrap_servers = bootstrap_servers
        self._fetch_max_wait_ms = fetch_max_wait_ms
        self._on_positioned = on_positioned
        self._rng = rng
        self._status = DependencyStatus(log, store="Kafka", part="events")
        self._reading: tuple[AIOKafkaConsumer, dict[TopicPartition, int]] | None = None

    def lag_events(self) -> int | None:
        """Records that Kafka has and that were not read yet, as of the last reply; None while nothing is read."""
        if self._reading is None:
            return None
        consumer, positions = self._reading
        return sum(
            max(0, (consumer.highwater(partition) or position) - position)
            for partition, position in positions.items()
            if partition in consumer.assignment()
        )

    async def run(self) -> None:
        """Consume until the process ends. A consumer that fails is replaced, after a growing pause."""
        retry_s = FIRST_RETRY_S
        while True:
            CONSUMER_STARTS.inc()
            consumer = AIOKafkaConsumer(
                CHAT_EVENTS,
                CHAT_SIGNALS,
                bootstrap_servers=self._bootstrap_servers,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="latest",
                fetch_max_wait_ms=self._fetch_max_wait_ms,
                metadata_max_age_ms=10_000,
                request_timeout_ms=10_000,
                retry_backoff_ms=100,
            )
            try:
                await consumer.start()
                positions = await self._position(consumer, {})
                log.info("reading %d partitions from their ends", len(positions))
                retry_s = FIRST_RETRY_S
                self._status.answered()
                await self._consume(consumer, positions)
            except (KafkaError, OSError, TimeoutError) as error:
                self._status.failed(error)  # new events come from chat_server meanwhile
            finally:
                CONSUMER_CONNECTED.set(0)
                self._reading = None
                await consumer.stop()
            await asyncio.sleep(retry_s * self._rng.uniform(0.8, 1.2))
            retry_s = min(LAST_RETRY_S, retry_s * 2)

    async def _consume(self, consumer: AIOKafkaConsumer, positions: dict[TopicPartition, int]) -> None:
        self._reading = consumer, positions
        while True:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=MAX_BATCH)
            if consumer.assignment() != positions.keys():
                # Partitions were added, or a topic was recreated.
                positions = await self._position(consumer, positions)
                self._reading = consumer, positions
            for partition, records in batches.items():
                CONSUMED.inc(len(records))
                await run_in_slices(self._hub.ingest(records))
                positions[partition] = records[-1].offset + 1
            # getmany does not yield to the event loop while it has records.
            await asyncio.sleep(0)

    async def _position(
        self, consumer: AIOKafkaConsumer, known: dict[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Seek to the end of each new partition and to the last position of the others, then start a head check.

        `seek_to_end` alone is lazy. Asking for the position here makes sure that heads are read after it, not before.
        """
        partitions = consumer.assignment()
        fresh = [partition for partition in partitions if partition not in known]
        if fresh:
            await consumer.seek_to_end(*fresh)
        positions = {}
        for partition in partitions:
            if partition in known:
                consumer.seek(partition, known[partition])
                positions[partition] = known[partition]
            else:
                positions[partition] = await consumer.position(partition)
        CONSUMER_CONNECTED.set(1)
        self._on_positioned()
        return positions
