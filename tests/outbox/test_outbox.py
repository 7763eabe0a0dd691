"""Every committed event reaches Kafka, through the producer or the relay. On real stores."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from chat_contract.topics import CHAT_EVENTS, header
from chat_server.filters.filter_cache import FilterCache
from chat_server.kafka.event_producer import EventProducer
from chat_server.messages.writer import GroupCommitWriter
from chat_server.outbox.acknowledgements import Acknowledgements
from chat_server.outbox.relay import OutboxRelay
from chat_server.outbox.repository import OutboxRepository
from server_kit.background_tasks import BackgroundTasks
from tests.support.message_store import Store, post
from tests.support.stores import Kafka


class ChatProcess:
    """The parts of one chat_server between a post and Kafka."""

    def __init__(self, store: Store, bootstrap_servers: str, stack: AsyncExitStack) -> None:
        self.outbox = OutboxRepository(store.engine)
        self.acknowledgements = Acknowledgements(self.outbox)
        self.producer = EventProducer(bootstrap_servers, self.acknowledgements.add)
        self.relay = OutboxRelay(self.outbox, self.producer, Random(7))
        self.writer = GroupCommitWriter(
            store.dsn, self.producer.offer, lambda: datetime.now(UTC), FilterCache()
        )
        self._stack = stack

    async def start(self) -> "ChatProcess":
        tasks = BackgroundTasks(Random(7), time.monotonic)
        for part in (
            tasks.running("acknowledgements", self.acknowledgements.run),
            self.producer.sending(tasks),
            tasks.running("relay", self.relay.run),
            self.writer.committing(tasks),
        ):
            await self._stack.enter_async_context(part)
        return self


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def is_empty(process: ChatProcess) -> bool:
    return await process.outbox.size() == 0


async def records_of(bootstrap_servers: str, room_id: str) -> list[ConsumerRecord]:
    """All records of the room that are in Kafka now, in order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(CHAT_EVENTS, p) for p in await _partitions(consumer)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        records: list[ConsumerRecord] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for found in (await consumer.getmany(partition, timeout_ms=1000)).values():
                    records += found
        return [record for record in records if record.key == room_id.encode()]
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer) -> set[int]:
    await consumer._client.force_metadata_update()
    consumer.subscribe([CHAT_EVENTS])
    await consumer.topics()
    found = consumer.partitions_for_topic(CHAT_EVENTS)
    consumer.unsubscribe()
    return set(found or ())


def seqs(records: list[ConsumerRecord]) -> list[int]:
    return [int(header(record.headers, "seq") or b"0") for record in records]


async def test_committed_events_reach_kafka_in_order_and_leave_the_outbox(
    store: Store, kafka_bootstrap_servers: str, stack: AsyncExitStack
) -> None:
    process = await ChatProcess(store, kafka_bootstrap_servers, stack).start()
    room = await store.make_room()
    await asyncio.gather(*(process.writer.store(post(room)) for _ in range(300)))
    await until(lambda: is_empty(process))
    records = await records_of(kafka_bootstrap_servers, room)
    assert seqs(records) == list(range(1, 301))
    payloads = await store.rows("SELECT payload FROM events WHERE room_id = $1 ORDER BY seq", room)
    assert [record.value for record in records] == [row["payload"].encode() for row in payloads]
    assert header(records[0].headers, "type") == b"message.created"


@pytest.mark.timeout(300)
async def test_events_posted_during_a_kafka_outage_arrive_after_it(
    store: Store, own_kafka: Kafka, stack: AsyncExitStack
) -> None:
    process = await ChatProcess(store, own_kafka.bootstrap_servers, stack).start()
    room = await store.make_room()
    await process.writer.store(post(room, "before"))
    await until(lambda: is_empty(process))
    own_kafka.stop()
    for number in range(50):
        await process.writer.store(post(room, f"during {number}"))
    own_kafka.start()
    await until(lambda: is_empty(process), within_s=60)
    records = await records_of(own_kafka.bootstrap_servers, room)
    assert sorted(set(seqs(records))) == list(range(1, 52))


@pytest.mark.timeout(300)
async def test_two_relays_share_the_backlog_of_an_outage(
    store: Store, own_kafka: Kafka, stack: AsyncExitStack
) -> None:
    processes = [await ChatProcess(store, own_kafka.bootstrap_servers, stack).start() for _ in range(2)]
    room = await store.make_room()
    for process in processes:
        await process.writer.store(post(room, "before"))
    await until(lambda: is_empty(processes[0]))
    own_kafka.stop()
    await asyncio.gather(*(process.writer.store(post(room, "undetected")) for process in processes))

    async def is_outage_detected() -> bool:
        return not any(process.producer.is_up for process in processes)

    await until(is_outage_detected, within_s=60)
    await asyncio.gather(*(processes[n % 2].writer.store(post(room, f"during {n}")) for n in range(800)))
    own_kafka.start()
    await until(lambda: is_empty(processes[0]), within_s=90)
    found = seqs(await records_of(own_kafka.bootstrap_servers, room))
    assert sorted(set(found)) == list(range(1, 805))
    assert len(found) < 804 * 1.3


async def test_the_event_of_a_killed_process_is_sent_by_another_process(
    store: Store, kafka_bootstrap_servers: str, stack: AsyncExitStack
) -> None:
    room = await store.make_room()
    killed = await store.writer(after_commit=lambda events: None)  # as if killed between commit and produce
    await killed.store(post(room))
    process = await ChatProcess(store, kafka_bootstrap_servers, stack).start()
    await until(lambda: is_empty(process))
    assert seqs(await records_of(kafka_bootstrap_servers, room)) == [1]


async def test_two_relays_claim_each_row_once(store: Store) -> None:
    room = await store.make_room()
    writer = await store.writer(after_commit=lambda events: None)
    await asyncio.gather(*(writer.store(post(room)) for _ in range(40)))
    await store.rows("UPDATE outbox SET created_at = now() - interval '1 minute'")
    one, two = OutboxRepository(store.engine), OutboxRepository(store.engine)
    claimed = await asyncio.gather(one.claim(30), two.claim(30))
    taken = [event.seq for events in claimed for event in events]
    assert len(taken) == len(set(taken)) == 40


async def test_an_expired_or_released_row_is_claimed_again(store: Store) -> None:
    room = await store.make_room()
    writer = await store.writer(after_commit=lambda events: None)
    await writer.store(post(room))
    await store.rows("UPDATE outbox SET created_at = now() - interval '1 minute'")
    outbox = OutboxRepository(store.engine)
    assert len(await outbox.claim(10)) == 1
    assert await outbox.claim(10) == []
    await store.rows("UPDATE outbox SET leased_until = now() - interval '1 second'")
    assert len(await outbox.claim(10)) == 1
    await outbox.release([(room, 1)])
    assert len(await outbox.claim(10)) == 1
