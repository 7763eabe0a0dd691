"""Builds publish_server.

GET and HEAD of a stream (streams/routes.py) → StreamEndpoint, which needs the server's own `send`
everything else                              → with_http_layers (request id, CORS, admission)
                                               → PlaceEndpoint, or methods → FastAPI
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from random import Random
from typing import Final

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.types import Lifespan

from publish_server import health
from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.catch_up import CatchUp
from publish_server.fanout.flush_pacer import FlushPacer
from publish_server.fanout.followed_rooms import FollowedRooms
from publish_server.fanout.open_streams import OpenStreams
from publish_server.fanout.own_viewers import ViewersReport
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.fanout.room_list_streams import RoomListStreams
from publish_server.fanout.stalled_streams import StalledStreams
from publish_server.fanout.timer_wheel import TICK_S, TimerWheel
from publish_server.health import Readiness
from publish_server.ingest.event_consumer import EventConsumer
from publish_server.metrics import FLUSH_SECONDS, WRITES
from publish_server.recovery.access_checks import AccessChecks
from publish_server.recovery.catch_up_pages import CatchUpPages
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.recovery.head_check_queue import HeadCheckQueue
from publish_server.recovery.head_checks import HeadChecks
from publish_server.recovery.missing_events import MissingEvents
from publish_server.recovery.room_lookup import RoomLookup
from publish_server.rooms.hub import Hub
from publish_server.rooms.missing_tracker import MissingTracker
from publish_server.rooms.room_registry import RoomRegistry
from publish_server.scheduling.periodic_jobs import PeriodicJob, drain_work_queue, run_periodic
from publish_server.settings import PublishSettings
from publish_server.stream_queue.place_share import PlaceShare
from publish_server.stream_queue.place_tokens import PlaceTokens
from publish_server.stream_queue.redis_queue import RedisQueue
from publish_server.stream_queue.stream_admission import StreamAdmission
from publish_server.stream_queue.stream_slots import StreamSlots
from publish_server.streams.openapi import AppWithStreams
from publish_server.streams.place_endpoint import PlaceEndpoint
from publish_server.streams.routes import CHEAP_READS, PLACES, ROUTES, route_of
from publish_server.streams.shutdown import finish_streams
from publish_server.streams.stream_endpoint import StreamEndpoint
from server_kit.background_tasks import BackgroundTasks, Work
from server_kit.ended_sessions import EndedSessions, EndedSessionsPoll
from server_kit.file_descriptor_limit import SPARE_DESCRIPTORS, raise_descriptor_limit
from server_kit.garbage_collection import collect_rarely
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.docs_page import add_docs_page
from server_kit.http.error_handlers import handle_errors
from server_kit.http.http_layers import Responder, with_http_layers
from server_kit.http.methods import calls_of, with_methods
from server_kit.http.metrics_page import metrics_router
from server_kit.http.request_admission import Admission
from server_kit.limits.venue_exemptions import ExemptionsPoll
from server_kit.load_shedder import LoadShedder
from server_kit.loop_metrics import measured_loop
from server_kit.malloc_trim import return_freed_memory
from server_kit.process_reports import OwnFigures, ProcessReport, Totals, value_of
from server_kit.serve import serve
from server_kit.session_tokens import SessionTokens
from server_kit.settings import settings_or_exit
from server_kit.stream_tickets import StreamTickets

CHAT_TIMEOUT_S: Final = 2.0
STEP_S: Final = 0.05
DROP_IDLE_S: Final = 5.0

STREAMS_PART: Final = 0.95
"""Of the connections, streams leave the rest to people who wait for a stream, health checks and metrics."""

YOUNG_OBJECTS: Final = 50_000
"""Container objects between two garbage collections: streams make few reference cycles."""

PRIVATE_HEADS_S: Final = 1.0
"""Somebody who may no longer read a private room loses its stream within three of these while Kafka is down."""


def create_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """All routes except the streams. Without `lifespan` nothing is opened, which is enough for the OpenAPI document."""
    app = AppWithStreams(
        title="Hotchat publish_server",
        version=version("hotchat"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    handle_errors(app)
    app.include_router(health.router)
    app.include_router(metrics_router())
    add_docs_page(app)
    return app


@asynccontextmanager
async def running_server(
    settings: PublishSettings, admission: Admission, ended: EndedSessions, draining: asyncio.Event
) -> AsyncIterator[tuple[StreamEndpoint, PlaceEndpoint, BackgroundTasks, LoadShedder]]:
    """Open clients, build every object, start every task. Closed in reverse order."""
    clock = asyncio.get_running_loop().time
    rng = Random()
    secret, *old_secrets = settings.secrets()
    connections = min(settings.max_connections, raise_descriptor_limit() - SPARE_DESCRIPTORS)
    max_streams = min(settings.max_streams, max(1, int(connections * STREAMS_PART)))
    process_id = f"{socket.gethostname()}-{os.getpid()}-{rng.randbytes(4).hex()}"
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                timeout=CHAT_TIMEOUT_S, limits=httpx.Limits(max_connections=16), trust_env=False
            )
        )
        redis = await stack.enter_async_context(
            Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=1, socket_connect_timeout=1)
        )
        chat = ChatClient(http, settings.chat_urls(), settings.secrets())
        stack.push_async_callback(chat.close)
        shedder = LoadShedder(settings.shed_level, clock)
        # Rooms
        registry = RoomRegistry(
            ring_events=settings.ring_events, ring_bytes=settings.ring_bytes, max_rooms=settings.max_rooms
        )
        tracker = MissingTracker(clock)
        head_check_queue = HeadCheckQueue()
        # Streams and the writes to them
        stalled = StalledStreams(
            clock, stall_s=settings.stream_stall_s, max_buffered_bytes=settings.stalled_total_bytes
        )
        wheel = TimerWheel(clock, rng, ping_s=settings.stream_ping_s, lifetime_s=settings.stream_lifetime_s)
        open_streams = OpenStreams(stalled, wheel)
        replay_queue = ReplayQueue(clock)
        pages = CatchUpPages(chat, replay_queue.push, clock=clock, max_bytes=settings.replay_total_bytes)
        lists = RoomListStreams(open_streams, clock)
        broadcaster = Broadcaster(replay_queue, FlushPacer(), shedder, clock)
        access_checks = AccessChecks(chat)
        followed_rooms = FollowedRooms(
            registry,
            tracker,
            open_streams,
            lists,
            CatchUp(pages),
            replay_queue,
            head_check_queue,
            broadcaster,
            access_checks,
            clock,
        )
        # What enters the rooms
        hub = Hub(
            registry,
            tracker,
            followed_rooms,
            rings_total_bytes=settings.rings_total_bytes,
            shedder=shedder,
            is_draining=draining.is_set,
            clock=clock,
        )
        head_checks = HeadChecks(
            hub, registry, head_check_queue, chat, interval_s=settings.head_check_s, clock=clock, rng=rng
        )
        missing_events = MissingEvents(hub, tracker, chat)
        consumer = EventConsumer(
            hub,
            settings.kafka_bootstrap_servers,
            settings.kafka_fetch_max_wait_ms,
            head_check_queue.add_all,
            rng,
        )
        viewers = ViewersReport(followed_rooms.subscriber_counts, redis, process_id)
        slots = StreamSlots(max_streams, lambda: open_streams.count, draining.is_set, clock)
        queue = RedisQueue(redis, process_id, clock)
        stream_admission = StreamAdmission(
            slots,
            queue,
            PlaceTokens(secret, old_secrets),
            PlaceShare(admission.shares.count("places"), clock),
            clock=clock,
            rng=rng,
        )
        tasks = BackgroundTasks(rng, clock)
        report = ProcessReport(
            redis,
            "publish_server",
            lambda: OwnFigures(
                is_ready=tasks.is_ready() and not draining.is_set(),
                streams=open_streams.count,
                shed_level=shedder.level,
                totals=Totals(deliveries=value_of(WRITES), flushes=value_of(FLUSH_SECONDS, "_count")),
                kafka_lag_events=consumer.lag_events(),
            ),
            clock,
        )
        stack.push_async_callback(report.withdraw)
        stack.push_async_callback(missing_events.close)
        stack.push_async_callback(pages.close)
        stack.push_async_callback(viewers.withdraw)
        stack.push_async_callback(queue.withdraw)
        # Background tasks
        jobs = (
            PeriodicJob(STEP_S, missing_events.fetch_due),
            PeriodicJob(STEP_S, followed_rooms.send_delayed_updates),
            PeriodicJob(STEP_S, followed_rooms.flush_calm_lanes),
            PeriodicJob(STEP_S, lists.end_pauses),
            PeriodicJob(STEP_S, broadcaster.wake_postponed),
            PeriodicJob(TICK_S, wheel.tick),
            PeriodicJob(TICK_S, stalled.cut_overdue),
            PeriodicJob(PRIVATE_HEADS_S, followed_rooms.check_private_heads),
            PeriodicJob(DROP_IDLE_S, followed_rooms.drop_idle),
            PeriodicJob(DROP_IDLE_S, pages.drop_unused),
            PeriodicJob(DROP_IDLE_S, hub.measure_rings),
        )
        vital: dict[str, Work] = {
            "access checks": partial(access_checks.run, followed_rooms),
            "access of new streams": access_checks.check_waiting,
            "broadcaster": broadcaster.run,
            "consumer": consumer.run,
            "head checks": head_checks.run,
            "periodic jobs": partial(run_periodic, jobs, clock),
            "replay queue": partial(drain_work_queue, replay_queue, clock),
            "room-list streams": partial(drain_work_queue, lists, clock),
            "shutdown": partial(finish_streams, open_streams, broadcaster, draining),
        }
        for name, work in vital.items():
            await stack.enter_async_context(tasks.running(name, work))
        others: tuple[tuple[str, Work], ...] = (
            ("viewers report", viewers.run),
            ("memory return", return_freed_memory),
            ("load shedding", shedder.run),
            ("places report", stream_admission.run),
            ("process report", report.run),
        )
        for name, work in others:
            await stack.enter_async_context(tasks.running(name, work, is_vital=False))
        ended_poll = EndedSessionsPoll(ended, chat.ended_sessions, (ChatUnavailable,))
        await stack.enter_async_context(tasks.running("ended sessions", ended_poll.run, is_vital=False))
        exemptions = ExemptionsPoll(admission.shares, chat.exemptions, (ChatUnavailable,), time.time)
        await stack.enter_async_context(tasks.running("exemptions", exemptions.run, is_vital=False))
        endpoint = StreamEndpoint(
            followed_rooms,
            lists,
            RoomLookup(chat),
            access_checks,
            StreamTickets(secret, old_secrets),
            stream_admission,
            is_draining=draining.is_set,
            send_buffer_bytes=settings.stream_send_buffer_bytes,
            stall_s=settings.stream_stall_s,
            gzip=settings.stream_gzip,
            allowed_origins=settings.allowed_origins,
            admission=admission,
            rng=rng,
        )
        open_streams.return_token = stream_admission.return_token
        collect_rarely(YOUNG_OBJECTS)
        yield endpoint, PlaceEndpoint(stream_admission, admission), tasks, shedder


class PublishServer:
    """The whole server as one ASGI app."""

    def __init__(self, settings: PublishSettings) -> None:
        self._endpoint: StreamEndpoint | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining = asyncio.Event()
        self._responders: list[Responder] = []
        ended = EndedSessions()
        secret, *old_secrets = settings.secrets()
        self.admission = admission = Admission(
            settings,
            Random(),
            page_port=settings.chat_port,
            tokens=SessionTokens(secret, old_secrets, ended.has),
        )

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with running_server(settings, admission, ended, self._draining) as running:
                endpoint, places, tasks, shedder = running
                self._loop = asyncio.get_running_loop()
                self._endpoint = endpoint
                self._responders.append(places)
                app.state.readiness = Readiness(tasks, self._draining, shedder)
                with measured_loop(settings.loop_probe_ms):
                    yield

        app = create_app(lifespan)
        calls = [*calls_of(app), *(("GET", route.path) for route in ROUTES), ("POST", PLACES.path)]
        self._other = with_http_layers(
            with_methods(app, calls), settings.allowed_origins, admission, self._responders
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and self._endpoint is not None
            and route_of(scope["path"]) is not None
        ):
            await self._endpoint(scope, receive, send)
        else:
            await self._other(scope, receive, send)

    def begin_draining(self) -> None:
        """May be called from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._draining.set)


def main() -> None:
    settings = settings_or_exit(PublishSettings)
    app = PublishServer(settings)
    serve(app, settings, settings.publish_port, app.admission.shares, CHEAP_READS, on_stop=app.begin_draining)
