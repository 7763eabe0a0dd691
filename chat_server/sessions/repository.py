"""The SQL of users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_server.postgres.models import User
from server_kit.session_tokens import Session


async def ensure_user(tx: AsyncConnection, session: Session) -> None:
    """Restore the user's row from the token if a restored database lacks it. Locks no existing row.

    Call this before a write that refers to `users`: a valid token must never fail because of a missing row.
    """
    values = {
        "id": session.user_id,
        "nickname": session.nickname,
        "generation": session.generation,
        "created_at": func.now(),
    }
    await tx.execute(pg_insert(User).values(values).on_conflict_do_nothing(index_elements=["id"]))


class UserRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, user_id: UUID, nickname: str, created_at: datetime) -> None:
        async with self._engine.begin() as tx:
            await tx.execute(insert(User).values(id=user_id, nickname=nickname, created_at=created_at))
