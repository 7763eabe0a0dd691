"""chat_server as one ASGI app, and which layer sees a request first.

memory answers (fetches whose response is in memory; the checks of the next three layers in one call) →
with_http_layers (request id, CORS, admission) → share responder → fast path (fastpath/routes.py) → policies of HTML →
methods of each path (HEAD as GET, 405, 404) → FastAPI (all other endpoints) → the built frontend
"""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from chat_server.dependencies import open_services
from chat_server.fastpath.call_shares import SHARE_OF
from chat_server.fastpath.fetch_admission import FetchAdmission
from chat_server.fastpath.immediate_answers import ImmediateAnswers
from chat_server.fastpath.openapi import fast_path_entries
from chat_server.fastpath.router import FastPath
from chat_server.fastpath.routes import FAST_ROUTES
from chat_server.fastpath.share_limiter import ShareLimiter
from chat_server.fetch import internal_endpoints
from chat_server.fetch.event_waits import EventWaits
from chat_server.fetch.handler import FetchHandler
from chat_server.health import endpoints as health
from chat_server.hotchat.heat_rules import LiveHeatRules
from chat_server.http import client_config
from chat_server.http.errors import handle_store_errors
from chat_server.http.openapi import document
from chat_server.http.spa import SinglePageApp, with_html_policy
from chat_server.limits.heating_warning import heating_warning
from chat_server.messages import endpoints as messages
from chat_server.messages import typing
from chat_server.messages.schemas import MessageDraft, MessageEdit
from chat_server.moderation import endpoints as moderation
from chat_server.moderation import invite_endpoints as invites
from chat_server.moderation import owner_endpoints as owners
from chat_server.moderation import report_endpoints as reports
from chat_server.moderation.invite_schemas import AcceptRequest, InviteRequest
from chat_server.moderation.schemas import (
    BanRequest,
    BansRequest,
    OwnerRequest,
    RecoveryRequest,
    ReportRequest,
)
from chat_server.ops import ban_endpoints as ops_bans
from chat_server.ops import exemption_endpoints as ops_exemptions
from chat_server.ops import log_endpoints as ops_log
from chat_server.ops import room_endpoints as ops_rooms
from chat_server.ops import session_endpoints as ops_session
from chat_server.ops import settings_endpoints as ops_settings
from chat_server.ops import stream_endpoints as ops_stream
from chat_server.ops.exemption_endpoints import ExemptionRequest
from chat_server.ops.schemas import ServerBanRequest, ServerBansRequest
from chat_server.ops.session_endpoints import OperatorTokenRequest
from chat_server.ops.settings_schemas import HeatSettingsPatch
from chat_server.personal_data import endpoints as personal_data
from chat_server.rooms import endpoints as rooms
from chat_server.rooms import ticket_endpoints as tickets
from chat_server.rooms.schemas import RoomPatch, RoomRequest
from chat_server.rooms.ticket_endpoints import TicketsRequest
from chat_server.sessions import endpoints as sessions
from chat_server.sessions.schemas import SessionRequest
from chat_server.settings import ChatSettings
from server_kit.garbage_collection import collect_rarely
from server_kit.http.asgi import ASGIApp
from server_kit.http.connections import ANSWER_AT_ONCE
from server_kit.http.docs_page import add_docs_page
from server_kit.http.error_handlers import handle_errors
from server_kit.http.http_layers import Responder, with_http_layers
from server_kit.http.methods import with_methods
from server_kit.http.metrics_page import metrics_router
from server_kit.http.request_admission import Admission
from server_kit.limits.shares import Shares
from server_kit.loop_metrics import measured_loop
from server_kit.session_tokens import SessionTokens

log = logging.getLogger(__name__)

YOUNG_OBJECTS: Final = 5_000
"""Container objects between two garbage collections, of 1.5 ms each."""

_BODIES: Final[tuple[type[BaseModel], ...]] = (
    AcceptRequest,
    BanRequest,
    BansRequest,
    ExemptionRequest,
    HeatSettingsPatch,
    InviteRequest,
    MessageDraft,
    MessageEdit,
    OperatorTokenRequest,
    OwnerRequest,
    RecoveryRequest,
    ReportRequest,
    RoomPatch,
    RoomRequest,
    ServerBanRequest,
    ServerBansRequest,
    SessionRequest,
    TicketsRequest,
)


def create_app() -> FastAPI:
    """FastAPI's routes and the OpenAPI document. Opens no store."""
    app = FastAPI(
        title="Hotchat chat_server",
        version=version("hotchat"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    handle_errors(app)
    handle_store_errors(app)
    for router in (
        sessions.router,
        personal_data.router,
        rooms.router,
        moderation.router,
        owners.router,
        reports.router,
        invites.router,
        ops_bans.router,
        ops_log.router,
        ops_rooms.router,
        ops_session.router,
        ops_settings.router,
        ops_stream.router,
        ops_exemptions.router,
        tickets.router,
        typing.router,
        messages.router,
        client_config.router,
    ):
        app.include_router(router, prefix="/api/v1")
    app.include_router(internal_endpoints.router)
    app.include_router(health.router)
    app.include_router(metrics_router())
    add_docs_page(app)
    app.openapi = cache(partial(document, app, _BODIES, *fast_path_entries(FAST_ROUTES)))  # type: ignore[method-assign]
    return app


def create_server(settings: ChatSettings, admission: Admission, event_waits: EventWaits) -> ASGIApp:
    """The whole server as one ASGI app. `event_waits` must be closed before its connections are."""
    app = create_app()
    responders: list[Responder] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with open_services(settings, admission.shares, event_waits) as services:
            app.state.services = services
            tokens = admission.tokens = services.get(SessionTokens)
            services.get(LiveHeatRules).follow(
                lambda rules: warn_of_heating(settings, rules.enter_per_s, admission.shares)
            )
            share_limiter = ShareLimiter(
                SHARE_OF,
                admission.shares,
                tokens,
                services.get(FetchAdmission).throttles,
                time.monotonic,
                time.time,
            )
            fast_path = services.get(FastPath)
            responders.extend((share_limiter, fast_path))
            immediate_answers = ImmediateAnswers(
                fast_path, services.get(FetchHandler), services.get(FetchAdmission), share_limiter, admission
            )
            app.openapi()  # cached from now on: building it takes about 60 ms, and any client may request it
            collect_rarely(YOUNG_OBJECTS)
            with measured_loop(settings.loop_probe_ms):
                yield {ANSWER_AT_ONCE: immediate_answers}

    app.router.lifespan_context = lifespan
    if settings.spa_dir:
        page = SinglePageApp(
            Path(settings.spa_dir),
            stream_url=settings.public_stream_url or f"http://*:{settings.publish_port}",
            embed_ancestors=settings.embed_frame_ancestors,
        )
        app.mount("/", page)

    return with_http_layers(
        with_html_policy(with_methods(app, SHARE_OF)), settings.allowed_origins, admission, responders
    )


def warn_of_heating(settings: ChatSettings, enter_per_s: float, shares: Shares) -> None:
    """Log the warning, if there is one."""
    warning = heating_warning(settings, enter_per_s, shares)
    if warning is not None:
        log.warning(warning)
