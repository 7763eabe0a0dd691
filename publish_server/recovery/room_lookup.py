"""Asks chat_server which rooms exist, before a room-list stream makes publish_server follow them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from publish_server.recovery.chat_client import ChatClient, ChatUnavailable

CALLS_AT_ONCE: Final = 4
"""Of the 16 connections to chat_server, so that lists leave most of them to recovery."""


class RoomLookup:
    """At most CALLS_AT_ONCE calls at a time. Further callers wait in order of arrival."""

    def __init__(self, client: ChatClient) -> None:
        self._client = client
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)

    async def existing(self, room_ids: Sequence[str], until_s: float) -> set[str]:
        """Those of at most MAX_LISTED_ROOMS rooms that exist.

        All of them if chat_server does not reply by `until_s` of the event loop's clock: they may exist.
        """
        try:
            async with asyncio.timeout_at(until_s), self._calls:
                return set(await self._client.heads(room_ids))
        except (TimeoutError, ChatUnavailable):
            return set(room_ids)
