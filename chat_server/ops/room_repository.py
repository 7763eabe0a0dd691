"""The SQL of the operator's list of rooms: all rooms, of every visibility."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.http.errors import room_not_found
from chat_server.moderation.cursors import RoomPosition
from chat_server.postgres.pools import contains, driver_connection

SEARCHED_ROOMS: Final = 20_000
"""A search scans this many rooms, the newest first."""

_COLUMNS: Final = """
    id, name, visibility, shown_visibility IS NOT NULL AS hidden, owner_id, owner_nickname, message_count,
    created_at, active_at"""

_PAGE: Final = f"""
SELECT {_COLUMNS} FROM rooms WHERE created_at <= $1 AND (created_at < $1 OR id > $2)
ORDER BY created_at DESC, id LIMIT $3"""  # noqa: S608 - no input in it

_NAMED: Final = f"""
SELECT * FROM ({_PAGE}) scanned WHERE id = $4 OR lower(name) LIKE lower($5)
ORDER BY created_at DESC, id LIMIT $6"""  # noqa: S608 - no input in it

_ROOM: Final = f"SELECT {_COLUMNS} FROM rooms WHERE id = $1"  # noqa: S608 - no input in it


class OperatorRoomRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(self, after: RoomPosition, q: str, limit: int) -> Sequence[Any]:
        """Rooms that follow `after`, the newest first; with `q`, those with this id or with it in the name."""
        async with driver_connection(self._engine) as connection:
            if not q:
                rows: Sequence[Any] = await connection.fetch(_PAGE, *after, limit)
            else:
                rows = await connection.fetch(_NAMED, *after, SEARCHED_ROOMS, q, contains(q), limit)
        return rows

    async def get(self, room_id: str) -> Any:
        """Raises ChatError `room_not_found`."""
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(_ROOM, room_id)
        if row is None:
            raise room_not_found(room_id)
        return row
