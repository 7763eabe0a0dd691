"""Distinguishes a Postgres that does not respond at all from one that is slow.

A slow statement or a commit on a slow disk also makes the writer's connections quiet. Postgres counts as silent only
if the watchdog's own connection gets no response either.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncpg

from chat_server.postgres.dedicated_connection import DedicatedConnection
from chat_server.postgres.errors import CONNECTION_LOST

SILENT_AFTER_S: Final = 0.7
"""Two more checks, CHECK_EVERY_S apart, must agree, so a write is refused within 0.9 s."""

CHECK_EVERY_S: Final = 0.1

PROBE_AFTER_S: Final = 0.3
"""The probe has SILENT_AFTER_S - PROBE_AFTER_S to get a response before any write is refused."""


class SilenceDetector:
    """Postgres is silent if a transaction is open and no response has arrived for SILENT_AFTER_S. Pure.

    Two checks in a row must agree: if this process itself was paused, the response may already be in the socket.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self._transactions = 0
        self._answered_at_s = 0.0
        self._is_suspected = False

    def transaction_began(self, now_s: float) -> None:
        if self._transactions == 0:
            self._answered_at_s = now_s
        self._transactions += 1

    def transaction_ended(self, now_s: float) -> None:
        """Call this for a commit, a rollback and a lost connection alike."""
        self._transactions -= 1
        self.answered(now_s)

    def answered(self, now_s: float) -> None:
        """Postgres responded on any connection."""
        self._answered_at_s = now_s
        self.is_silent = self._is_suspected = False

    def needs_probe(self, now_s: float) -> bool:
        """Whether to probe on another connection, because a single slow statement is not silence."""
        return self._transactions > 0 and now_s - self._answered_at_s >= PROBE_AFTER_S

    def check(self, now_s: float) -> bool:
        """Call every CHECK_EVERY_S; returns the new `is_silent`."""
        is_late = self._transactions > 0 and now_s - self._answered_at_s >= SILENT_AFTER_S
        self.is_silent = is_late and self._is_suspected
        self._is_suspected = is_late
        return self.is_silent


class PostgresProbe:
    """Probes on a connection of its own, opened at the first probe. At most one probe runs at a time."""

    def __init__(self, dsn: str, answered: Callable[[], None]) -> None:
        self._connection = DedicatedConnection(dsn, "hotchat watchdog")
        self._answered = answered
        self._is_requested = asyncio.Event()

    def request(self) -> None:
        """Probe now; does nothing while a probe is under way."""
        self._is_requested.set()

    async def run(self) -> None:
        """Call `answered` after each probe that gets a response, until cancelled."""
        try:
            while True:
                await self._is_requested.wait()
                if await self._is_answered():
                    self._answered()
                self._is_requested.clear()
        finally:
            self._connection.drop()

    async def _is_answered(self) -> bool:
        """A refusal counts as a response, for example from a server without free connections."""
        try:
            await (await self._connection.open()).execute("SELECT 1")
        except CONNECTION_LOST:
            self._connection.drop()
            return False
        except asyncpg.PostgresError:
            self._connection.drop()
        return True
