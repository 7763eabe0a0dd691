"""The SQL of the control room: what people see of its rooms, and the depth of the outbox."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from chat_contract.ops_snapshot import MAX_OUTBOX_EVENTS
from chat_server.postgres.pools import driver_connection

_COLUMNS: Final = "id, name, visibility, slow_mode_s, slow_mode_target, who_can_post"

# The second part reads the index rooms_listed.
_ROOMS: Final = f"""
SELECT {_COLUMNS} FROM rooms WHERE id = ANY($1::text[])
UNION ALL
(SELECT {_COLUMNS} FROM rooms WHERE visibility = 'public' ORDER BY active_at DESC, id LIMIT $2)"""  # noqa: S608 - no input in it

_OUTBOX: Final = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
FROM (SELECT created_at FROM outbox ORDER BY created_at LIMIT $1) oldest"""


class OutboxDepth(NamedTuple):
    events: int
    oldest_s: float


class SnapshotRepository:
    """Every method raises STORE_ERRORS."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ping(self) -> None:
        async with driver_connection(self._engine) as connection:
            await connection.execute("SELECT 1")

    async def rooms(self, room_ids: Sequence[str], recent: int) -> dict[str, Any]:
        """Rows by id: these rooms in their order, as far as they exist, then so many public rooms active last."""
        async with driver_connection(self._engine) as connection:
            rows = {row["id"]: row for row in await connection.fetch(_ROOMS, room_ids, recent)}
        return {room_id: rows[room_id] for room_id in (*room_ids, *rows) if room_id in rows}

    async def outbox(self) -> OutboxDepth:
        async with driver_connection(self._engine) as connection:
            events, oldest_s = await connection.fetchrow(_OUTBOX, MAX_OUTBOX_EVENTS)
        return OutboxDepth(events, max(0.0, oldest_s))
