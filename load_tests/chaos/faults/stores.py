"""Stores that are stopped, killed or emptied."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from chat_contract.topics import CHAT_EVENTS
from load_tests.bench.stores import make_topics
from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.system import DATABASE, System
from local_stack.apache_kafka import ApacheKafka
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey

FAULTS = FaultList()

DOWN_S: Final = 3.0
LONG_OUTAGE_S: Final = 60.0
TRIM_AFTER_S: Final = 2.0
ADMIN_TIMEOUT_S: Final = 10.0
RELAYED_WITHIN_S: Final = 60.0
MOST_RECORDS_AN_EVENT: Final = 1.3

_WAIT_IN_OUTBOX: Final = "SELECT count(*) FROM outbox WHERE created_at < now() - interval '5 seconds'"


@FAULTS.add("Kafka stopped, started after 3 s", "kafka")
async def stop_kafka(system: System, _: Crowd) -> None:
    await _stop_for(system.kafka, system.kafka.stop)


@FAULTS.add("kill -9 of Kafka, started after 3 s", "kafka")
async def kill_kafka(system: System, _: Crowd) -> None:
    await _stop_for(system.kafka, system.kafka.kill)


@FAULTS.add("Valkey stopped, started after 3 s", "valkey")
async def stop_valkey(system: System, _: Crowd) -> None:
    await _stop_for(system.valkey, system.valkey.stop)


@FAULTS.add("kill -9 of Valkey, started after 3 s", "valkey")
async def kill_valkey(system: System, _: Crowd) -> None:
    await _stop_for(system.valkey, system.valkey.kill)


@FAULTS.add("Postgres stopped, started after 3 s", "postgres")
async def stop_postgres(system: System, _: Crowd) -> None:
    await _stop_for(system.postgres, system.postgres.stop)


@FAULTS.add("kill -9 of Postgres, started after 3 s", "postgres")
async def kill_postgres(system: System, _: Crowd) -> None:
    await _stop_for(system.postgres, system.postgres.kill)


@FAULTS.add("Kafka unavailable for 60 s", "kafka", is_mixable=False)
async def long_kafka_outage(system: System, crowd: Crowd) -> None:
    """Each event must reach Kafka about once, not once more from each chat_server's relay."""
    records, events = await asyncio.to_thread(_records_and_events, system)
    await _stop_for(system.kafka, system.kafka.stop, LONG_OUTAGE_S)
    p99_s = crowd.ledger.answered_within_s(0.99)
    begun_s = time.monotonic()
    async with asyncio.timeout(RELAYED_WITHIN_S):
        while await asyncio.to_thread(system.postgres.psql, _WAIT_IN_OUTBOX, DATABASE) != "0":
            await asyncio.sleep(0.5)
    took_s = time.monotonic() - begun_s
    records_now, events_now = await asyncio.to_thread(_records_and_events, system)
    records, events = records_now - records, events_now - events
    system.remarks.append(
        f"Kafka got {records:,} records for {events:,} events, the last ones {took_s:.1f} s after its return; "
        f"99 % of writes were answered within {p99_s:.3f} s"
    )
    if records > events * MOST_RECORDS_AN_EVENT:
        system.findings.append(f"{records:,} records for {events:,} events")


@FAULTS.add("topic deleted and recreated", "kafka")
async def delete_topic(system: System, _: Crowd) -> None:
    await asyncio.to_thread(_delete_and_make, system.kafka.bootstrap_servers)


@FAULTS.add("records trimmed before the hubs read them", "kafka", "publish")
async def trim_records(system: System, _: Crowd) -> None:
    for server in system.publish:
        server.pause()
    try:
        await asyncio.sleep(TRIM_AFTER_S)
        await asyncio.to_thread(_trim, system.kafka.bootstrap_servers)
    finally:
        for server in system.publish:
            server.resume()


async def _stop_for(
    store: ApacheKafka | Postgres | Valkey, end: Callable[[], None], down_s: float = DOWN_S
) -> None:
    await asyncio.to_thread(end)
    await asyncio.sleep(down_s)
    await asyncio.to_thread(store.start)


def _delete_and_make(bootstrap_servers: str) -> None:
    client = AdminClient({"bootstrap.servers": bootstrap_servers})
    for deleted in client.delete_topics([CHAT_EVENTS], operation_timeout=ADMIN_TIMEOUT_S).values():
        deleted.result(ADMIN_TIMEOUT_S)
    try:
        make_topics(bootstrap_servers)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        make_topics(bootstrap_servers)  # a producer created them first: wait for their leaders


def _records_and_events(system: System) -> tuple[int, int]:
    """The number of records that Kafka ever received, and of stored events."""
    consumer = Consumer({"bootstrap.servers": system.kafka.bootstrap_servers, "group.id": "chaos"})
    try:
        partitions = consumer.list_topics(CHAT_EVENTS, timeout=ADMIN_TIMEOUT_S).topics[CHAT_EVENTS].partitions
        ends = [
            consumer.get_watermark_offsets(TopicPartition(CHAT_EVENTS, number), timeout=ADMIN_TIMEOUT_S)[1]
            for number in partitions
        ]
    finally:
        consumer.close()
    return sum(ends), int(system.postgres.psql("SELECT coalesce(sum(last_seq), 0) FROM rooms", DATABASE))


def _trim(bootstrap_servers: str) -> None:
    client = AdminClient({"bootstrap.servers": bootstrap_servers})
    partitions = client.list_topics(CHAT_EVENTS, timeout=ADMIN_TIMEOUT_S).topics[CHAT_EVENTS].partitions
    to_the_end = [TopicPartition(CHAT_EVENTS, number, -1) for number in partitions]
    for trimmed in client.delete_records(to_the_end, operation_timeout=ADMIN_TIMEOUT_S).values():
        trimmed.result(ADMIN_TIMEOUT_S)
