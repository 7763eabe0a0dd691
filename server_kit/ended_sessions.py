"""The sessions that ended before their tokens expired, as far as this process knows."""

from collections import OrderedDict
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from prometheus_client import Counter, Gauge

from server_kit.session_tokens import Session

POLL_S: Final = 0.75
"""Every process polls for new entries this often."""

MAX_ENDED: Final = 100_000
OVERLAP: Final = timedelta(seconds=10)
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
