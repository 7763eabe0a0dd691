"""Keeps the list of ended sessions up to date, so that streams of ended sessions get no share of their user."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from server_kit.ended_sessions import OVERLAP, POLL_S, EndedSessions

_OVERLAP_US: Final = OVERLAP // timedelta(microseconds=1)


class EndedSessionsPoll:
    """Polls chat_server. While it is unavailable, the last list stays in use."""

    def __init__(self, ended: EndedSessions, chat: ChatClient) -> None:
        self._ended = ended
        self._chat = chat
        self._since_us = 0

    async def poll(self) -> None:
        """Read the sessions that ended since the last call. Raises ChatUnavailable."""
        found, until_us = await self._chat.ended_sessions(self._since_us)
        for ended in found:
            self._ended.add(ended)
        self._since_us = max(self._since_us, until_us - _OVERLAP_US)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(ChatUnavailable):  # ChatClient logs it
                await self.poll()
            await asyncio.sleep(POLL_S)
