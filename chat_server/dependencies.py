"""Everything that chat_server opens, in order, and what its endpoints and gates are given."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Final

from chat_server.config import ChatSettings
from chat_server.fastpath.call_shares import SHARE_OF
from chat_server.fastpath.open_fetches import open_fetches
from chat_server.fastpath.router import FastPath
from chat_server.fastpath.routes import FAST_ROUTES
from chat_server.fetch.internal_reads import InternalReads
from chat_server.fetch.read_repository import ReadRepository
from chat_server.health.readiness import Readiness
from chat_server.http.services import Services
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.post_limits import RateLimits
from chat_server.limits.slow_mode import SlowMode
from chat_server.messages.admission import WriteAdmission
from chat_server.messages.blanking import Blanking
from chat_server.messages.write_handlers import WriteHandler
from chat_server.messages.writer import GroupCommitWriter
from chat_server.outbox.acknowledgements import Acknowledgements
from chat_server.outbox.relay import OutboxRelay
from chat_server.outbox.repository import OutboxRepository
from chat_server.postgres.migrate import migrate
from chat_server.postgres.pools import asyncpg_dsn, connections_of, open_database
from chat_server.postgres.read_lane import INTERNAL_TIMEOUT_S, open_read_lane
from chat_server.postgres.retention import Retention
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.list_handler import RoomListHandler
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.room_list import LIST_TIMEOUT_S, RoomLists
from chat_server.rooms.room_settings_cache import RoomSettingsCache
from chat_server.search.handler import SearchHandler
from chat_server.search.message_search import STATEMENT_TIMEOUT_S, MessageSearch
from chat_server.sessions.ended import EndedSessions, EndedSessionsPoll, EndedSessionsRepository
from chat_server.sessions.repository import UserRepository
from server_kit.background_tasks import BackgroundTasks
from server_kit.redis_client import open_redis
from server_kit.session_tokens import SessionTokens
from server_kit.shares import Shares

REDIS_CONNECTIONS: Final = 8
SLOW_MODE_REDIS_CONNECTIONS: Final = 16
"""Apart from those of heat and health, so that a flood of posts in slow mode holds up neither."""


@asynccontextmanager
async def open_services(settings: ChatSettings, shares: Shares) -> AsyncIterator[Services]:
    """Open everything; closed in reverse order, so that accepted posts are stored and stored events are sent."""
    rng = Random()
    tasks = BackgroundTasks(rng, time.monotonic)
    connections = connections_of(settings.database_pool_size)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(settings.database_url, connections.look_ups))
        await migrate(engine)
        redis = await stack.enter_async_context(open_redis(settings.redis_url, REDIS_CONNECTIONS))
        slow_mode_redis = await stack.enter_async_context(
            open_redis(settings.redis_url, SLOW_MODE_REDIS_CONNECTIONS)
        )
        readiness = Readiness(asyncpg_dsn(settings.database_url), redis, time.monotonic)
        stack.callback(readiness.close)
        background = await stack.enter_async_context(
            open_database(settings.database_url, connections.background)
        )
        outbox = OutboxRepository(background)
        acknowledgements = Acknowledgements(outbox)
        await stack.enter_async_context(tasks.running("outbox acknowledgements", acknowledgements.run))
        producer = EventProducer(settings.kafka_bootstrap_servers, acknowledgements.add)
        await stack.enter_async_context(producer.sending(tasks))
        await stack.enter_async_context(tasks.running("outbox relay", OutboxRelay(outbox, producer, rng).run))
        ended_sessions = EndedSessions()
        sessions_repository = EndedSessionsRepository(engine)
        poll = EndedSessionsPoll(ended_sessions, sessions_repository, datetime.fromtimestamp(0, UTC))
        await poll.poll()
        await stack.enter_async_context(tasks.running("ended sessions", poll.run))
        tokens = SessionTokens(settings.hotchat_secret, settings.hotchat_secrets_old, ended_sessions.has)
        known_rooms = KnownRooms()
        fetches = await stack.enter_async_context(
            open_fetches(
                settings=settings,
                known_rooms=known_rooms,
                redis=redis,
                tokens=tokens,
                shares=shares,
                tasks=tasks,
                rng=rng,
            )
        )
        blanking = Blanking(asyncpg_dsn(settings.database_url), rng)
        await stack.enter_async_context(tasks.running("blanking", blanking.run, is_vital=False))
        lists_lane = await stack.enter_async_context(
            open_read_lane(
                settings.database_url,
                connections.room_lists,
                "room lists",
                clock=time.monotonic,
                timeout_s=LIST_TIMEOUT_S,
            )
        )
        room_lists = RoomLists(lists_lane, fetches.hot_rooms, clock=time.monotonic)

        def hand_over(events: Sequence[CommittedEvent]) -> None:
            producer.offer(events)
            for event in events:
                is_deletion = event.type == "message.deleted"
                fetches.reads.wrote(event.room_id, event.seq, hides_text=is_deletion)
                if is_deletion:
                    blanking.wake()
            room_lists.wrote()

        writer = GroupCommitWriter(asyncpg_dsn(settings.database_url), hand_over, lambda: datetime.now(UTC))
        await stack.enter_async_context(writer.committing(tasks))
        retention = Retention(background, settings.event_retention_s, rng)
        await stack.enter_async_context(tasks.running("retention", retention.run, is_vital=False))
        internal_lane = await stack.enter_async_context(
            open_read_lane(
                settings.database_url,
                connections.internal,
                "internal calls",
                clock=time.monotonic,
                timeout_s=INTERNAL_TIMEOUT_S,
            )
        )
        search_lane = await stack.enter_async_context(
            open_read_lane(
                settings.database_url,
                connections.search,
                "search",
                clock=time.monotonic,
                timeout_s=STATEMENT_TIMEOUT_S,
            )
        )
        search = MessageSearch(search_lane, connections.search, clock=time.monotonic, rng=rng)
        rooms = RoomRepository(engine)
        room_settings = RoomSettingsCache(rooms, known_rooms, time.monotonic)
        rate_limits = RateLimits(settings, time.monotonic, rng)
        write_admission = WriteAdmission(
            rate_limits, room_settings, SlowMode(slow_mode_redis), writer, engine
        )
        handlers = (
            fetches.handler,
            RoomListHandler(room_lists, search, shares),
            SearchHandler(search, room_settings, shares),
            WriteHandler(tokens, write_admission, writer, settings.reaction_kinds, time.time),
        )
        yield Services(
            settings,
            shares,
            tasks,
            rng,
            engine,
            tokens,
            readiness,
            producer,
            ended_sessions,
            sessions_repository,
            UserRepository(engine),
            fetches.hot_rooms,
            fetches.reads,
            InternalReads(
                ReadRepository(internal_lane, known_rooms), fetches.hot_rooms, clock=time.monotonic
            ),
            rooms,
            room_settings,
            room_lists,
            rate_limits,
            write_admission,
            writer,
            FastPath(FAST_ROUTES, handlers, fetches.admission, calls=SHARE_OF),
        )
