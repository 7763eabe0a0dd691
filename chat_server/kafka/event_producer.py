"""Sends committed events to Kafka, in order, without making the writer wait.

aiokafka's idempotent producer gets whole record batches: one call for all events of a commit and partition, instead of
one call for each event.
"""

import asyncio
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from prometheus_client import Counter, Gauge

from chat_contract.topics import CHAT_EVENTS, CHAT_SIGNALS, event_headers
from chat_server.kafka.committed_event import CommittedEvent, Position
from chat_server.kafka.producer_connection import KAFKA_ERRORS, ProducerConnection
from server_kit.background_tasks import BackgroundTasks
from server_kit.dependency_status import DependencyStatus
from server_kit.http.problem import ChatError
from server_kit.http.trace_context import new_traceparent

log = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
MAX_SIGNALS_WAITING: Final = 1_000
MAX_IN_FLIGHT: Final = 4_000
CHUNK: Final = 500
MAX_BATCH_BYTES: Final = 512 * 1024
REQUEST_TIMEOUT_MS: Final = 5_000
ACKNOWLEDGED_WITHIN_S: Final = 8.0
"""An idempotent producer retries forever. Shorter than a relay's lease, so that no other relay claims the event."""

LATENCY_KNOWN_S: Final = 10.0

PRODUCED = Counter("hotchat_events_produced_total", "Events that Kafka acknowledged")
LEFT_TO_RELAY = Counter(
    "hotchat_events_left_to_relay_total", "Events not taken or not acknowledged: RELAY", ["reason"]
)
SIGNALS_DROPPED = Counter("hotchat_signals_dropped_total", "Signals that were not sent: DROP")
IN_FLIGHT = Gauge("hotchat_events_in_flight", "Events sent to Kafka and not acknowledged yet (at most 4,000)")
PRODUCER_RESTARTS = Counter("hotchat_producer_restarts_total", "Producers replaced after a failure")

MAX_HASHED: Final = 4_096
"""Rooms whose hash is kept. Overflow rule: LRU."""

Acknowledge = Callable[[Sequence[Position]], None]


class EventProducer:
    """Overflow rules: RELAY for events (their outbox rows stay), DROP for signals.

    `acknowledged` is called with the positions of events that Kafka has stored; it must not block.
    """

    def __init__(self, bootstrap_servers: str, acknowledged: Acknowledge) -> None:
        self._connection = ProducerConnection(
            CHAT_EVENTS,
            self._note_failure,
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            acks="all",
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=100,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_BATCH_BYTES * 2,
        )
        self._acknowledged = acknowledged
        self._waiting: deque[CommittedEvent] = deque()
        self._signals: deque[tuple[str, str, bytes]] = deque(maxlen=MAX_SIGNALS_WAITING)
        self._in_flight = 0
        self._latency = (0.0, -math.inf)
        self._wakeup = asyncio.Event()
        self._status = DependencyStatus(log, store="Kafka", part="events")
        self._sends: set[asyncio.Task[None]] = set()

    @property
    def is_up(self) -> bool:
        """Whether the producer is connected and Kafka is not down for it."""
        return self._connection.producer is not None and not self._status.is_down

    def recent_latency_s(self) -> float | None:
        """How long the last acknowledgement took; None without one in the last LATENCY_KNOWN_S."""
        latency_s, at_s = self._latency
        return latency_s if time.monotonic() - at_s < LATENCY_KNOWN_S else None

    @asynccontextmanager
    async def sending(self, tasks: BackgroundTasks) -> AsyncIterator[Self]:
        """Send until the block ends, then for up to two seconds what still waits. The relay sends the rest."""
        async with tasks.running("event producer", self._run):
            yield self
            if self.is_up:
                await self._wait_until_sent(within_s=2)
        await self._connection.close()
        self._cancel_sends()
        await asyncio.gather(*self._sends, return_exceptions=True)

    async def _wait_until_sent(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while self._waiting or self._sends:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("%d events are left to the relay", len(self._waiting) + self._in_flight)

    def offer(self, events: Sequence[CommittedEvent]) -> None:
        """Queue committed events; the relay sends those that do not fit."""
        is_down = self._status.is_down
        capacity = 0 if is_down else MAX_WAITING - len(self._waiting)
        self._waiting.extend(events[:capacity])
        if len(events) > capacity:
            LEFT_TO_RELAY.labels("kafka away" if is_down else "full").inc(len(events) - capacity)
        self._wakeup.set()

    def signal(self, room_id: str, event_type: str, value: bytes) -> None:
        """Send an event without a seq; dropped if Kafka is down or too many wait."""
        if self._status.is_down or len(self._signals) == MAX_SIGNALS_WAITING:
            SIGNALS_DROPPED.inc()
            return
        self._signals.append((room_id, event_type, value))
        self._wakeup.set()

    async def publish(self, events: Sequence[CommittedEvent]) -> list[Position]:
        """Send these events and wait. Returns the positions that Kafka acknowledged. For the relay."""
        producer = self._connection.producer
        if producer is None:
            return []
        done: list[Position] = []
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                for batch_events, sent in await self._send(producer, events):
                    await asyncio.shield(sent)
                    done += [(event.room_id, event.seq) for event in batch_events]
        except KAFKA_ERRORS as error:
            self._note_failure(error, producer)
        return done

    async def _run(self) -> None:
        while True:
            if not self.is_up:
                await self._reconnect()
            await self._wakeup.wait()
            self._wakeup.clear()
            while (self._waiting or self._signals) and not self._status.is_down:
                await self._send_next()

    async def _reconnect(self) -> None:
        if self._connection.producer is not None:
            PRODUCER_RESTARTS.inc()
            await (
                self._connection.close()
            )  # first: what it still sends is acknowledged, not sent again by the relay
        self._cancel_sends()
        await self._connection.connect()
        self._status.answered()

    def _cancel_sends(self) -> None:
        """Cancel sends whose producer was closed: no acknowledgement will arrive."""
        for task in self._sends:
            task.cancel()

    def _note_failure(self, error: BaseException, producer: AIOKafkaProducer | None = None) -> None:
        """Leave waiting events to the relay. `producer`: the one that failed; errors of an earlier one are ignored."""
        if producer is not None and producer is not self._connection.producer:
            return
        self._status.failed(error)
        LEFT_TO_RELAY.labels("kafka away").inc(len(self._waiting))
        self._waiting.clear()
        self._signals.clear()
        self._wakeup.set()

    async def _send_next(self) -> None:
        producer = self._connection.producer
        if producer is None:
            return
        try:
            while self._signals:
                room_id, event_type, value = self._signals.popleft()
                headers = event_headers(event_type, None, traceparent=new_traceparent())
                await producer.send(CHAT_SIGNALS, value, room_id.encode(), headers=headers)
            if self._in_flight >= MAX_IN_FLIGHT:
                await asyncio.wait(self._sends, return_when=asyncio.FIRST_COMPLETED)
            chunk = [self._waiting.popleft() for _ in range(min(CHUNK, len(self._waiting)))]
            for events, sent in await self._send(producer, chunk):
                self._in_flight += len(events)
                IN_FLIGHT.set(self._in_flight)
                task = asyncio.create_task(self._await_acknowledgement(producer, events, sent))
                self._sends.add(task)
                task.add_done_callback(self._sends.discard)
        except KAFKA_ERRORS as error:
            self._note_failure(error)

    async def _send(
        self, producer: AIOKafkaProducer, events: Sequence[CommittedEvent]
    ) -> list[tuple[list[CommittedEvent], "asyncio.Future[object]"]]:
        """Queue the events by partition, in order. Returns each batch with the future of its acknowledgement."""
        by_partition: defaultdict[int, list[CommittedEvent]] = defaultdict(list)
        partitions = sorted(await producer.partitions_for(CHAT_EVENTS))
        for event in events:
            by_partition[partitions[_hash_of(event.room_id) % len(partitions)]].append(event)
        sends = []
        for partition, part in by_partition.items():
            left = part
            while left:
                batch = producer.create_batch()
                taken = 0
                for event in left:
                    headers = event_headers(
                        event.type,
                        event.seq,
                        conflate=event.conflate,
                        is_left_out=event.is_left_out,
                        replied_to=None if event.replied_to is None else str(event.replied_to),
                        traceparent=event.traceparent or new_traceparent(),
                    )
                    key = event.room_id.encode()
                    if batch.append(timestamp=None, key=key, value=event.payload, headers=headers) is None:
                        break
                    taken += 1
                if taken == 0:
                    raise ChatError("body_too_large", "An event is larger than a record batch may be.")
                batch.close()
                sent = await producer.send_batch(batch, CHAT_EVENTS, partition=partition)
                sent.add_done_callback(_retrieve)
                sends.append((left[:taken], sent))
                left = left[taken:]
        return sends

    async def _await_acknowledgement(
        self, producer: AIOKafkaProducer, events: list[CommittedEvent], sent: "asyncio.Future[object]"
    ) -> None:
        begun_s = time.monotonic()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                await asyncio.shield(sent)
            now_s = time.monotonic()
            self._latency = now_s - begun_s, now_s
            PRODUCED.inc(len(events))
            self._acknowledged([(event.room_id, event.seq) for event in events])
        except (KafkaError, TimeoutError, asyncio.CancelledError) as error:
            LEFT_TO_RELAY.labels("not acknowledged").inc(len(events))
            if isinstance(error, asyncio.CancelledError):
                raise
            self._note_failure(error, producer)
        finally:
            self._in_flight -= len(events)
            IN_FLIGHT.set(self._in_flight)


@lru_cache(MAX_HASHED)
def _hash_of(room_id: str) -> int:
    """As in Kafka's default partitioner. aiokafka computes it in Python, which costs more than to send an event."""
    return int(murmur2(room_id.encode())) & 0x7FFFFFFF


def _retrieve(sent: "asyncio.Future[object]") -> None:
    """Mark the exception as retrieved: the waiting caller has reported it, or no caller waits any longer."""
    if not sent.cancelled():
        sent.exception()
