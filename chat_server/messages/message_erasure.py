"""Removes the text of deleted messages from stored events, and deletes their reactions; erases deleted rooms.

The deletion of a message commits only a tombstone. The rest happens here, in steps of bounded size on a dedicated
connection. Until a step has rewritten an event, reads show the tombstone instead. A purge commits only a mark, from
which steps make tombstones. Another process, or the next start, finishes work that a process leaves undone.
"""

import asyncio
import logging
from dataclasses import dataclass
from random import Random
from typing import Final

import asyncpg
from prometheus_client import Counter, Gauge

from chat_server.messages.purge_conversion import convert_some
from chat_server.messages.room_erasure import erase_room_step
from chat_server.postgres.dedicated_connection import DedicatedConnection
from chat_server.postgres.errors import CONNECTION_LOST
from chat_server.postgres.tombstones import PAYLOAD_WITH_TOMBSTONE
from server_kit.background_steps import run_steps, set_or_timeout

log = logging.getLogger(__name__)

MESSAGES_PER_STEP: Final = 20
ROWS_PER_MESSAGE: Final = 40
"""Events and reactions of one message in a step. A step changes at most 1,600 of them and 20 creations."""

SWEEP_S: Final = 20.0
"""How often a process checks for tombstones that another process left behind."""

ERASED: Final = Counter(
    "hotchat_events_blanked_total", "Stored events that lost the text of a deleted message"
)
OLDEST_TOMBSTONE: Final = Gauge(
    "hotchat_oldest_tombstone_seconds",
    "Age of the oldest deletion whose text is in stored events, at the last step",
)

# An erased edit loses its message_id, and with it its entry in the index of edits, so no later step finds it.
_STEP: Final = f"""
WITH t AS MATERIALIZED (
    SELECT message_id, room_id, seq, message, created_at FROM tombstones
    ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
), edits AS MATERIALIZED (
    SELECT t.message_id, x.room_id, x.seq FROM t CROSS JOIN LATERAL (
        SELECT room_id, seq FROM events WHERE message_id = t.message_id LIMIT $2
    ) x
), given AS MATERIALIZED (
    SELECT t.message_id, x.kind, x.user_id FROM t CROSS JOIN LATERAL (
        SELECT kind, user_id FROM reactions WHERE message_id = t.message_id LIMIT $2
    ) x
), erased_edits AS (
    UPDATE events e SET message_id = NULL, payload = {PAYLOAD_WITH_TOMBSTONE}
    FROM edits JOIN t USING (message_id)
    WHERE e.room_id = edits.room_id AND e.seq = edits.seq
    RETURNING 1
), erased_creations AS (
    UPDATE events e SET payload = {PAYLOAD_WITH_TOMBSTONE}
    FROM t WHERE e.room_id = t.room_id AND e.seq = t.seq
        AND right(e.payload, length(t.message) + 1) <> t.message || '}}'
    RETURNING 1
), taken_back AS (
    DELETE FROM reactions r USING given
    WHERE r.message_id = given.message_id AND r.kind = given.kind AND r.user_id = given.user_id
    RETURNING 1
), done AS (
    DELETE FROM tombstones d USING t WHERE d.message_id = t.message_id
        AND (SELECT count(*) FROM edits WHERE edits.message_id = t.message_id) < $2
        AND (SELECT count(*) FROM given WHERE given.message_id = t.message_id) < $2
    RETURNING 1
)
SELECT (SELECT count(*) FROM t) AS messages,
    (SELECT count(*) FROM erased_edits) + (SELECT count(*) FROM erased_creations) AS events,
    (SELECT count(*) FROM taken_back) AS reactions,
    (SELECT count(*) FROM done) AS done,
    COALESCE((SELECT extract(epoch FROM now() - min(created_at)) FROM t), 0)::float8 AS oldest_s
"""  # noqa: S608 - no input in it


@dataclass(frozen=True, slots=True)
class ErasureStep:
    """The effect of one step: tombstones read, rows changed, tombstones finished, and the oldest one's age in s."""

    messages: int
    events: int
    reactions: int
    done: int
    oldest_s: float


async def erase_some(connection: asyncpg.Connection) -> ErasureStep:
    """Do one bounded step in its own transaction."""
    step = ErasureStep(**await connection.fetchrow(_STEP, MESSAGES_PER_STEP, ROWS_PER_MESSAGE))
    ERASED.inc(step.events)
    OLDEST_TOMBSTONE.set(step.oldest_s)
    return step


class MessageErasure:
    """Runs in every chat_server. The tombstones table is its queue, with at most one row per message."""

    def __init__(self, dsn: str, rng: Random) -> None:
        self._connection = DedicatedConnection(dsn, "hotchat message erasure")
        self._rng = rng
        self._wakeup = asyncio.Event()

    def wake(self) -> None:
        """Call this after the commit of a purge, or of the deletion of a message or a room."""
        self._wakeup.set()

    async def run(self) -> None:
        """Erase deleted messages and rooms until cancelled."""
        try:
            while True:
                self._wakeup.clear()
                try:
                    await self._erase_all()
                except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                    self._connection.drop()
                    log.warning("Erasure failed and is retried; reads hide the deleted texts: %r", error)
                    await asyncio.sleep(self._rng.uniform(0.5, 1.0))
                    continue
                await set_or_timeout(self._wakeup, SWEEP_S * self._rng.uniform(0.5, 1.0))
        finally:
            self._connection.drop()

    async def _erase_all(self) -> None:
        """Run steps until no mark, tombstone or deleted room is left."""
        room_id: str | None = ""

        async def step() -> bool:
            nonlocal room_id
            connection = await self._connection.open()
            room_id = await convert_some(connection, room_id or "")
            erased = await erase_some(connection)
            has_erased = await erase_room_step(connection)
            return bool(room_id or erased.messages or has_erased)

        await run_steps(step)
