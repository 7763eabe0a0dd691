"""Opens the stores and background tasks of chat_server, in order, and builds the services of its endpoints."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.fastpath.fetch_services import open_fetch_services
from chat_server.fastpath.router import FastPath
from chat_server.fastpath.routes import FAST_ROUTES
from chat_server.fetch.event_waits import EventWaits
from chat_server.fetch.internal_reads import InternalReads
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.room_reads import RoomReads
from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.filter_loader import FilterLoader
from chat_server.filters.repository import expire_recent_texts
from chat_server.health.readiness import Readiness
from chat_server.hotchat.heat_rules import LiveHeatRules, environment_rules
from chat_server.hotchat.overrides_copy import OverridesCopy
from chat_server.http.idempotency_key import expire_keys
from chat_server.http.services import Services
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.export_semaphore import export_semaphore
from chat_server.limits.host_shares import HostShares
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.post_limits import RateLimits
from chat_server.limits.read_semaphore import read_semaphore
from chat_server.limits.search_semaphore import search_semaphore
from chat_server.limits.slow_mode_store import SlowModeStore
from chat_server.messages.after_commit import AfterCommit
from chat_server.messages.held_repository import expire_held
from chat_server.messages.host_repository import expire_bans
from chat_server.messages.message_erasure import MessageErasure
from chat_server.messages.posting_preflight import PostingPreflight
from chat_server.messages.slow_mode_turns import SlowModeTurns
from chat_server.messages.write_admission import WriteAdmission
from chat_server.messages.write_handlers import WriteHandler
from chat_server.messages.writer import GroupCommitWriter
from chat_server.moderation.audit_log_retention import expire_log_entries, trim_logs
from chat_server.moderation.invites import InviteRepository, expire_invites
from chat_server.moderation.read_handlers import ModerationReads
from chat_server.moderation.read_repository import ModerationRepository
from chat_server.moderation.reports import ReportRepository, close_reports, expire_reports
from chat_server.moderation.same_text import SameTextSearch
from chat_server.ops.ban_repository import ServerBanRepository, expire_server_bans
from chat_server.ops.exemption_repository import ExemptionRepository, expire_exemptions
from chat_server.ops.log_repository import OperatorLogRepository
from chat_server.ops.override_repository import OverrideRepository
from chat_server.ops.own_figures import own_figures
from chat_server.ops.room_repository import OperatorRoomRepository
from chat_server.ops.server_purge import ServerPurge
from chat_server.ops.setting_overrides import SettingOverrides
from chat_server.ops.snapshot_composer import SnapshotComposer
from chat_server.ops.snapshot_feed import SnapshotFeed
from chat_server.ops.snapshot_repository import SnapshotRepository
from chat_server.outbox.acknowledgements import Acknowledgements
from chat_server.outbox.relay import OutboxRelay
from chat_server.outbox.repository import OutboxRepository
from chat_server.personal_data.erasure_repository import ErasureRequests, expire_erasures
from chat_server.personal_data.export import Exports
from chat_server.personal_data.person_erasure import PersonErasure
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.ids import RowId
from chat_server.postgres.migrate import prepare_database
from chat_server.postgres.pools import asyncpg_dsn, connections_of, open_database
from chat_server.postgres.read_lane import INTERNAL_TIMEOUT_S, open_read_lane
from chat_server.postgres.retention import Retention
from chat_server.postgres.wait_for_postgres import until_postgres_answers
from chat_server.rooms.access_repository import AccessRepository
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.list_handler import RoomListHandler
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.role_check import RoleCheck
from chat_server.rooms.room_access import RoomAccess
from chat_server.rooms.room_caches import RoomCaches
from chat_server.rooms.room_list import LIST_TIMEOUT_S, RoomLists
from chat_server.rooms.room_settings_cache import RoomSettingsCache
from chat_server.search.handler import SearchHandler
from chat_server.search.message_search import STATEMENT_TIMEOUT_S, MessageSearch
from chat_server.sessions.addresses import Addresses, expire_addresses
from chat_server.sessions.current import OperatorAccess
from chat_server.sessions.ended import EndedSessionsRepository, expire_ended_sessions, read_for_poll
from chat_server.sessions.operator_sessions import OperatorSessions
from chat_server.sessions.repository import UserRepository
from chat_server.settings import ChatSettings
from server_kit.background_tasks import BackgroundTasks
from server_kit.ended_sessions import EndedSessions, EndedSessionsPoll
from server_kit.limits.shares import Shares
from server_kit.limits.venue_exemptions import ExemptionsPoll
from server_kit.load_shedder import LoadShedder
from server_kit.malloc_trim import return_freed_memory
from server_kit.process_reports import ProcessReport
from server_kit.redis_client import open_redis
from server_kit.session_tokens import SessionTokens
from server_kit.stream_tickets import StreamTickets

REDIS_CONNECTIONS: Final = 8
SLOW_MODE_REDIS_CONNECTIONS: Final = 16
"""Separate from those of heat and health checks, so that a flood of posts in slow mode delays neither."""


class Sessions(NamedTuple):
    tokens: SessionTokens
    ended: EndedSessions
    repository: EndedSessionsRepository


@asynccontextmanager
async def open_services(
    settings: ChatSettings, shares: Shares, event_waits: EventWaits
) -> AsyncIterator[Services]:
    """Open everything; closed in reverse order, so that accepted posts are stored and stored events are sent."""
    rng = Random()
    secret, *old_secrets = settings.secrets()
    tasks = BackgroundTasks(rng, time.monotonic)
    shedder = LoadShedder(settings.shed_level, time.monotonic)
    connections = connections_of(settings.database_pool_size)
    database_url = settings.database_url.get_secret_value()
    redis_url = settings.redis_url.get_secret_value()
    dsn = asyncpg_dsn(database_url)
    async with AsyncExitStack() as stack:
        open_ = stack.enter_async_context
        engine = await open_(open_database(database_url, connections.look_ups))
        await prepare_database(database_url)
        background = await open_(open_database(database_url, connections.background))
        redis = await open_(open_redis(redis_url, REDIS_CONNECTIONS))
        slow_mode_redis = await open_(open_redis(redis_url, SLOW_MODE_REDIS_CONNECTIONS))
        readiness = Readiness(dsn, redis, time.monotonic)
        stack.callback(readiness.close)
        producer = await open_(_open_kafka(settings, background, tasks, rng))
        polls = await open_(open_database(database_url, connections.polls))
        sessions = await open_(_open_sessions(settings, engine, polls, tasks))
        heat = LiveHeatRules(environment_rules(settings))
        overrides = SettingOverrides(
            heat, OverrideRepository(engine), OverrideRepository(polls), OverridesCopy(redis)
        )
        await until_postgres_answers(overrides.open)
        await open_(tasks.running("setting overrides", overrides.run))
        exemptions = ExemptionsPoll(shares, ExemptionRepository(polls).in_force, STORE_ERRORS, time.time)
        await exemptions.poll()
        await open_(tasks.running("exemptions", exemptions.run, is_vital=False))
        known_rooms = KnownRooms()
        look_ups = LookUpSemaphore(
            connections.look_ups, lambda scope: shares.source_of(scope).address, time.monotonic, rng
        )
        rate_limits = RateLimits(settings, time.monotonic, rng)
        admin_token = settings.hotchat_admin_token.get_secret_value()
        operator_sessions = OperatorSessions(admin_token, secret, old_secrets)
        operator_access = OperatorAccess(
            sessions.tokens,
            admin_token,
            look_ups.address_of,
            rate_limits,
            operator_sessions,
        )
        access_repository = AccessRepository(engine)
        access = RoomAccess(
            access_repository,
            known_rooms,
            look_ups,
            lambda scope: operator_access.reader_of(scope, time.time()),
            time.monotonic,
        )
        fetches = await open_(
            open_fetch_services(
                settings=settings,
                heat=heat,
                access=access,
                redis=redis,
                tokens=sessions.tokens,
                shares=shares,
                event_waits=event_waits,
                tasks=tasks,
                rng=rng,
                clock=time.monotonic,
            )
        )
        lanes = {
            name: await open_(
                open_read_lane(database_url, size, name, clock=time.monotonic, timeout_s=timeout_s)
            )
            for name, size, timeout_s in (
                ("room lists", connections.room_lists, LIST_TIMEOUT_S),
                ("internal calls", connections.internal, INTERNAL_TIMEOUT_S),
                ("search", connections.search, STATEMENT_TIMEOUT_S),
                ("exports", connections.exports, INTERNAL_TIMEOUT_S),
            )
        }
        room_lists = RoomLists(lanes["room lists"], fetches.hot_rooms, clock=time.monotonic)
        filters = FilterCache()
        erasure = MessageErasure(dsn, rng)
        writer = await open_(
            _open_writer(dsn, producer, fetches.reads, event_waits, room_lists, filters, erasure, tasks)
        )
        person_erasure = PersonErasure(dsn, writer, erasure.wake, rng)
        await open_(tasks.running("person erasure", person_erasure.run, is_vital=False))
        retention = Retention(
            background,
            settings.event_retention_s,
            rng,
            (
                expire_ended_sessions,
                expire_keys,
                expire_bans,
                expire_server_bans,
                expire_held,
                expire_recent_texts,
                expire_invites,
                expire_log_entries,
                trim_logs,
                close_reports,
                expire_reports,
                expire_addresses,
                expire_erasures,
                expire_exemptions,
            ),
        )
        await open_(tasks.running("retention", retention.run, is_vital=False))
        await open_(tasks.running("memory return", return_freed_memory, is_vital=False))
        await open_(tasks.running("load shedding", shedder.run, is_vital=False))

        search = MessageSearch(lanes["search"], clock=time.monotonic)
        search_permits = search_semaphore(connections.search, time.monotonic, rng)
        list_permits = read_semaphore(connections.room_lists, "reads of the room list", time.monotonic, rng)
        rooms = RoomRepository(engine)
        room_settings = RoomSettingsCache(rooms, known_rooms, look_ups.by_address, time.monotonic)
        slow_mode_turns = SlowModeTurns(
            SlowModeStore(slow_mode_redis), fetches.hot_rooms, fetches.counters, time.time
        )
        heat.follow(slow_mode_turns.apply)
        write_admission = WriteAdmission(
            rate_limits,
            room_settings,
            slow_mode_turns,
            writer,
            engine,
            look_ups,
            FilterLoader(engine, filters, look_ups.by_address),
            access,
        )
        reports = ReportRepository(engine)
        control_room = await open_(open_database(database_url, connections.control_room))
        feed = SnapshotFeed(
            SnapshotComposer(
                SnapshotRepository(control_room), redis, fetches.hot_rooms, producer, heat, exemptions
            ).compose
        )
        await open_(tasks.running("control room", feed.run, is_vital=False))
        report = ProcessReport(
            redis,
            "chat_server",
            lambda: own_figures(
                is_ready=readiness.is_postgres_up and tasks.is_ready(),
                streams=feed.watchers,
                shed_level=shedder.level,
            ),
            time.monotonic,
        )
        stack.push_async_callback(report.withdraw)
        await open_(tasks.running("process report", report.run, is_vital=False))
        addresses = Addresses(engine, shares, settings.secrets()[0], time.monotonic)
        await open_(tasks.running("addresses", addresses.run, is_vital=False))
        server_bans = ServerBanRepository(engine)
        server_purge = ServerPurge(server_bans, writer, look_ups)
        await open_(tasks.running("purges over all rooms", server_purge.run, is_vital=False))
        roles = RoleCheck(access_repository, look_ups)
        posting = PostingPreflight(time.time)
        handlers = (
            fetches.handler,
            RoomListHandler(room_lists, list_permits, shares),
            SearchHandler(search, search_permits, room_settings, shares),
            ModerationReads(
                operator_access,
                write_admission,
                roles,
                ModerationRepository(engine),
                posting,
                reports,
                look_ups,
                time.time,
            ),
            WriteHandler(
                sessions.tokens, write_admission, writer, settings.reaction_kinds, addresses, time.time
            ),
        )
        yield Services(
            settings,
            shares,
            tasks,
            shedder,
            rng,
            engine,
            sessions.tokens,
            readiness,
            producer,
            sessions.ended,
            sessions.repository,
            UserRepository(engine),
            addresses,
            fetches.hot_rooms,
            InternalReads(
                ReadRepository(lanes["internal calls"], known_rooms), fetches.hot_rooms, clock=time.monotonic
            ),
            rooms,
            RoomCaches(room_settings, room_lists, fetches.reads, access),
            look_ups,
            rate_limits,
            operator_access,
            operator_sessions,
            access,
            access_repository,
            roles,
            HostShares(shares, time.monotonic, time.time),
            InviteRepository(engine),
            StreamTickets(secret, old_secrets),
            write_admission,
            posting,
            writer,
            erasure,
            reports,
            server_bans,
            server_purge,
            OperatorLogRepository(engine),
            OperatorRoomRepository(engine),
            heat,
            overrides,
            feed,
            exemptions,
            ExemptionRepository(engine),
            SameTextSearch(lanes["search"], search_permits),
            person_erasure,
            ErasureRequests(engine),
            Exports(lanes["exports"], export_semaphore(time.monotonic, rng)),
            FastPath(FAST_ROUTES, handlers, fetches.admission),
            fetches.handler,
            fetches.admission,
        )


@asynccontextmanager
async def _open_kafka(
    settings: ChatSettings, engine: AsyncEngine, tasks: BackgroundTasks, rng: Random
) -> AsyncIterator[EventProducer]:
    """The producer of events, the deletion of acknowledged outbox rows, and the relay of the other rows."""
    outbox = OutboxRepository(engine)
    acknowledgements = Acknowledgements(outbox)
    producer = EventProducer(settings.kafka_bootstrap_servers, acknowledgements.add)
    relay = OutboxRelay(outbox, producer, rng)
    async with (
        tasks.running("outbox acknowledgements", acknowledgements.run),
        producer.sending(tasks),
        tasks.running("outbox relay", relay.run),
    ):
        yield producer


@asynccontextmanager
async def _open_sessions(
    settings: ChatSettings, engine: AsyncEngine, poll_engine: AsyncEngine, tasks: BackgroundTasks
) -> AsyncIterator[Sessions]:
    """The tokens and the ended sessions; opens after the list of ended sessions was read."""
    ended = EndedSessions()
    repository = EndedSessionsRepository(engine)
    poll = EndedSessionsPoll(ended, read_for_poll(EndedSessionsRepository(poll_engine)), STORE_ERRORS)
    await until_postgres_answers(poll.poll)
    async with tasks.running("ended sessions", poll.run):
        secret, *old_secrets = settings.secrets()
        tokens = SessionTokens(secret, old_secrets, ended.has, RowId)
        yield Sessions(tokens, ended, repository)


@asynccontextmanager
async def _open_writer(
    dsn: str,
    producer: EventProducer,
    reads: RoomReads,
    event_waits: EventWaits,
    room_lists: RoomLists,
    filters: FilterCache,
    erasure: MessageErasure,
    tasks: BackgroundTasks,
) -> AsyncIterator[GroupCommitWriter]:
    """The writer, the step after its commits, and the erasure of what was deleted."""
    after_commit = AfterCommit(
        produce=producer.offer,
        rooms=reads,
        end_event_waits=event_waits.wrote,
        invalidate_room_lists=room_lists.wrote,
        wake_erasure=erasure.wake,
    )
    writer = GroupCommitWriter(dsn, after_commit, partial(datetime.now, UTC), filters)
    async with tasks.running("message erasure", erasure.run, is_vital=False), writer.committing(tasks):
        yield writer
