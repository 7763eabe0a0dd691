"""Rooms without subscribers: how many of their events publish_server skips in a second."""

import asyncio
import signal
import time

import httpx
from confluent_kafka import Producer

from chat_contract.topics import CHAT_EVENTS, event_headers
from load_tests.bench.fixtures import PublishFixture, publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.references.publisher import stamped_events
from load_tests.bench.resource_use import use_of
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores

EVENTS = 300_000
ROOMS = 1_000
PASSED_WITHIN_S = 120.0
METRIC = "hotchat_records_consumed_total"


async def run(stores: Stores, scale: Scale) -> Outcome:
    events = scale.of(EVENTS)
    async with publish_fixture(stores) as fixture:
        await asyncio.sleep(scale.settle_s)
        already = await _consumed(fixture)
        # The server is paused while events are produced, so that the figure is its own speed, not the producer's.
        fixture.server.send(signal.SIGSTOP)
        try:
            await asyncio.to_thread(_produce, fixture.kafka_bootstrap_servers, events)
        finally:
            fixture.server.send(signal.SIGCONT)
        before, began_s = use_of(fixture.server.pid), time.monotonic()
        while (passed := await _consumed(fixture) - already) < events:
            if time.monotonic() - began_s > PASSED_WITHIN_S:
                break
            await asyncio.sleep(0.05)
        took_s, after = time.monotonic() - began_s, use_of(fixture.server.pid)
    return Outcome(
        [
            Row(
                f"events of {ROOMS:,} rooms without subscribers, skipped",
                passed / took_s,
                "/s",
                Better.HIGHER,
                goal=30_000 if scale.is_full else None,
                note=f"{passed:,} of {events:,}; server {after.cpu_share_since(before):.0%} of its core",
            )
        ]
    )


def _produce(bootstrap_servers: str, events: int) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap_servers, "linger.ms": 20, "queue.buffering.max.messages": 500_000}
    )
    value = stamped_events("unsubscribed")(1)
    for number in range(events):
        seq = number // ROOMS + 1
        producer.produce(
            CHAT_EVENTS,
            value,
            key=f"unsubscribed-{number % ROOMS}".encode(),
            headers=[*event_headers("message.created", seq)],
        )
        producer.poll(0)
    producer.flush()


async def _consumed(fixture: PublishFixture) -> float:
    async with httpx.AsyncClient(timeout=10) as client:
        text = (await client.get(f"{fixture.server.base_url}/metrics")).raise_for_status().text
    values = (line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(METRIC))
    return sum(map(float, values))
