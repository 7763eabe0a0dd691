"""Who has entered a nickname."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.models import User


class UserRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, user_id: UUID, nickname: str, created_at: datetime) -> None:
        async with self._engine.begin() as tx:
            await tx.execute(insert(User).values(id=user_id, nickname=nickname, created_at=created_at))
