"""The services of fetches, opened and closed together."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final
from uuid import UUID, uuid4

from redis.asyncio import Redis

from chat_server.fastpath.fetch_admission import FetchAdmission
from chat_server.fetch.event_waits import EventWaits
from chat_server.fetch.handler import FetchHandler
from chat_server.fetch.history_reads import HistoryReads, UnknownRoomReads
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.room_reads import RoomReads
from chat_server.hotchat.demand_counters import DemandCounters
from chat_server.hotchat.heat_rules import LiveHeatRules
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.hotchat.throttle_policy import ThrottlePolicy
from chat_server.hotchat.throttle_response import ThrottleResponses
from chat_server.limits.hot_room_buckets import HotRoomBuckets
from chat_server.limits.read_semaphore import read_semaphore
from chat_server.postgres.pools import connections_of
from chat_server.postgres.read_lane import STATEMENT_TIMEOUT_S, open_read_lane
from chat_server.rooms.room_access import RoomAccess
from chat_server.settings import ChatSettings
from server_kit.background_tasks import BackgroundTasks
from server_kit.http.asgi import Scope
from server_kit.limits.shares import Shares
from server_kit.limits.token_buckets import TokenBuckets
from server_kit.session_tokens import SessionTokens, session_in

OWN_REACTIONS_PER_S: Final = 100
"""Database queries a second that the sessions of one hot room may cause by asking for their own reactions."""

MAX_FIRST_READS_WAITING: Final = 64
"""Of one address: after a restart, everybody behind it reads their rooms again. Overflow rule: REFUSE, 429."""


@dataclass(frozen=True, slots=True)
class FetchServices:
    """The services of fetches, open while the server runs."""

    reads: RoomReads
    counters: DemandCounters
    hot_rooms: HotRooms
    admission: FetchAdmission
    handler: FetchHandler


@asynccontextmanager
async def open_fetch_services(
    *,
    settings: ChatSettings,
    heat: LiveHeatRules,
    access: RoomAccess,
    redis: Redis,
    tokens: SessionTokens,
    shares: Shares,
    event_waits: EventWaits,
    tasks: BackgroundTasks,
    rng: Random,
    clock: Callable[[], float],
    read_timeout_s: float = STATEMENT_TIMEOUT_S,
) -> AsyncIterator[FetchServices]:
    """Open until the block ends; the last counts are flushed then. `redis` returns bytes; `clock` is monotonic, in
    seconds. Postgres cancels a read after `read_timeout_s`."""
    counters = DemandCounters(redis, process_id=uuid4().hex, clock=clock)
    hot_rooms = HotRooms(redis, clock=clock)
    rules = heat.rules
    buckets = HotRoomBuckets(per_session_per_s=rules.fetch_per_client_per_s, session_burst=rules.fetch_burst)

    def identity(scope: Scope) -> UUID | None:
        session = session_in(scope, tokens, time.time())
        return None if session is None else session.user_id

    def address(scope: Scope) -> str:
        return shares.source_of(scope).address

    size = connections_of(settings.database_pool_size).visitors
    url = settings.database_url.get_secret_value()
    async with open_read_lane(url, size, "reads", clock=clock, timeout_s=read_timeout_s) as lane:
        repository = ReadRepository(lane, access.known)
        reads = RoomReads(repository, hot_rooms, clock=clock)
        history = HistoryReads(reads, read_semaphore(size, "reads of history", clock, rng))
        unknown = read_semaphore(
            size,
            "first reads of rooms",
            clock,
            rng,
            max_waiting_of_address=MAX_FIRST_READS_WAITING,
        )
        handler = FetchHandler(
            reads, history, UnknownRoomReads(reads, unknown), event_waits, identity, address
        )
        admission = FetchAdmission(
            heat,
            access=access,
            counters=counters,
            hot_rooms=hot_rooms,
            throttle_policy=ThrottlePolicy(rules, buckets),
            throttle_responses=ThrottleResponses(rng, mode=rules.mode),
            own_reactions=TokenBuckets(OWN_REACTIONS_PER_S, OWN_REACTIONS_PER_S),
            identity=identity,
            address=address,
            clock=clock,
        )
        async with (
            tasks.running("demand counters", counters.run),
            tasks.running("hot rooms", hot_rooms.run),
            tasks.running("event waits", partial(event_waits.run, repository.heads), is_vital=False),
        ):
            yield FetchServices(reads, counters, hot_rooms, admission, handler)
        await counters.flush()
