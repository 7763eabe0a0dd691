"""The SQL of rooms, except for what the writer changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.http.idempotency import IdempotentRequest, StoredResponse, claim_key, store_response
from chat_server.postgres.models import Room
from chat_server.sessions.repository import ensure_user
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """The settings of a room that are checked before a write is queued."""

    id: str
    owner_id: UUID | None
    slow_mode_s: int


class RoomRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(
        self,
        room_ids: Sequence[str],
        name: str,
        owner: Session,
        now: datetime,
        wanted: IdempotentRequest | None,
        describe: Callable[[Row[Any]], str],
    ) -> StoredResponse:
        """Create the room under the first of these ids that is free, or return the response of the first call with
        the same key.

        An owner without a row (after a restore) gets one. Raises ChatError `room_exists`.
        """
        values = {
            "name": name,
            "owner_id": owner.user_id,
            "owner_nickname": owner.nickname,
            "created_at": now,
            "active_at": now.replace(microsecond=0),
        }
        async with self._engine.begin() as tx:
            if wanted is not None:
                kept = await claim_key(tx, owner.user_id, wanted)
                if kept is not None:
                    return kept
            await ensure_user(tx, owner)
            for room_id in room_ids:
                insert = pg_insert(Room).values(id=room_id, **values)
                free = insert.on_conflict_do_nothing(index_elements=["id"])
                room = (await tx.execute(free.returning(*Room.__table__.c))).first()
                if room is not None:
                    break
            else:
                raise ChatError(
                    "room_exists", f"There is a room {room_ids[0]!r} already; enter it or choose another id."
                )
            answer = StoredResponse(201, describe(room))
            if wanted is not None:
                await store_response(tx, owner.user_id, wanted.key, answer)
        return answer

    async def get(self, room_id: str) -> Row[Any] | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(select(Room.__table__).where(Room.id == room_id))).first()

    async def settings(self, room_id: str) -> RoomSettings | None:
        row = await self.get(room_id)
        return None if row is None else RoomSettings(row.id, row.owner_id, row.slow_mode_s)

    async def change(self, room_id: str, values: dict[str, Any]) -> Row[Any] | None:
        """The changed room, with the replaced value as `slow_mode_s_before`; None if there is none.

        Locks the row first, so simultaneous changes see each other's values.
        """
        locked = select(Room.id, Room.slow_mode_s).where(Room.id == room_id).with_for_update(key_share=True)
        before = locked.cte("before")
        changed = update(Room).where(Room.id == before.c.id).values(**values)
        returned = (*Room.__table__.c, before.c.slow_mode_s.label("slow_mode_s_before"))
        async with self._engine.begin() as tx:
            return (await tx.execute(changed.returning(*returned))).first()
