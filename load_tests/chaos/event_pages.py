"""Reads a room's event log over REST: the events that a gap skipped, and the reference for the final comparison."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import aiohttp
import orjson

from load_tests.chaos.sse_frames import event_identity
from load_tests.chaos.tab_record import Identity

ATTEMPT_S = 5.0
RETRY_S = 0.5


class EventPage(dict[int, Identity]):
    """Events by ascending seq. `head` is the room's last seq at the end of the reading.

    `left_out`: the seqs that chat_server marked, so that the calm lane leaves them out.
    """

    head: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.left_out: set[int] = set()


class EventPages:
    """Tries the chat_servers in turn until one answers."""

    def __init__(self, http: aiohttp.ClientSession, chat_urls: Sequence[str], rng: Random) -> None:
        self._http = http
        self._chat_urls = chat_urls
        self._rng = rng

    async def after(self, room_id: str, seq: int) -> EventPage:
        """All events after `seq`, or all that are still kept if older ones were deleted."""
        events = EventPage()
        async for page in self.pages(room_id, seq):
            events.update((int(event["seq"]), event_identity(event)) for event in page["events"])
            events.left_out.update(
                int(event["seq"]) for event in page["events"] if event.get("calm") is False
            )
            events.head = int(page["last_seq"])
        return events

    async def pages(self, room_id: str, seq: int) -> AsyncIterator[dict[str, Any]]:
        """The responses that hold all kept events after `seq`."""
        while True:
            status, page = await self._get(f"/api/v1/rooms/{room_id}/events?after_seq={seq}&limit=500")
            if status == 410:
                seq = int(page["oldest_seq"]) - 1
                continue
            yield page
            if not page["has_more"]:
                return
            seq = int(page["cursor"])

    async def head(self, room_id: str) -> int:
        _, room = await self._get(f"/api/v1/rooms/{room_id}/messages?limit=1")
        return int(room["cursor"])

    async def _get(self, path: str) -> tuple[int, Any]:
        while True:
            url = self._rng.choice(self._chat_urls) + path
            try:
                async with asyncio.timeout(ATTEMPT_S), self._http.get(url) as answer:
                    # A page with an Age is stale because Postgres was down; newer events may be stored.
                    if answer.status in (200, 410) and "Age" not in answer.headers:
                        return answer.status, orjson.loads(await answer.read())
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(RETRY_S)
