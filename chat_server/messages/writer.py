"""Group commit: what arrives while a commit is on its way goes into the next transaction.

No timer, so nothing is added when idle; under load one fsync serves hundreds of posts. Two lanes commit at the same
time, never for the same room.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final, Self, TypeVar, cast

import asyncpg
import orjson
from prometheus_client import Counter, Gauge, Histogram

from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.batch import SLICE, Known, Outcome, apply_in_slices, read_needs
from chat_server.messages.operations import MessageResult, Operation, OperationResult, ReactionResult
from chat_server.messages.write_queue import Batch, PendingWrite, WriteQueue
from chat_server.messages.write_repository import (
    is_committed,
    lock_rooms,
    read_messages,
    read_reactions,
    write,
)
from chat_server.postgres.commit_watchdog import CHECK_EVERY_S, PostgresProbe, SilenceDetector
from chat_server.postgres.dedicated_connection import CONNECTION_LOST, DedicatedConnection
from server_kit.background_tasks import BackgroundTasks
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session, session_ended

log = logging.getLogger(__name__)

LANES: Final = 2
RETRIES: Final = 3
ANSWER_WITHIN_S: Final = 2.5
OUTCOME_WITHIN_S: Final = 0.7
"""After that the writes are refused, though they may be stored: the same again is answered by its key."""

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
COMMIT_SECONDS = Histogram(
    "hotchat_write_commit_seconds",
    "Time of one transaction",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2),
)
WRITES_WAITING = Gauge(
    "hotchat_writes_waiting", "Writes that wait for a transaction (at most 10,000: REFUSE)"
)
WRITES_FAILED = Counter(
    "hotchat_writes_failed_total", "Writes answered with an error of the store", ["reason"]
)
ROOM_SKIPS = Counter(
    "hotchat_write_room_skips_total", "Times a room was passed by because another process held it"
)

_Result = TypeVar("_Result")

Handover = Callable[[Sequence[CommittedEvent]], None]


class _CommitUnknown(Exception):
    """The connection died at COMMIT: only the server knows whether it happened."""

    def __init__(
        self, xact_id: str, outcome: Outcome, taken: list[PendingWrite], passed_by: list[PendingWrite]
    ) -> None:
        self.xact_id = xact_id
        self.outcome = outcome
        self.taken = taken
        self.passed_by = passed_by


def _unavailable() -> ChatError:
    return ChatError(
        "store_unavailable",
        "Messages cannot be stored right now; send the same message again.",
        retry_after_s=1,
    )


class GroupCommitWriter:
    """Puts operations into transactions and hands their events over after the commit.

    `hand_over` must not block or raise: what it cannot take, the outbox relay sends.
    """

    def __init__(self, dsn: str, hand_over: Handover, now: Callable[[], datetime]) -> None:
        self._hand_over = hand_over
        self._now = now
        self._queue = WriteQueue()
        self._wakeups = [asyncio.Event() for _ in range(LANES)]
        self._lanes = [DedicatedConnection(dsn, "hotchat writer") for _ in range(LANES)]
        self._silence = SilenceDetector()
        self._probe = PostgresProbe(dsn, self._answered)
        self._in_flight: list[PendingWrite] = []
        self._is_closing = False

    @asynccontextmanager
    async def committing(self, tasks: BackgroundTasks) -> AsyncIterator[Self]:
        """Writes until the block ends, then finishes what waits: a post that was taken is answered."""
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
            for pending in self._queue.drain():
                _fail(pending, _unavailable())
            for lane in self._lanes:
                lane.drop()

    async def post(self, operation: Operation, session: Session | None = None) -> MessageResult:
        """Store a message operation, unless the session was ended. Raises ChatError."""
        return cast(MessageResult, await self._submit(operation, session))

    async def react(self, operation: Operation, session: Session | None = None) -> ReactionResult:
        """Store a reaction, unless the session was ended. Raises ChatError."""
        return cast(ReactionResult, await self._submit(operation, session))

    async def _submit(self, operation: Operation, session: Session | None) -> OperationResult:
        if self._silence.is_silent:
            WRITES_FAILED.labels("silence").inc()
            raise _unavailable()
        loop = asyncio.get_running_loop()
        pending = PendingWrite(operation, loop.create_future(), loop.time(), session)
        self._queue.offer(pending)
        self._wake()
        return await pending.result

    async def _watch(self) -> None:
        """Refuse what waits as soon as Postgres is silent, and what has waited too long.

        What it commits after all is found by the client's key. One look for all: a timer a write is a tenth of a post.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            now_s = loop.time()
            if self._silence.needs_probe(now_s):
                self._probe.request()
            is_silent = self._silence.check(now_s)
            waiting = [w for w in (*self._in_flight, *self._queue.waiting()) if not w.result.done()]
            late = [w for w in waiting if is_silent or now_s - w.since_s >= ANSWER_WITHIN_S]
            if late:
                log.warning(
                    "%d writes are refused: Postgres is %s", len(late), "silent" if is_silent else "slow"
                )
                _fail_all(late, _unavailable(), "silence" if is_silent else "late")

    def _wake(self) -> None:
        WRITES_WAITING.set(self._queue.size)
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
            room_ids = batch.room_ids()
            skipped: set[str] = set()
            self._silence.transaction_began(loop.time())
            self._in_flight += batch.writes
            try:
                skipped = await self._settle(lane, batch)
            except Exception:
                log.exception("A batch of %d writes failed unexpectedly", len(batch.writes))
                lane.drop()
                _fail_all(batch.writes, _unavailable(), "unexpected")
            finally:
                self._silence.transaction_ended(loop.time())
                done = set(map(id, batch.writes))
                self._in_flight = [pending for pending in self._in_flight if id(pending) not in done]
                self._queue.release(room_ids, skipped)
                self._wake()

    async def _settle(self, lane: DedicatedConnection, batch: Batch) -> set[str]:
        """Answer every write of the batch; returns the rooms that were passed by, their writes queued again."""
        writes = [pending for pending in batch.writes if not pending.result.done()]
        for attempt in range(1, RETRIES + 1):
            try:
                return await self._transact(lane, writes, wait=batch.wait)
            except _RETRYABLE:
                continue
            except _REFUSABLE as error:
                _fail_all(writes, _unavailable(), error.sqlstate or "timeout")
                return set()
            except _REJECTED as error:
                await self._settle_halves(lane, writes, batch.wait, error)
                return set()
            except _CommitUnknown as unknown:
                lane.drop()
                happened = await self._find_out(lane, unknown)
                if happened:
                    self._answer(unknown.taken, unknown.outcome)
                    return self._put_back(unknown.passed_by)
                if happened is None:
                    break
            except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                lane.drop()
                log.warning("The writer lost Postgres (attempt %d): %r", attempt, error)
                if isinstance(error, ConnectionRefusedError | asyncpg.CannotConnectNowError):
                    break
        _fail_all(writes, _unavailable(), "connection")
        return set()

    async def _settle_halves(
        self, lane: DedicatedConnection, writes: list[PendingWrite], wait: bool, error: Exception
    ) -> None:
        """A write that Postgres rejects fails alone: run the batch again in halves, in order."""
        if len(writes) == 1:
            log.warning("One write cannot be stored: %r", error)
            detail = "The store does not accept this text; change it and send it again."
            _fail_all(writes, ChatError("validation_failed", detail, errors=[]), "rejected")
            return
        middle = len(writes) // 2
        for half in (writes[:middle], writes[middle:]):
            await self._settle(lane, Batch(half, wait=True))

    async def _transact(
        self, lane: DedicatedConnection, writes: list[PendingWrite], *, wait: bool
    ) -> set[str]:
        if not writes:
            return set()
        connection = await lane.open()
        self._answered()
        now = self._now()
        with COMMIT_SECONDS.time():
            await connection.execute("BEGIN")
            try:
                room_ids = sorted({w.operation.room_id for w in writes})
                sessions = [w.session for w in writes if w.session is not None]
                rooms, ended, xact_id = await lock_rooms(connection, room_ids, sessions, wait=wait)
                if ended:
                    _fail_all([w for w in writes if w.is_of(ended)], session_ended(), "session ended")
                    writes = [w for w in writes if not w.is_of(ended)]
                taken = [w for w in writes if w.operation.room_id in rooms]
                passed_by = [w for w in writes if w.operation.room_id not in rooms]
                self._answered()
                outcome = Outcome()
                if taken:
                    operations = [w.operation for w in taken]
                    ids, keys, reaction_keys = read_needs(operations)
                    messages = await read_messages(connection, ids, keys)
                    self._answered()
                    known = Known(
                        rooms=rooms,
                        messages={m.id: m for m in messages},
                        by_key={(m.room_id, m.author_id, m.client_message_id): m.id for m in messages},
                        reactions=await read_reactions(connection, reaction_keys),
                    )
                    self._answered()
                    outcome = await _in_slices(apply_in_slices(operations, known, now))
                    if outcome.events:
                        await write(connection, outcome, now)
                        self._answered()
            except CONNECTION_LOST:
                connection.terminate()
                raise
            except BaseException:
                await _roll_back(connection)
                raise
            try:
                await connection.execute("COMMIT")
            except (*CONNECTION_LOST, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError) as error:
                if xact_id is None or not outcome.events:
                    raise
                raise _CommitUnknown(xact_id, outcome, taken, passed_by) from error
        BATCH_WRITES.observe(len(taken))
        self._answer(taken, outcome)
        return self._put_back(passed_by)

    def _answered(self) -> None:
        self._silence.answered(asyncio.get_running_loop().time())

    def _answer(self, writes: Sequence[PendingWrite], outcome: Outcome) -> None:
        if outcome.events:
            self._hand_over(outcome.events)
        _resolve(list(zip(writes, outcome.results, strict=True)))

    def _put_back(self, writes: list[PendingWrite]) -> set[str]:
        skipped = {write.operation.room_id for write in writes}
        ROOM_SKIPS.inc(len(skipped))
        self._queue.put_back(writes)
        return skipped

    async def _find_out(self, lane: DedicatedConnection, unknown: _CommitUnknown) -> bool | None:
        """Ask a new connection whether the commit happened; None when nobody can tell in time."""
        log.warning("The connection died at COMMIT of transaction %s", unknown.xact_id)
        deadline = asyncio.get_running_loop().time() + OUTCOME_WITHIN_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                happened = await is_committed(await lane.open(), unknown.xact_id, unknown.outcome)
                if happened is not None:
                    return happened
            except asyncpg.InvalidParameterValueError:
                return False  # an id that the server has not reached: it never wrote the transaction down
            except (*CONNECTION_LOST, asyncpg.PostgresError):
                lane.drop()
            await asyncio.sleep(0.05)
        return None


async def _in_slices(work: Generator[None, None, _Result]) -> _Result:
    """The result of the generator; the event loop runs other callbacks wherever it yields."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(_Result, end.value)
        await asyncio.sleep(0)


def _resolve(results: Sequence[tuple[PendingWrite, OperationResult | ChatError]]) -> None:
    """Answer the writes, SLICE in an iteration of the event loop: each answer makes its request send a response."""
    for pending, result in results[:SLICE]:
        if pending.result.done():
            continue
        if isinstance(result, ChatError):
            pending.result.set_exception(result)
        else:
            pending.result.set_result(result)
    if len(results) > SLICE:
        asyncio.get_running_loop().call_soon(_resolve, results[SLICE:])


async def _roll_back(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (*CONNECTION_LOST, asyncpg.PostgresError):
        connection.terminate()


def _fail(pending: PendingWrite, error: ChatError) -> None:
    if not pending.result.done():
        pending.result.set_exception(error)


def _fail_all(writes: Sequence[PendingWrite], error: ChatError, reason: str) -> None:
    WRITES_FAILED.labels(reason).inc(len(writes))
    for pending in writes:
        _fail(pending, error)
