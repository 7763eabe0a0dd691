"""What the endpoints work with: opened once in lifespan, handed in by type."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Annotated, cast

from fastapi import Depends, Request
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.config import ChatSettings
from chat_server.fetch.room_reads import RoomReads
from chat_server.health.readiness import Readiness
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.post_limits import RateLimits
from chat_server.limits.slow_mode import SlowMode
from chat_server.messages.search import MessageSearch
from chat_server.messages.writer import GroupCommitWriter
from chat_server.rooms.directory import RoomDirectory
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.room_list import RoomLists
from chat_server.sessions.ended import EndedSessions, EndedSessionsRepository
from chat_server.sessions.repository import UserRepository
from server_kit.background_tasks import BackgroundTasks
from server_kit.session_tokens import SessionTokens
from server_kit.shares import Shares


@dataclass(frozen=True, slots=True)
class Parts:
    settings: ChatSettings
    engine: AsyncEngine
    search: MessageSearch
    redis: Redis
    tokens: SessionTokens
    writer: GroupCommitWriter
    producer: EventProducer
    rooms: RoomRepository
    room_lists: RoomLists
    directory: RoomDirectory
    users: UserRepository
    ended_sessions: EndedSessions
    ended_sessions_repository: EndedSessionsRepository
    hot_rooms: HotRooms
    rate_limits: RateLimits
    slow_mode: SlowMode
    shares: Shares
    internal_reads: RoomReads
    readiness: Readiness
    forget_room: Callable[[str], None]
    tasks: BackgroundTasks
    rng: Random


async def parts(request: Request) -> Parts:
    """A coroutine although it never waits: FastAPI would run a plain function on a thread."""
    return cast(Parts, request.app.state.parts)


PartsOf = Annotated[Parts, Depends(parts)]
