"""Sends events that the producer could not: outbox rows older than two seconds. Any number of relays may run."""

import asyncio
import logging
from random import Random
from typing import Final

from prometheus_client import Counter

from chat_server.kafka.event_producer import EventProducer
from chat_server.outbox.repository import OutboxRepository
from chat_server.postgres.errors import STORE_ERRORS

log = logging.getLogger(__name__)

POLL_S: Final = 1.0
CLAIM: Final = 500

RELAYED = Counter("hotchat_events_relayed_total", "Events that the relay brought to Kafka")


class OutboxRelay:
    """Has one claim in flight at a time. A claim is a lease, so a relay that dies only delays its rows."""

    def __init__(self, outbox: OutboxRepository, producer: EventProducer, rng: Random) -> None:
        self._outbox = outbox
        self._producer = producer
        self._rng = rng

    async def run(self) -> None:
        """Claim and send rows until cancelled."""
        while True:
            try:
                while self._producer.is_up and await self.relay_once() == CLAIM:
                    pass
            except STORE_ERRORS as error:
                log.debug("The relay is waiting for Postgres: %r", error)
            await asyncio.sleep(POLL_S * self._rng.uniform(0.8, 1.2))

    async def relay_once(self) -> int:
        """Claim and send rows once. Returns the number of events that Kafka acknowledged."""
        claimed = await self._outbox.claim(CLAIM)
        if not claimed:
            return 0
        sent = await self._producer.publish(claimed)
        if sent:
            await self._outbox.delete(sent)
            RELAYED.inc(len(sent))
            log.info("The relay sent %d events to Kafka", len(sent))
        unsent = {(event.room_id, event.seq) for event in claimed}.difference(sent)
        if unsent:
            await self._outbox.release(sorted(unsent))
        return len(sent)
