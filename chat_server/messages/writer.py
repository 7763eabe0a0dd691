"""Group commit: writes that arrive during a commit go into the next transaction.

There is no timer, so an idle writer adds no latency; under load one fsync serves hundreds of posts. Two lanes commit in
parallel, never for the same room.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final, Self, cast

import asyncpg
import orjson
from prometheus_client import Counter, Gauge, Histogram

from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.rules import FiltersChanged
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.operations import (
    EditMessage,
    MessageOperation,
    MessageResult,
    Operation,
    OperationResult,
    PostMessage,
    ReactionResult,
    SetReaction,
    checked_by,
)
from chat_server.messages.room_operations import (
    BanResult,
    BanUsers,
    ChangeRoom,
    ErasePerson,
    ErasureResult,
    LiftBan,
    LiftResult,
    PurgeResult,
    PurgeUsers,
    RoomResult,
)
from chat_server.messages.write_queue import Batch, PendingWrite, WriteQueue
from chat_server.messages.write_results import WRITES_FAILED, fail, resolve, unavailable
from chat_server.messages.write_transaction import CommitUnknown, Transaction, commit_writes, was_committed
from chat_server.postgres.commit_watchdog import CHECK_EVERY_S, SILENT_AFTER_S, PostgresProbe, SilenceDetector
from chat_server.postgres.dedicated_connection import DedicatedConnection
from chat_server.postgres.errors import CONNECTION_LOST, described, means_postgres_is_down
from server_kit.background_tasks import BackgroundTasks
from server_kit.dependency_status import DependencyStatus
from server_kit.http.problem import ChatError
from server_kit.limited_log import LimitedLog
from server_kit.session_tokens import Session

log = logging.getLogger(__name__)
rejections = LimitedLog(log, time.monotonic)

CONNECTION_NAME: Final = "hotchat writer"
"""Of its transactions, in pg_stat_activity."""

LANES: Final = 2
RETRIES: Final = 3
MAX_CHECKS: Final = 3
"""Of one text against ever newer filters. Overflow rule: REFUSE, 503."""

ANSWER_WITHIN_S: Final = 2.5

_RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_REJECTED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    orjson.JSONEncodeError,
    UnicodeError,
)
_REFUSABLE = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)

BATCH_WRITES = Histogram(
    "hotchat_write_batch_writes", "Writes in one transaction", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
WRITES_WAITING = Gauge(
    "hotchat_writes_waiting", "Writes that wait for a transaction (at most 10,000: REFUSE)"
)
ROOM_SKIPS = Counter(
    "hotchat_write_room_skips_total", "Times a room was skipped because another process held its lock"
)

AfterCommit = Callable[[Sequence[CommittedEvent]], None]


class GroupCommitWriter:
    """Stores operations and passes their events to `after_commit`, which must neither block nor raise."""

    def __init__(
        self, dsn: str, after_commit: AfterCommit, now: Callable[[], datetime], filters: FilterCache
    ) -> None:
        self._after_commit = after_commit
        self._filters = filters
        self._now = now
        self._queue = WriteQueue()
        WRITES_WAITING.set_function(lambda: self._queue.size)
        self._wakeups = [asyncio.Event() for _ in range(LANES)]
        self._lanes = [DedicatedConnection(dsn, CONNECTION_NAME) for _ in range(LANES)]
        self._postgres = DependencyStatus(log, store="Postgres", part="writer")
        self._silence = SilenceDetector()
        self._probe = PostgresProbe(dsn, self._answered)
        self._in_flight: list[Batch] = []
        self._is_closing = False

    @asynccontextmanager
    async def committing(self, tasks: BackgroundTasks) -> AsyncIterator[Self]:
        """Commit until the block ends, then finish the writes that still wait: an accepted post gets a response."""
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(tasks.running("writer watch", self._watch))
                await stack.enter_async_context(tasks.running("writer watchdog", self._probe.run))
                lanes = [
                    await stack.enter_async_context(
                        tasks.running(f"writer lane {number}", partial(self._run, lane, wakeup))
                    )
                    for number, (lane, wakeup) in enumerate(zip(self._lanes, self._wakeups, strict=True), 1)
                ]
                try:
                    yield self
                finally:
                    self._is_closing = True
                    self._wake()
                    await asyncio.wait(lanes, timeout=ANSWER_WITHIN_S)
        finally:
            fail(self._queue.drain(), unavailable(), "shutdown")
            for lane in self._lanes:
                lane.drop()

    async def store(self, operation: MessageOperation, session: Session | None = None) -> MessageResult:
        """Post, edit, delete or pin, unless the session was ended. Raises ChatError.

        A text that has met newer filters is checked against them here, without a lock, and stored at the next try.
        """
        for _ in range(MAX_CHECKS):
            try:
                return cast(MessageResult, await self._submit(operation, session))
            except FiltersChanged as changed:
                if not isinstance(operation, PostMessage | EditMessage):
                    raise
                operation = replace(operation, check=checked_by(changed.text_filter, operation))
        return cast(MessageResult, await self._submit(operation, session))

    async def react(self, operation: SetReaction, session: Session | None = None) -> ReactionResult:
        """Store a reaction, unless the session was ended. Raises ChatError."""
        return cast(ReactionResult, await self._submit(operation, session))

    async def ban(self, operation: BanUsers, session: Session | None = None) -> BanResult:
        """Ban people, unless the session was ended. Raises ChatError."""
        return cast(BanResult, await self._submit(operation, session))

    async def lift_ban(self, operation: LiftBan, session: Session | None = None) -> LiftResult:
        """Lift a ban, unless the session was ended. Raises ChatError."""
        return cast(LiftResult, await self._submit(operation, session))

    async def erase_person(self, operation: ErasePerson) -> ErasureResult:
        """Erase a person in one room. Their sessions have ended. Raises ChatError."""
        return cast(ErasureResult, await self._submit(operation, None))

    async def purge(self, operation: PurgeUsers, session: Session | None = None) -> PurgeResult:
        """Delete all messages of people in a room. Raises ChatError."""
        return cast(PurgeResult, await self._submit(operation, session))

    async def change_room(self, operation: ChangeRoom, session: Session | None = None) -> RoomResult:
        """Change a room, unless the session was ended. Raises ChatError."""
        return cast(RoomResult, await self._submit(operation, session))

    async def _submit(self, operation: Operation, session: Session | None) -> OperationResult:
        if self._silence.is_silent:
            WRITES_FAILED.labels("silence").inc()
            raise unavailable()
        loop = asyncio.get_running_loop()
        pending = PendingWrite(operation, loop.create_future(), loop.time(), session)
        self._queue.offer(pending)
        self._wake()
        return await pending.result

    async def _watch(self) -> None:
        """Refuse all waiting writes once Postgres is silent, and those that have waited too long.

        A refused write that commits anyway is found by its idempotency key on retry. One sweep covers all waiting
        writes; a timer per write would cost 10 % of a post.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            now_s = loop.time()
            if self._silence.needs_probe(now_s):
                self._probe.request()
            is_silent = self._silence.check(now_s)
            if is_silent and not self._postgres.is_down:
                self._postgres.failed(TimeoutError(f"no response for {SILENT_AFTER_S} s"))
            in_flight = chain.from_iterable(batch.writes for batch in self._in_flight)
            waiting = [w for w in chain(in_flight, self._queue.waiting()) if not w.result.done()]
            late = [w for w in waiting if is_silent or now_s - w.since_s >= ANSWER_WITHIN_S]
            if late:
                log.warning(
                    "%d writes are refused: Postgres is %s", len(late), "silent" if is_silent else "slow"
                )
                fail(late, unavailable(), "silence" if is_silent else "late")

    def _wake(self) -> None:
        for wakeup in self._wakeups:
            wakeup.set()

    async def _run(self, lane: DedicatedConnection, wakeup: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = self._queue.take()
            if batch is None:
                if self._is_closing:
                    return
                wakeup.clear()
                await wakeup.wait()
                continue
            skipped: set[str] = set()
            self._silence.transaction_began(loop.time())
            self._in_flight.append(batch)
            try:
                skipped = await self._settle(lane, batch, partial(self._queue.top_up, batch))
            except Exception:
                log.exception("A batch of %d writes failed unexpectedly", len(batch.writes))
                lane.drop()
                fail(batch.writes, unavailable(), "unexpected")
            finally:
                self._silence.transaction_ended(loop.time())
                self._in_flight.remove(batch)
                self._queue.release(batch, skipped)
                self._wake()

    async def _settle(
        self, lane: DedicatedConnection, batch: Batch, arrived: Callable[[], list[PendingWrite]] = list
    ) -> set[str]:
        """Give every write of the batch its result. Returns the rooms that were skipped, whose writes wait again.

        `arrived`: see `commit_writes`.
        """
        writes = [pending for pending in batch.writes if not pending.result.done()]
        if not writes:
            return set()
        for _ in range(RETRIES):
            try:
                connection = await lane.open()
                self._answered()
                return self._finish(
                    await commit_writes(
                        connection,
                        writes,
                        wait=batch.wait,
                        arrived=arrived,
                        now=self._now(),
                        answered=self._answered,
                        filters=self._filters,
                    )
                )
            except _RETRYABLE:
                continue
            except _REFUSABLE as error:
                fail(writes, unavailable(), error.sqlstate or "timeout")
                return set()
            except _REJECTED as error:
                await self._settle_halves(lane, writes, error)
                return set()
            except CommitUnknown as unknown:
                lane.drop()
                committed = await was_committed(lane, unknown)
                if committed:
                    return self._finish(unknown.transaction)
                if committed is None:
                    break
            except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                lane.drop()
                if means_postgres_is_down(error):
                    self._postgres.failed(error)
                else:
                    self._postgres.answered_with(error)
                if isinstance(error, ConnectionRefusedError | asyncpg.CannotConnectNowError):
                    break
        fail(writes, unavailable(), "connection")
        return set()

    async def _settle_halves(
        self, lane: DedicatedConnection, writes: list[PendingWrite], error: Exception
    ) -> None:
        """Run a batch that Postgres rejects again in halves, in order, so that only the rejected write fails."""
        if len(writes) == 1:
            rejections.warning("rejected", "One write cannot be stored: %s", described(error))
            detail = "The store does not accept this text; change it and send it again."
            fail(writes, ChatError("validation_failed", detail, errors=[]), "rejected")
            return
        middle = len(writes) // 2
        for half in (writes[:middle], writes[middle:]):
            await self._settle(lane, Batch(half, wait=True))

    def _answered(self) -> None:
        self._silence.answered(asyncio.get_running_loop().time())
        self._postgres.answered()

    def _finish(self, transaction: Transaction) -> set[str]:
        """Publish a committed transaction and resolve its writes. Returns the rooms that were skipped."""
        BATCH_WRITES.observe(len(transaction.writes))
        if transaction.result.events:
            self._after_commit(transaction.result.events)
        resolve(list(zip(transaction.writes, transaction.result.results, strict=True)))
        skipped = {pending.operation.room_id for pending in transaction.skipped}
        ROOM_SKIPS.inc(len(skipped))
        self._queue.put_back(transaction.skipped)
        return skipped
