"""Asks Postgres whether it is there, while the writer's own connections are quiet.

A slow statement or a commit on a slow disk makes the writer's connections quiet, too. Only when this connection gets
no answer either, Postgres itself is silent.
"""

import asyncio
from collections.abc import Callable

import asyncpg

from chat_server.messages.lane import CONNECTION_LOST, Lane


class Watchdog:
    """One connection, opened at the first question; at most one question at a time."""

    def __init__(self, dsn: str, heard: Callable[[], None]) -> None:
        self._lane = Lane(dsn, "hotchat watchdog")
        self._heard = heard
        self._is_asked = asyncio.Event()

    def ask(self) -> None:
        """Have `heard` called when Postgres answers; nothing more while a question is under way."""
        self._is_asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._is_asked.wait()
                if await self._gets_an_answer():
                    self._heard()
                self._is_asked.clear()
        finally:
            self._lane.drop()

    async def _gets_an_answer(self) -> bool:
        """Also by a refusal, such as that of a server that has no connection left."""
        try:
            await (await self._lane.open()).execute("SELECT 1")
        except CONNECTION_LOST:
            self._lane.drop()
            return False
        except asyncpg.PostgresError:
            self._lane.drop()
        return True
