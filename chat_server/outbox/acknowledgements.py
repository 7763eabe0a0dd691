"""Deletes the outbox rows of acknowledged events in the background, in batches."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter

from chat_server.kafka.committed_event import Position
from chat_server.outbox.repository import OutboxRepository
from chat_server.postgres.errors import STORE_ERRORS

log = logging.getLogger(__name__)

MAX_WAITING: Final = 50_000
MAX_BATCH: Final = 1_000
GATHER_S: Final = 0.1

FORGOTTEN = Counter(
    "hotchat_acknowledgements_forgotten_total", "Acknowledged events the relay sends again: FORGET"
)


class Acknowledgements:
    """Overflow rule: FORGET. The row stays, the relay sends the event again, and publish_server drops it by its seq."""

    def __init__(self, outbox: OutboxRepository) -> None:
        self._outbox = outbox
        self._waiting: deque[Position] = deque()
        self._wakeup = asyncio.Event()

    def add(self, positions: Sequence[Position]) -> None:
        capacity = MAX_WAITING - len(self._waiting)
        self._waiting.extend(positions[:capacity])
        FORGOTTEN.inc(max(0, len(positions) - capacity))
        self._wakeup.set()

    async def run(self) -> None:
        """Delete rows until cancelled, then delete a last batch."""
        try:
            while True:
                await self._wakeup.wait()
                await asyncio.sleep(GATHER_S)
                self._wakeup.clear()
                while self._waiting and await self._delete_next():
                    pass
        finally:
            await self._delete_next()

    async def _delete_next(self) -> bool:
        batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
        if not batch:
            return False
        try:
            await self._outbox.delete(batch)
        except STORE_ERRORS as error:
            log.debug("Outbox rows are left to the relay: %r", error)
            FORGOTTEN.inc(len(batch))
            return False
        return True
