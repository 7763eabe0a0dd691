"""One transaction of writes: lock the rooms, read, apply the operations, write, commit."""

import asyncio
import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar, cast

import asyncpg
from prometheus_client import Counter, Histogram

from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.repository import read_missing_filters, read_recent_texts, write_recent_texts
from chat_server.http.errors import room_not_found
from chat_server.messages.apply_operations import apply_in_slices
from chat_server.messages.batch_rows import BatchInput
from chat_server.messages.batch_state import BatchResult
from chat_server.messages.held_repository import read_held, read_held_counts, write_held
from chat_server.messages.host_repository import (
    read_host_input,
    write_host_changes,
)
from chat_server.messages.operations import Operation
from chat_server.messages.read_plan import (
    filters_to_read,
    people_to_check,
    permitted,
    plan_reads,
    texts_to_compare,
)
from chat_server.messages.write_queue import PendingWrite
from chat_server.messages.write_repository import (
    Locked,
    is_committed,
    lock_rooms,
    read_messages_and_bans,
    read_reactions,
    wait_for_locks,
    write,
)
from chat_server.messages.write_results import fail
from chat_server.postgres.dedicated_connection import DedicatedConnection
from chat_server.postgres.errors import CONNECTION_LOST
from server_kit.session_tokens import session_ended

log = logging.getLogger(__name__)

OUTCOME_WITHIN_S: Final = 0.7
"""After this time the writes are refused although they may be stored. A repeat is recognized by its key."""

ASK_EVERY_S: Final = 0.05

COMMIT_SECONDS: Final = Histogram(
    "hotchat_write_commit_seconds",
    "Time of one transaction",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2),
)

HELD_REFUSED: Final = Counter(
    "hotchat_held_refused_total", "Posts refused because too many held messages wait for a decision"
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Transaction:
    """A committed transaction. `skipped`: the writes of rooms that another process had locked."""

    writes: list[PendingWrite] = field(default_factory=list)
    result: BatchResult = field(default_factory=BatchResult)
    skipped: list[PendingWrite] = field(default_factory=list)


class CommitUnknown(Exception):
    """The connection was lost at COMMIT: only the server knows whether the transaction was committed."""

    def __init__(self, xact_id: str, transaction: Transaction) -> None:
        self.xact_id = xact_id
        self.transaction = transaction


async def commit_writes(
    connection: asyncpg.Connection,
    writes: list[PendingWrite],
    *,
    wait: bool,
    arrived: Callable[[], list[PendingWrite]] = list,
    now: datetime,
    answered: Callable[[], None],
    filters: FilterCache,
) -> Transaction:
    """Store the writes in one transaction, except those whose session was ended: these fail here.

    `wait`: queue for locked rooms instead of skipping them. Then `arrived` returns further writes of the same rooms,
    which join `writes`: they came while it waited. `answered` is called after each response of Postgres.
    Raises CommitUnknown, one of CONNECTION_LOST, or asyncpg.PostgresError; except for the first, nothing was stored.
    """
    with COMMIT_SECONDS.time():
        await connection.execute("BEGIN")
        try:
            room_ids = sorted({pending.operation.room_id for pending in writes})
            if wait:
                await wait_for_locks(connection, room_ids)
                answered()
                writes += arrived()
            sessions = [pending.session for pending in writes if pending.session is not None]
            locked = await lock_rooms(connection, room_ids, sessions)
            answered()
            if locked.ended:
                fail([p for p in writes if p.is_of(locked.ended)], session_ended(), "session ended")
                writes = [p for p in writes if not p.is_of(locked.ended)]
            taken = [p for p in writes if p.operation.room_id in locked.rooms]
            skipped = [p for p in writes if p.operation.room_id not in locked.rooms]
            if wait:  # those rooms are not locked: they were deleted
                for pending in skipped:
                    fail([pending], room_not_found(pending.operation.room_id), "room deleted")
                skipped = []
            result = BatchResult()
            if taken:
                operations = [pending.operation for pending in taken]
                batch_input = await _read(connection, operations, locked, answered, filters)
                result = await _in_slices(apply_in_slices(operations, batch_input, now))
                if not result.is_empty:
                    await write(connection, result, now)
                    await write_host_changes(connection, result)
                    await write_held(connection, result)
                    await write_recent_texts(connection, list(result.recent_texts))
                    answered()
        except CONNECTION_LOST:
            connection.terminate()
            raise
        except BaseException:
            await _roll_back(connection)
            raise
        transaction = Transaction(taken, result, skipped)
        try:
            await connection.execute("COMMIT")
        except (*CONNECTION_LOST, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError) as error:
            if locked.xact_id is None or not result.events:
                raise  # without events a repeat of the transaction does no harm: it bans the same people again
            raise CommitUnknown(locked.xact_id, transaction) from error
        for room_id, text_filter in result.new_filters.items():
            filters.put(room_id, text_filter)
        HELD_REFUSED.inc(result.held_refused)
    return transaction


async def was_committed(lane: DedicatedConnection, unknown: CommitUnknown) -> bool | None:
    """Ask on a new connection whether the commit took effect; None if there is no answer within OUTCOME_WITHIN_S."""
    log.warning("The connection was lost at COMMIT of transaction %s", unknown.xact_id)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + OUTCOME_WITHIN_S
    while loop.time() < deadline_s:
        try:
            committed = await is_committed(await lane.open(), unknown.xact_id, unknown.transaction.result)
            if committed is not None:
                return committed
        except asyncpg.InvalidParameterValueError:
            return False  # an id that the server has not reached: it never logged the transaction
        except (*CONNECTION_LOST, asyncpg.PostgresError):
            lane.drop()
        await asyncio.sleep(ASK_EVERY_S)
    return None


async def _read(
    connection: asyncpg.Connection,
    operations: Sequence[Operation],
    locked: Locked,
    answered: Callable[[], None],
    filters: FilterCache,
) -> BatchInput:
    plan = plan_reads(operations, locked.rooms)
    assert locked.now is not None
    people = people_to_check(operations, plan.room_operations, locked.rooms)
    messages, bans = await read_messages_and_bans(
        connection, plan.message_ids, plan.idempotency_keys, people, locked.now
    )
    answered()
    reactions = await read_reactions(connection, plan.reactions)
    answered()
    texts = await _in_slices(texts_to_compare(operations, locked.rooms))
    batch_input = BatchInput(
        rooms=locked.rooms,
        messages={message.id: message for message in messages},
        by_key={(m.room_id, m.author_id, m.client_message_id): m.id for m in messages},
        reactions=reactions,
        now=locked.now,
        bans=bans,
        server_bans=locked.server_bans,
        filters=await read_missing_filters(connection, filters_to_read(operations, locked.rooms), filters),
        held=await read_held(connection, operations, locked.rooms),
        held_counts=await read_held_counts(connection, operations, locked.rooms),
        recent_texts=await read_recent_texts(connection, texts),
    )
    if room_operations := permitted(plan.room_operations, locked.rooms):
        batch_input.hosts = await read_host_input(connection, room_operations)
        answered()
    return batch_input


async def _in_slices(work: Generator[None, None, _T]) -> _T:
    """The generator's result; the event loop runs other callbacks wherever it yields."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(_T, end.value)
        await asyncio.sleep(0)


async def _roll_back(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (*CONNECTION_LOST, asyncpg.PostgresError):
        connection.terminate()
