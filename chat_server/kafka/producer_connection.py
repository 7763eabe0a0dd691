"""The life cycle of an aiokafka producer, shared by events and signals: start, replace after a failure, stop.

Every failure leads to a new producer: a fatal one (fenced, out of order) looks like any other.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

log = logging.getLogger(__name__)

START_WITHIN_S: Final = 10.0
STOP_WITHIN_S: Final = 1.0
FIRST_BACKOFF_S: Final = 0.1
LAST_BACKOFF_S: Final = 1.0

KAFKA_ERRORS: Final = (KafkaError, OSError, TimeoutError)


class ProducerConnection:
    """At most one started producer. `failed` is called with the error of every start that fails."""

    def __init__(self, topic: str, failed: Callable[[BaseException], None], **options: Any) -> None:
        """`options` are those of AIOKafkaProducer."""
        self.producer: AIOKafkaProducer | None = None
        self._topic = topic
        self._failed = failed
        self._options = options

    async def connect(self) -> AIOKafkaProducer:
        """Stop the earlier producer, if there is one, and start another; try until Kafka answers."""
        await self.close()
        backoff_s = FIRST_BACKOFF_S
        while (producer := await self._start()) is None:
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, LAST_BACKOFF_S)
        self.producer = producer
        return producer

    async def close(self) -> None:
        producer, self.producer = self.producer, None
        if producer is not None:
            await _stop(producer)

    async def _start(self) -> AIOKafkaProducer | None:
        producer = AIOKafkaProducer(linger_ms=0, metadata_max_age_ms=30_000, **self._options)
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await producer.start()
                await producer.partitions_for(self._topic)
        except KAFKA_ERRORS as error:
            self._failed(error)
            await _stop(producer)
            return None
        except asyncio.CancelledError:
            await _stop(producer)
            raise
        return producer


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer, broken or not, without waiting long for a broker that is down.

    A producer that cannot send its records is ended anyway. Otherwise it would send them once Kafka is back, after the
    relay has sent them too.
    """
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await producer.stop()
    except KAFKA_ERRORS as error:
        log.debug("A producer did not stop cleanly: %r", error)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await producer._sender.close()
                await producer.client.close()
        except KAFKA_ERRORS as ending:
            log.debug("A producer did not end: %r", ending)
