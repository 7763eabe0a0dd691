"""The sessions that ended before their tokens expired, as far as this process knows."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from prometheus_client import Counter, Gauge

from server_kit.session_tokens import Session

POLL_S: Final = 0.75
"""Every process polls for new entries this often."""

MAX_ENDED: Final = 100_000
OVERLAP_US: Final = 10_000_000
"""A row becomes visible at its commit, later than its `ended_at`; no transaction here takes that long."""

ENDED_SESSIONS: Final = Gauge("hotchat_ended_sessions", "Ended sessions and users in the process's list")
ENDED_OVERFLOW: Final = Counter(
    "hotchat_ended_sessions_dropped_total", "Ended sessions that left a full list"
)


class SessionEnd(NamedTuple):
    """`id` is a session's or a user's; tokens of generations below `below_generation` are no longer valid."""

    id: UUID
    below_generation: int


class EndedSessions:
    """At most MAX_ENDED entries. Overflow rule: OLDEST; the writer's transaction still refuses dropped ones."""

    def __init__(self, max_entries: int = MAX_ENDED) -> None:
        self._max_entries = max_entries
        self._below: OrderedDict[UUID, int] = OrderedDict()

    def add(self, ended: SessionEnd) -> None:
        known = self._below.pop(ended.id, 0)
        self._below[ended.id] = max(known, ended.below_generation)
        if len(self._below) > self._max_entries:
            self._below.popitem(last=False)
            ENDED_OVERFLOW.inc()
        ENDED_SESSIONS.set(len(self._below))

    def has(self, session: Session) -> bool:
        """Whether the session was ended, as far as this process knows."""
        below = self._below
        if not below:
            return False
        generation = session.generation
        return below.get(session.session_id, 0) > generation or below.get(session.user_id, 0) > generation


ReadEnded = Callable[[int], Awaitable[tuple[Iterable[SessionEnd], int]]]
"""Takes a time in µs of Unix time. Returns the sessions that ended after it, and when the last one did."""


class EndedSessionsPoll:
    """Keeps the list at most POLL_S behind its source. While `read` raises `failures`, the last list stays in use."""

    def __init__(
        self, ended: EndedSessions, read: ReadEnded, failures: tuple[type[BaseException], ...]
    ) -> None:
        self._ended = ended
        self._read = read
        self._failures = failures
        self._since_us = 0

    async def poll(self) -> None:
        """Read the sessions that ended since the last call. Raises what `read` raises."""
        found, until_us = await self._read(self._since_us)
        for ended in found:
            self._ended.add(ended)
        self._since_us = max(self._since_us, until_us - OVERLAP_US)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(*self._failures):  # `read` logs them
                await self.poll()
            await asyncio.sleep(POLL_S)
