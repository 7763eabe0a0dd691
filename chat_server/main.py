"""chat_server, put together: what is opened, in which order, and which layer sees a request first.

with_http_layers (request id, CORS) → share gate (refuses) → fetch gate (every GET of one room) →
write gate (posts, reactions) → policies of HTML → FastAPI (everything else) → the page
"""

import gc
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Final

from fastapi import FastAPI

from chat_server.config import ChatSettings
from chat_server.dependencies import Parts
from chat_server.fetch import documented_endpoints, internal_endpoints
from chat_server.fetch.gate import FetchGate
from chat_server.fetch.open_gate import open_fetch_gate
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.room_reads import RoomReads
from chat_server.health import endpoints as health
from chat_server.health.readiness import Readiness
from chat_server.http import client_config
from chat_server.http.errors import handle_errors
from chat_server.http.openapi import document
from chat_server.http.spa import SinglePageApp, with_html_policy
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.post_limits import RateLimits
from chat_server.limits.share_gate import ShareGate
from chat_server.limits.slow_mode import SlowMode
from chat_server.messages import endpoints as messages
from chat_server.messages import search_endpoint
from chat_server.messages.blanking import Blanking
from chat_server.messages.search import STATEMENT_TIMEOUT_S, MessageSearch
from chat_server.messages.write_gate import WriteGate
from chat_server.messages.writer import GroupCommitWriter
from chat_server.outbox.acknowledgements import Acknowledgements
from chat_server.outbox.relay import OutboxRelay
from chat_server.outbox.repository import OutboxRepository
from chat_server.postgres.migrate import migrate
from chat_server.postgres.pools import asyncpg_dsn, connections_of, open_database
from chat_server.postgres.read_lane import INTERNAL_TIMEOUT_S, open_read_lane
from chat_server.postgres.retention import Retention
from chat_server.rooms import endpoints as rooms
from chat_server.rooms.directory import RoomDirectory
from chat_server.rooms.list_gate import RoomListGate
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.room_list import LIST_TIMEOUT_S, RoomLists
from chat_server.sessions import endpoints as sessions
from chat_server.sessions.ended import EndedSessions, EndedSessionsPoll, EndedSessionsRepository
from chat_server.sessions.repository import UserRepository
from server_kit.background_tasks import BackgroundTasks
from server_kit.http.admission import Admission
from server_kit.http.asgi import ASGIApp, Gate, with_http_layers
from server_kit.http.docs_page import add_docs_page
from server_kit.http.metrics_page import metrics_router
from server_kit.loop_metrics import measured_loop
from server_kit.redis_client import open_redis
from server_kit.session_tokens import SessionTokens
from server_kit.shares import Shares

log = logging.getLogger(__name__)

REDIS_CONNECTIONS: Final = 8
SLOW_MODE_REDIS_CONNECTIONS: Final = 16
"""Apart from those of heat and health, so that a flood of posts in slow mode holds up neither."""

INTERNAL_CACHE_BYTES: Final = 32 * 1024 * 1024


def create_app() -> FastAPI:
    """The routes, without anything opened: enough for the OpenAPI document."""
    app = FastAPI(
        title="Hotchat chat_server",
        version=version("hotchat"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    handle_errors(app)
    for router in (
        sessions.router,
        rooms.router,
        messages.router,
        search_endpoint.router,
        documented_endpoints.router,
        client_config.router,
    ):
        app.include_router(router, prefix="/api/v1")
    app.include_router(internal_endpoints.router)
    app.include_router(health.router)
    app.include_router(metrics_router())
    add_docs_page(app)
    app.openapi = cache(partial(document, app))  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def open_parts(settings: ChatSettings, shares: Shares) -> AsyncIterator[tuple[Parts, FetchGate]]:
    """Open everything, in order; closed in reverse, so that taken posts are stored and stored events are sent."""
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
        gate = await stack.enter_async_context(
            open_fetch_gate(
                settings=settings,
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
        room_lists = RoomLists(lists_lane, gate.hot_rooms, clock=time.monotonic)

        def hand_over(events: Sequence[CommittedEvent]) -> None:
            producer.offer(events)
            for event in events:
                is_deletion = event.type == "message.deleted"
                gate.reads.wrote(event.room_id, event.seq, hides_text=is_deletion)
                if is_deletion:
                    blanking.wake()
            room_lists.wrote()

        writer = GroupCommitWriter(asyncpg_dsn(settings.database_url), hand_over, lambda: datetime.now(UTC))
        await stack.enter_async_context(writer.committing(tasks))
        retention = Retention(background, settings.event_retention_s, rng)
        await stack.enter_async_context(tasks.running("retention", retention.run, is_vital=False))
        internal = await stack.enter_async_context(
            open_read_lane(
                settings.database_url,
                connections.internal,
                "internal calls",
                clock=time.monotonic,
                timeout_s=INTERNAL_TIMEOUT_S,
            )
        )
        internal_reads = RoomReads(
            ReadRepository(internal),
            gate.hot_rooms,
            clock=time.monotonic,
            caches="internal ",
            max_bytes=INTERNAL_CACHE_BYTES,
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
        rooms_repository = RoomRepository(engine)
        yield (
            Parts(
                settings=settings,
                engine=engine,
                search=MessageSearch(search_lane, connections.search, clock=time.monotonic, rng=rng),
                redis=redis,
                tokens=tokens,
                writer=writer,
                producer=producer,
                rooms=rooms_repository,
                room_lists=room_lists,
                directory=RoomDirectory(rooms_repository, time.monotonic),
                users=UserRepository(engine),
                ended_sessions=ended_sessions,
                ended_sessions_repository=sessions_repository,
                hot_rooms=gate.hot_rooms,
                rate_limits=RateLimits(settings, time.monotonic, rng),
                slow_mode=SlowMode(slow_mode_redis),
                shares=shares,
                internal_reads=internal_reads,
                readiness=readiness,
                forget_room=gate.reads.forget,
                tasks=tasks,
                rng=rng,
            ),
            gate,
        )


def create_server(settings: ChatSettings, admission: Admission) -> ASGIApp:
    """The whole server as one ASGI app."""
    app = create_app()
    gates: list[Gate] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with open_parts(settings, admission.shares) as (parts, gate):
            app.state.parts = parts
            admission.tokens = parts.tokens
            warn_of_heating(settings, admission.shares)
            share_gate = ShareGate(
                parts.shares, parts.tokens, parts.hot_rooms.is_hot, time.monotonic, time.time
            )
            gates.extend((share_gate, gate, RoomListGate(parts.room_lists), WriteGate(parts, time.time)))
            app.openapi()  # kept from now on: it takes about 60 ms, and anyone may ask for it
            # What start-up made stays: without this the collector walks all of it, again and again, on hot paths.
            gc.collect()
            gc.freeze()
            with measured_loop(settings.loop_probe_ms):
                yield

    app.router.lifespan_context = lifespan
    if settings.spa_dir:
        page = SinglePageApp(
            Path(settings.spa_dir),
            stream_url=settings.public_stream_url or f"http://*:{settings.publish_port}",
            embed_ancestors=settings.embed_frame_ancestors,
        )
        app.mount("/", page)

    return with_http_layers(with_html_policy(app), settings.allowed_origins, admission, gates)


def warn_of_heating(settings: ChatSettings, shares: Shares) -> None:
    """Where limits by address are in force, one address should not be able to heat a room alone."""
    requests = shares.rate("requests")
    most_per_s = settings.requests_per_address_per_s * settings.chat_workers
    if requests is not None and most_per_s >= settings.hotchat_enter_per_s:
        log.warning(
            "One address can heat a room alone: REQUESTS_PER_ADDRESS_PER_S × CHAT_WORKERS is %g, "
            "HOTCHAT_ENTER_PER_S is %g. Lower the first or raise the second.",
            most_per_s,
            settings.hotchat_enter_per_s,
        )
