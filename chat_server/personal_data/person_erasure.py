"""Erases people who asked for it, stage by stage, in steps of bounded size.

First each of their rooms commits a purge, which every reader sees; posts share no transaction with the rest. What the
rooms do not show at once follows in passes over all rooms, for several people together. Another process, or the next
start, goes on where a process stopped.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from enum import IntEnum
from functools import partial
from random import Random
from typing import Final

import asyncpg

from chat_contract.erased_people import DELETED_NICKNAME
from chat_server.messages.room_operations import ErasePerson
from chat_server.messages.writer import GroupCommitWriter
from chat_server.personal_data.erasure_repository import (
    PEOPLE_PER_PASS,
    ROOMS_PER_STEP,
    Erasure,
    advance,
    erasures_in,
    finish,
    forget_in_rooms,
    old_enough,
    postpone,
    replace_in_events,
    replace_in_tables,
    replace_reactions,
    rooms_of_messages,
    rooms_of_roles,
    same_step,
)
from chat_server.postgres.dedicated_connection import DedicatedConnection
from chat_server.postgres.errors import CONNECTION_LOST
from server_kit.background_steps import run_steps, set_or_timeout
from server_kit.http.problem import ChatError

log = logging.getLogger(__name__)

LOCK: Final = 0x686F7463686173
"""The process that holds this advisory lock works; Postgres frees it with the process's connection."""

SETTLE_AFTER: Final = timedelta(seconds=10)
"""Writes that began before the sessions ended are committed by then."""

SWEEP_S: Final = 5.0
"""How often a process checks for work that another process left behind, or that was too recent."""


class Stage(IntEnum):
    """The stages of an erasure. The second walk finds what was written while the sessions ended."""

    MESSAGES = 0
    ROLES = 1
    SETTLING = 2
    LATE_MESSAGES = 3
    LATE_ROLES = 4
    REWRITTEN = 5
    REACTIONS = 6
    EVENTS = 7
    FINISHED = 8


SHOWN_FROM: Final = Stage.SETTLING
"""From this stage on every room shows the person as deleted."""


class PersonErasure:
    """Runs in every chat_server; one at a time works. The table of erasures is its queue."""

    def __init__(
        self,
        dsn: str,
        writer: GroupCommitWriter,
        wake_message_erasure: Callable[[], None],
        rng: Random,
        settle_after: timedelta = SETTLE_AFTER,
    ) -> None:
        self._connection = DedicatedConnection(dsn, "hotchat person erasure")
        self._writer = writer
        self._wake_message_erasure = wake_message_erasure
        self._rng = rng
        self._settle_after = settle_after
        self._wakeup = asyncio.Event()

    def wake(self) -> None:
        """Call this after a request was committed."""
        self._wakeup.set()

    async def run(self) -> None:
        """Erase people until cancelled."""
        try:
            while True:
                self._wakeup.clear()
                try:
                    await self._erase_all()
                except (*CONNECTION_LOST, asyncpg.PostgresError, ChatError) as error:
                    self._connection.drop()
                    log.warning("The erasure of people failed and is retried: %r", error)
                await set_or_timeout(self._wakeup, SWEEP_S * self._rng.uniform(0.5, 1.0))
        finally:
            self._connection.drop()

    async def _erase_all(self) -> None:
        """Run steps while there are any, unless another process does."""
        connection = await self._connection.open()
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            return
        try:
            await run_steps(partial(self.step, connection))
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)

    async def step(self, connection: asyncpg.Connection) -> bool:
        """Do one bounded step of the most urgent work: what readers see comes first. False if nothing is due."""
        steps: tuple[tuple[Stage, Callable[[asyncpg.Connection, Erasure], Awaitable[None]]], ...] = (
            (Stage.MESSAGES, self._purge_rooms),
            (Stage.ROLES, self._end_roles),
            (Stage.LATE_MESSAGES, self._purge_rooms),
            (Stage.LATE_ROLES, self._end_roles),
        )
        for stage, do in steps:
            for erasure in await erasures_in(connection, stage, 1):
                await self._attempt(connection, [erasure], do(connection, erasure))
                return True
        settled = await old_enough(connection, Stage.SETTLING, self._settle_after, PEOPLE_PER_PASS)
        if settled:
            await advance(connection, settled, Stage.LATE_MESSAGES)
            return True
        return await self._pass_over_all_rooms(connection)

    async def _attempt(
        self, connection: asyncpg.Connection, people: Sequence[Erasure], work: Awaitable[None]
    ) -> None:
        """Do a step of these people. If it fails, others come first, and these people later."""
        try:
            await work
        except (asyncpg.PostgresError, ChatError):
            await postpone(connection, [each.user_id for each in people])
            raise

    async def _purge_rooms(self, connection: asyncpg.Connection, erasure: Erasure) -> None:
        rooms, position = await rooms_of_messages(connection, erasure)
        for start in range(0, len(rooms), ROOMS_PER_STEP):
            await self._erase_in((room_id, erasure) for room_id in rooms[start : start + ROOMS_PER_STEP])
        stage = erasure.stage + 1 if position is None else erasure.stage
        await advance(connection, [erasure.user_id], stage, position or ())

    async def _end_roles(self, connection: asyncpg.Connection, erasure: Erasure) -> None:
        rooms = await rooms_of_roles(connection, erasure.user_id)
        if rooms:
            await self._erase_in((room_id, erasure) for room_id in rooms)
        elif not await replace_in_tables(connection, erasure):
            await advance(connection, [erasure.user_id], erasure.stage + 1)

    async def _erase_in(self, places: Iterable[tuple[str, Erasure]]) -> None:
        """Erase people in rooms, at most ROOMS_PER_STEP at once. Raises ChatError while writes are refused."""
        results = await asyncio.gather(
            *(self._erase_in_room(room_id, erasure) for room_id, erasure in places), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._wake_message_erasure()

    async def _erase_in_room(self, room_id: str, erasure: Erasure) -> None:
        """A room that was deleted has nothing left to show."""
        operation = ErasePerson(
            room_id=room_id,
            actor_id=erasure.user_id,
            actor_nickname=DELETED_NICKNAME,
            erased_as=erasure.erased_as,
        )
        try:
            await self._writer.erase_person(operation)
        except ChatError as error:
            if error.code != "room_not_found":
                raise

    async def _pass_over_all_rooms(self, connection: asyncpg.Connection) -> bool:
        """The people of a pass are in the same stage, at the same position."""
        for stage, do in ((Stage.EVENTS, self._replace_events), (Stage.REACTIONS, self._replace_reactions)):
            if due := await erasures_in(connection, stage, PEOPLE_PER_PASS):
                people = same_step(due)
                await self._attempt(connection, people, do(connection, people))
                return True
        rewritten = await old_enough(connection, Stage.REWRITTEN, self._settle_after, PEOPLE_PER_PASS)
        if rewritten:
            await advance(connection, rewritten, Stage.REACTIONS)
        return bool(rewritten)

    async def _replace_events(self, connection: asyncpg.Connection, people: Sequence[Erasure]) -> None:
        room_id, seq = people[0].position or ("", 0)
        following = await replace_in_events(connection, people, room_id, seq)
        ids = [each.user_id for each in people]
        if following is not None:
            await advance(connection, ids, Stage.EVENTS, following)
        elif not await forget_in_rooms(connection, ids):
            await finish(connection, ids, Stage.FINISHED)

    async def _replace_reactions(self, connection: asyncpg.Connection, people: Sequence[Erasure]) -> None:
        [after] = people[0].position or [""]
        unmarked, following_room = await replace_reactions(connection, people, after)
        by_id = {each.user_id: each for each in people}
        for start in range(0, len(unmarked), ROOMS_PER_STEP):
            await self._erase_in((r, by_id[u]) for r, u in unmarked[start : start + ROOMS_PER_STEP])
        if following_room is None:
            await advance(connection, list(by_id), Stage.EVENTS)
        else:
            await advance(connection, list(by_id), Stage.REACTIONS, [following_room])
