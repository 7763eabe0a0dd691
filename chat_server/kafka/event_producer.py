"""Committed events to Kafka, in order, without ever making a writer wait.

aiokafka's idempotent producer, fed with whole record batches: one call for a commit's events of a partition instead
of one an event. Any failure makes a new producer: a fatal one (fenced, out of order) cannot be told from the rest.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from prometheus_client import Counter, Gauge

from chat_contract.topics import CHAT_EVENTS, CHAT_SIGNALS, event_headers
from chat_server.kafka.committed_event import CommittedEvent, Position
from server_kit.background_tasks import BackgroundTasks
from server_kit.http.problem import ChatError
from server_kit.http.trace_context import new_traceparent

log = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
MAX_SIGNALS_WAITING: Final = 1_000
MAX_IN_FLIGHT: Final = 4_000
CHUNK: Final = 500
MAX_BATCH_BYTES: Final = 512 * 1024
REQUEST_TIMEOUT_MS: Final = 5_000
BACKOFF_MAX_S: Final = 1.0
ACKNOWLEDGED_WITHIN_S: Final = 8.0
"""An idempotent producer repeats a batch for ever; shorter than a relay's lease, so that no other relay takes it up."""

CLOSE_WITHIN_S: Final = 1.0

PRODUCED = Counter("hotchat_events_produced_total", "Events that Kafka acknowledged")
LEFT_TO_RELAY = Counter(
    "hotchat_events_left_to_relay_total", "Events not taken or not acknowledged: RELAY", ["reason"]
)
SIGNALS_DROPPED = Counter("hotchat_signals_dropped_total", "Signals that were not sent: DROP")
IN_FLIGHT = Gauge("hotchat_events_in_flight", "Events sent to Kafka and not acknowledged yet (at most 4,000)")
PRODUCER_RESTARTS = Counter("hotchat_producer_restarts_total", "Producers made anew after a failure")

Acknowledge = Callable[[Sequence[Position]], None]


class EventProducer:
    """Overflow rules: RELAY for events (their outbox rows stay), DROP for signals.

    `acknowledged` is called with the positions that Kafka has; it must not block.
    """

    def __init__(self, bootstrap_servers: str, acknowledged: Acknowledge) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._acknowledged = acknowledged
        self._waiting: deque[CommittedEvent] = deque()
        self._signals: deque[tuple[str, str, bytes]] = deque(maxlen=MAX_SIGNALS_WAITING)
        self._in_flight = 0
        self._wakeup = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self._failed = False
        self._sends: set[asyncio.Task[None]] = set()

    @property
    def is_healthy(self) -> bool:
        """Whether the last thing that Kafka was asked went well."""
        return self._producer is not None and not self._failed

    @asynccontextmanager
    async def sending(self, tasks: BackgroundTasks) -> AsyncIterator[Self]:
        """Sends until the block ends, and what waits then for a moment; the relay has the rest."""
        async with tasks.running("event producer", self._run):
            yield self
            if self.is_healthy:
                await self._wait_until_sent(within_s=2)
        await self._close_producer()
        await asyncio.gather(*self._sends, return_exceptions=True)

    async def _wait_until_sent(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while self._waiting or self._sends:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("%d events are left to the relay", len(self._waiting) + self._in_flight)

    def offer(self, events: Sequence[CommittedEvent]) -> None:
        """Take committed events; what does not fit is the relay's."""
        room = MAX_WAITING - len(self._waiting) if not self._failed else 0
        self._waiting.extend(events[:room])
        if len(events) > room:
            LEFT_TO_RELAY.labels("full" if not self._failed else "kafka away").inc(len(events) - room)
        self._wakeup.set()

    def signal(self, room_id: str, event_type: str, value: bytes) -> None:
        """Send an event without a seq; lost when Kafka is away or too many wait."""
        if self._failed or len(self._signals) == MAX_SIGNALS_WAITING:
            SIGNALS_DROPPED.inc()
            return
        self._signals.append((room_id, event_type, value))
        self._wakeup.set()

    async def publish(self, events: Sequence[CommittedEvent]) -> list[Position]:
        """Send these and wait: the positions that Kafka acknowledged. For the relay."""
        producer = self._producer
        if producer is None:
            return []
        done: list[Position] = []
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                for batch_events, sent in await self._send(producer, events):
                    await asyncio.shield(sent)
                    done += [(event.room_id, event.seq) for event in batch_events]
        except (KafkaError, OSError, TimeoutError) as error:
            self._note_failure(error, producer)
        return done

    async def _run(self) -> None:
        backoff_s = 0.1
        while True:
            if self._producer is None or self._failed:
                await self._close_producer()
                if not await self._open_producer():
                    await asyncio.sleep(backoff_s)
                    backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)
                    continue
                backoff_s = 0.1
            await self._wakeup.wait()
            self._wakeup.clear()
            while (self._waiting or self._signals) and not self._failed:
                await self._send_next()

    async def _open_producer(self) -> bool:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=100,
            metadata_max_age_ms=30_000,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_BATCH_BYTES * 2,
        )
        try:
            await producer.start()
            await producer.partitions_for(CHAT_EVENTS)
        except (KafkaError, OSError, TimeoutError) as error:
            self._note_failure(error)
            await _stop(producer)
            return False
        except asyncio.CancelledError:
            await _stop(producer)
            raise
        self._producer = producer
        if self._failed:
            log.info("Kafka is back")
        self._failed = False
        return True

    async def _close_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            PRODUCER_RESTARTS.inc()
            await _stop(producer)
        for task in self._sends:
            task.cancel()  # nobody will acknowledge these any more

    def _note_failure(self, error: BaseException, producer: AIOKafkaProducer | None = None) -> None:
        """`producer`: which one failed, where an older one may still be heard of."""
        if producer is not None and producer is not self._producer:
            return
        if not self._failed:
            log.warning("Kafka does not take events (they wait in the outbox): %r", error)
        self._failed = True
        LEFT_TO_RELAY.labels("kafka away").inc(len(self._waiting))
        self._waiting.clear()
        self._signals.clear()
        self._wakeup.set()

    async def _send_next(self) -> None:
        producer = self._producer
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
        except (KafkaError, OSError, TimeoutError) as error:
            self._note_failure(error)

    async def _send(
        self, producer: AIOKafkaProducer, events: Sequence[CommittedEvent]
    ) -> list[tuple[list[CommittedEvent], "asyncio.Future[object]"]]:
        """Queue the events by partition, in order; each part with the future of its acknowledgement."""
        by_partition: defaultdict[int, list[CommittedEvent]] = defaultdict(list)
        partitions = sorted(await producer.partitions_for(CHAT_EVENTS))
        for event in events:
            key = event.room_id.encode()
            by_partition[partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)]].append(event)
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
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                await asyncio.shield(sent)
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


def _retrieve(sent: "asyncio.Future[object]") -> None:
    """Its error was told by whoever waited, or nobody waits any more."""
    if not sent.cancelled():
        sent.exception()


async def _stop(producer: AIOKafkaProducer) -> None:
    """Close a producer, broken or not, within a moment: it would wait for a broker that is away.

    One that cannot send what it holds is ended all the same; left alone it would send that after Kafka's return, when
    the relay has sent it too.
    """
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.debug("A producer did not close cleanly: %r", error)
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await producer._sender.close()
                await producer.client.close()
        except (KafkaError, OSError, TimeoutError) as ending:
            log.debug("A producer did not end: %r", ending)
