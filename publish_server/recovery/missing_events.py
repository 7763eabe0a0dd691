"""Fetches from chat_server what Kafka did not deliver. `rooms/missing_tracker.py` notices what is missing."""

import asyncio
from collections.abc import Iterator
from typing import Final

from publish_server.metrics import RESTORED
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable, StoredEvents
from publish_server.rooms.hub import EVENTS_PER_STEP, Hub
from publish_server.rooms.missing_tracker import MissingTracker
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import OfferResult
from publish_server.scheduling.time_slices import run_in_slices

GIVE_UP_S: Final = 10.0
"""Give up on missing events that chat_server cannot explain after this long."""

STALE_REPLY_S: Final = 0.1
RETRY_S: Final = 0.5
MAX_CALLS: Final = 8
MAX_ROOMS: Final = 64
"""Rooms that are fetched at the same time, retries included; the others wait for the next `fetch_due`."""

EVENTS_PER_CALL: Final = 500


class MissingEvents:
    """Fetches one room's missing events at a time, at most MAX_ROOMS rooms at once."""

    def __init__(self, hub: Hub, tracker: MissingTracker, client: ChatClient) -> None:
        self._hub = hub
        self._tracker = tracker
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls = asyncio.Semaphore(MAX_CALLS)

    def fetch_due(self) -> Iterator[None]:
        """Start to fetch for every room that has missed events for long enough."""
        for room in list(self._tracker.due()):
            if len(self._tasks) >= MAX_ROOMS:
                break
            self._tracker.begin_fetch(room)
            task = asyncio.create_task(self._fetch(room))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        yield

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _fetch(self, room: Room) -> None:
        try:
            while self._tracker.is_due(room):
                after_seq, server_head = room.log.head, room.server_head
                async with self._calls:
                    stored = await self._client.events(room.id, after_seq, EVENTS_PER_CALL)
                await run_in_slices(restore(self._hub, self._tracker, room, after_seq, server_head, stored))
                if room.log.head == after_seq:
                    # chat_server replied from a cache that is older than the missing events.
                    await asyncio.sleep(STALE_REPLY_S)
        except ChatUnavailable:
            await asyncio.sleep(RETRY_S)
        finally:
            self._tracker.end_fetch(room)


def restore(
    hub: Hub, tracker: MissingTracker, room: Room, after_seq: int, server_head: int, stored: StoredEvents
) -> Iterator[None]:
    """Put chat_server's events after `after_seq` into the room. A seq that its page skips becomes a gap.

    `server_head` was known before the read began. An empty page proves events gone only up to the lower of
    `server_head` and its own last_seq: last_seq may be newer than the page's events, and the page may be old.
    Yields between steps, in which Kafka may add to the room.
    """
    position = after_seq
    for number, event in enumerate(stored.events, 1):
        if number % EVENTS_PER_STEP == 0:
            yield
        if event.seq > position + 1:
            hub.give_up(room, event.seq - 1)
        if hub.offer(room, event.seq, event.entry) is OfferResult.APPENDED:
            RESTORED.inc()
        position = event.seq
    if not stored.events:
        hub.give_up(room, min(server_head, stored.last_seq))
        missing = room.log.missing_between()
        if missing is not None and tracker.missing_for_s(room) > GIVE_UP_S:
            # chat_server lost events that Kafka still delivered: its database was restored.
            hub.give_up(room, missing[1] - 1)
    room.raise_server_head(stored.last_seq)
    hub.room_moved(room)
