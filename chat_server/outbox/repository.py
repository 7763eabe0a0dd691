"""The SQL of the outbox. A row stands for an event that Kafka has not acknowledged."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from chat_contract.calm_mark import is_left_out
from chat_server.kafka.committed_event import CommittedEvent, Position
from chat_server.postgres.pools import driver_connection

CLAIM_AFTER_S: Final = 2.0
LEASE_S: Final = 10.0

_DELETE: Final = """
DELETE FROM outbox WHERE (room_id, seq) IN (
    SELECT o.room_id, o.seq FROM unnest($1::text[], $2::bigint[]) AS k(room_id, seq)
    JOIN outbox o USING (room_id, seq) FOR UPDATE OF o SKIP LOCKED
)"""

_CLAIM: Final = """
WITH claimed AS (
    UPDATE outbox SET leased_until = now() + make_interval(secs => $2)
    WHERE (room_id, seq) IN (
        SELECT room_id, seq FROM outbox
        WHERE created_at < now() - make_interval(secs => $3) AND (leased_until IS NULL OR leased_until < now())
        ORDER BY created_at, room_id, seq LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING room_id, seq
)
SELECT c.room_id, c.seq, e.type, e.message_id, e.conflate, e.payload
FROM claimed c LEFT JOIN events e USING (room_id, seq) ORDER BY c.room_id, c.seq"""

_RELEASE: Final = """
UPDATE outbox SET leased_until = NULL FROM unnest($1::text[], $2::bigint[]) AS k(room_id, seq)
WHERE outbox.room_id = k.room_id AND outbox.seq = k.seq"""


class OutboxRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def delete(self, acknowledged: Sequence[Position]) -> None:
        """Delete the rows of acknowledged events. A row that a relay has locked stays and is sent again, harmlessly."""
        async with driver_connection(self._engine) as connection:
            await connection.execute(
                _DELETE, [room for room, _ in acknowledged], [seq for _, seq in acknowledged]
            )

    async def claim(self, limit: int) -> list[CommittedEvent]:
        """Lease the oldest rows, at most `limit`, older than CLAIM_AFTER_S, for LEASE_S. Returns them by room and seq.

        Rows whose event was deleted by retention are deleted here.
        """
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_CLAIM, limit, LEASE_S, CLAIM_AFTER_S)
        expired = [(row["room_id"], row["seq"]) for row in rows if row["payload"] is None]
        if expired:
            await self.delete(expired)
        return [
            CommittedEvent(
                row["room_id"],
                row["seq"],
                row["type"],
                UUID(str(row["message_id"])) if row["message_id"] else None,
                row["conflate"],
                payload,
                is_left_out=is_left_out(payload),
            )
            for row in rows
            if row["payload"] is not None and (payload := row["payload"].encode())
        ]

    async def release(self, positions: Sequence[Position]) -> None:
        """End the leases of these rows, so that any relay can claim them."""
        async with driver_connection(self._engine) as connection:
            await connection.execute(_RELEASE, [room for room, _ in positions], [seq for _, seq in positions])

    async def size(self) -> int:
        async with driver_connection(self._engine) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM outbox"))
