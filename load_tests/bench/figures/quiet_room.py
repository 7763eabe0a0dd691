"""A room in which coalescing must cost nothing: 1,000 subscribers, 20 messages a second, compared with nchan."""

import asyncio
import time

import orjson
from aiokafka import AIOKafkaConsumer

from chat_contract.topics import CHAT_EVENTS
from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import Delivery, deliver
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.references.nchan import nchan, why_absent
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

SUBSCRIBERS = 1_000
EVENTS_PER_S = 20


async def run(stores: Stores, scale: Scale) -> Outcome:
    subscribers = scale.of(SUBSCRIBERS)
    reference = await _nchan(scale, subscribers)
    ours, kafka_ms = await _ours(stores, scale, subscribers)
    what = f"quiet room {SUBSCRIBERS:,} × {EVENTS_PER_S}"
    through = [
        Row(
            f"{what}: sent → read through Kafka, {name}",
            value,
            "ms",
            Better.LOWER,
            note=f"Kafka's own share at {name}: {share:.1f} ms; {ours.note()}",
        )
        for name, value, share in (
            ("p50", ours.window.p50_ms, _quantile(kafka_ms, 0.5)),
            ("p99", ours.window.p99_ms, _quantile(kafka_ms, 0.99)),
        )
    ]
    publish_side = Row(
        f"{what}: publish side, p99 less Kafka's median",
        max(0.0, ours.window.p99_ms - _quantile(kafka_ms, 0.5)),
        "ms",
        Better.LOWER,
        reference="nchan" if reference else why_absent() or "",
        reference_value=reference.window.p99_ms if reference else None,
        ratio_goal=1.2 if reference else None,
        note=f"nchan: p50 {reference.window.p50_ms:.1f} ms, {reference.note()}" if reference else "",
    )
    return Outcome([*through, publish_side])


async def _ours(stores: Stores, scale: Scale, subscribers: int) -> tuple[Delivery, list[float]]:
    room = "quiet"
    async with publish_fixture(stores) as fixture:
        latencies_ms: list[float] = []
        reading = asyncio.create_task(_kafka_latencies(fixture.kafka_bootstrap_servers, latencies_ms))
        try:
            async with stream_crowd(LOOPBACK, fixture.port, f"/stream/v1/rooms/{room}", subscribers) as crowd:
                found = await deliver(
                    crowd,
                    fixture.server.pid,
                    fixture.feeder.publish_at,
                    room,
                    EVENTS_PER_S,
                    scale,
                    subscribers=subscribers,
                    last_seq=lambda: fixture.feeder.room(room).last_seq,
                )
        finally:
            reading.cancel()
        return found, latencies_ms


async def _kafka_latencies(bootstrap_servers: str, latencies_ms: list[float]) -> None:
    """Record the time in ms from produce to consume, by a consumer that does nothing else. Runs until cancelled."""
    consumer = AIOKafkaConsumer(CHAT_EVENTS, bootstrap_servers=bootstrap_servers, auto_offset_reset="latest")
    await consumer.start()
    try:
        async for record in consumer:
            sent_us = int(orjson.loads(record.value)["message"]["text"][1:17])
            latencies_ms.append((time.monotonic_ns() // 1000 - sent_us) / 1000)
    finally:
        await consumer.stop()


async def _nchan(scale: Scale, subscribers: int) -> Delivery | None:
    if why_absent():
        return None
    async with (
        nchan() as server,
        stream_crowd(LOOPBACK, server.port, "/sub/quiet", subscribers, "ids=opaque") as crowd,
    ):
        return await deliver(
            crowd, server.pid, server.publish_at, "quiet", EVENTS_PER_S, scale, subscribers=subscribers
        )


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0
