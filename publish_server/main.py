"""publish_server, put together.

GET /stream/v1/rooms, GET /stream/v1/rooms/{room_id} → StreamEndpoint, which needs the server's own `send`
everything else                                      → with_http_layers (request id, CORS) → FastAPI
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from random import Random
from types import FrameType
from typing import Final

import httpx
from fastapi import FastAPI

from publish_server import health
from publish_server.config import PublishSettings
from publish_server.errors import handle_errors
from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.open_streams import OpenStreams
from publish_server.fanout.pacer import FlushPacer
from publish_server.fanout.room_list_streams import RoomLists
from publish_server.fanout.subscribers import Subscribers
from publish_server.fanout.timer_wheel import StreamTimer
from publish_server.fanout.viewers_report import ViewersReport
from publish_server.ingest.event_consumer import EventConsumer
from publish_server.parts import Parts
from publish_server.recovery.catch_up_pages import History
from publish_server.recovery.chat_client import ChatClient
from publish_server.recovery.head_checks import HeadChecks, Healing
from publish_server.rooms.hub import Hub
from publish_server.scheduling.background_tasks import drain, keep_house, pump
from publish_server.streams import openapi as documented_endpoints
from publish_server.streams.stream_endpoint import StreamEndpoint
from server_kit.background_tasks import BackgroundTasks, Work
from server_kit.file_descriptor_limit import SPARE_DESCRIPTORS, raise_descriptor_limit
from server_kit.http.admission import Admission
from server_kit.http.asgi import Receive, Scope, Send, with_http_layers
from server_kit.http.docs_page import add_docs_page
from server_kit.http.metrics_page import metrics_router
from server_kit.loop_metrics import measured_loop
from server_kit.redis_client import open_redis
from server_kit.serve import GuardedServer, serve
from server_kit.session_tokens import SessionTokens
from server_kit.settings import settings_or_exit

log = logging.getLogger(__name__)

CHAT_TIMEOUT_S: Final = 2.0
REDIS_CONNECTIONS: Final = 4


def create_app() -> FastAPI:
    """The routes, without anything opened: enough for the OpenAPI document."""
    app = FastAPI(
        title="Hotchat publish_server",
        version=version("hotchat"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    handle_errors(app)
    app.include_router(documented_endpoints.router, tags=["streams"])
    app.include_router(health.router)
    app.include_router(metrics_router())
    add_docs_page(app)
    return app


@asynccontextmanager
async def open_parts(
    settings: PublishSettings, admission: Admission, draining: asyncio.Event
) -> AsyncIterator[Parts]:
    """Everything that runs, closed in reverse order."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    rng = Random()
    max_streams = min(settings.max_streams, max(1, raise_descriptor_limit() - 2 * SPARE_DESCRIPTORS))
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                timeout=CHAT_TIMEOUT_S, limits=httpx.Limits(max_connections=16), trust_env=False
            )
        )
        redis = await stack.enter_async_context(open_redis(settings.redis_url, REDIS_CONNECTIONS))
        client = ChatClient(
            http, settings.chat_urls(), (settings.hotchat_secret, *settings.hotchat_secrets_old)
        )
        open_streams = OpenStreams(clock, settings.stalled_total_bytes)
        subscribers = Subscribers(open_streams)
        lists = RoomLists(open_streams)
        broadcaster = Broadcaster(subscribers, FlushPacer(), clock)
        hub = Hub(
            subscribers,
            broadcaster,
            lists,
            ring_events=settings.ring_events,
            ring_bytes=settings.ring_bytes,
            rings_total_bytes=settings.rings_total_bytes,
            max_rooms=settings.max_rooms,
            clock=clock,
        )
        head_checks = HeadChecks(hub, client, settings.head_check_s, rng)
        healing = Healing(hub, client, clock)
        history = History(client, subscribers.advance_soon, clock, settings.replay_total_bytes)
        timer = StreamTimer(
            open_streams,
            ping_s=settings.stream_ping_s,
            lifetime_s=settings.stream_lifetime_s,
            stall_s=settings.stream_stall_s,
            clock=clock,
            rng=rng,
        )
        pumping, pumping_lists = asyncio.Event(), asyncio.Event()
        subscribers.pages = history
        subscribers.ask_head = head_checks.ask
        open_streams.on_left = timer.remove
        subscribers.wake_pump = pumping.set
        lists.wake_pump = pumping_lists.set
        consumer = EventConsumer(
            hub,
            settings.kafka_bootstrap_servers,
            settings.kafka_fetch_max_wait_ms,
            head_checks.check_all,
            rng,
        )
        viewers = ViewersReport(hub, redis, f"{socket.gethostname()}-{os.getpid()}-{rng.randbytes(4).hex()}")
        stack.push_async_callback(healing.close)
        stack.push_async_callback(history.close)
        stack.push_async_callback(viewers.withdraw)
        tasks = BackgroundTasks(rng, clock)
        vital: dict[str, Work] = {
            "broadcaster": broadcaster.run,
            "consumer": consumer.run,
            "head checks": head_checks.run,
            "housekeeping": partial(keep_house, hub, healing, timer),
            "pump": partial(pump, subscribers, pumping, clock),
            "pump of lists": partial(pump, lists, pumping_lists, clock),
            "drain": partial(drain, hub, timer, draining),
        }
        for name, work in vital.items():
            await stack.enter_async_context(tasks.running(name, work))
        await stack.enter_async_context(tasks.running("viewers report", viewers.run, is_vital=False))
        endpoint = StreamEndpoint(
            hub,
            timer,
            max_streams=max_streams,
            send_buffer_bytes=settings.stream_send_buffer_bytes,
            stall_s=settings.stream_stall_s,
            gzip=settings.stream_gzip,
            allowed_origins=settings.allowed_origins,
            admission=admission,
            rng=rng,
        )
        settle_garbage_collector()
        yield Parts(hub=hub, stream_endpoint=endpoint, tasks=tasks)


def settle_garbage_collector() -> None:
    """What is here at start stays: no collection needs to look at it again, and streams make hardly any cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class PublishServer:
    """The whole server as one ASGI app."""

    def __init__(self, settings: PublishSettings) -> None:
        self._app = create_app()
        self._endpoint: StreamEndpoint | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining = asyncio.Event()
        self.admission = admission = Admission(settings, Random(), page_port=settings.chat_port)
        admission.tokens = SessionTokens(settings.hotchat_secret, settings.hotchat_secrets_old)

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with open_parts(settings, admission, self._draining) as parts:
                self._loop = asyncio.get_running_loop()
                self._endpoint = parts.stream_endpoint
                app.state.parts = parts
                with measured_loop(settings.loop_probe_ms):
                    yield

        self._app.router.lifespan_context = lifespan
        self._other = with_http_layers(self._app, settings.allowed_origins, admission)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and self._endpoint is not None
            and self._endpoint.takes(scope["path"])
        ):
            await self._endpoint(scope, receive, send)
        else:
            await self._other(scope, receive, send)

    def begin_draining(self) -> None:
        """May be called from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._draining.set)


class DrainingServer(GuardedServer):
    """Draining begins at the signal: uvicorn's own lifespan shutdown comes only after all connections are closed."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        app = self.config.app
        assert isinstance(app, PublishServer)
        app.begin_draining()


def main() -> None:
    settings = settings_or_exit(PublishSettings)
    app = PublishServer(settings)
    serve(app, settings, settings.publish_port, app.admission.shares, DrainingServer)
