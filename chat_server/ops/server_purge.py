"""Deletes the messages of people banned from all rooms: room by room, in steps of bounded size.

The purge of a room is an operation of the writer, as that of a host is. A ban keeps the position of its purge, so that
another process, or the next start, continues what a process leaves undone.
"""

import asyncio
import logging
from typing import Final

from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.messages.room_operations import PurgeUsers
from chat_server.messages.writer import GroupCommitWriter
from chat_server.ops.ban_repository import PurgeStep, ServerBanRepository
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.sessions.current import OPERATOR
from server_kit.background_steps import set_or_timeout
from server_kit.http.problem import ChatError

log = logging.getLogger(__name__)

MESSAGES_PER_STEP: Final = 200
SWEEP_S: Final = 10.0
"""How often a process checks for purges that another process left behind."""


class ServerPurge:
    """Runs in every chat_server; a step belongs to one process at a time."""

    def __init__(
        self, repository: ServerBanRepository, writer: GroupCommitWriter, look_ups: LookUpSemaphore
    ) -> None:
        self._repository = repository
        self._writer = writer
        self._permits = look_ups.by_address
        self._wakeup = asyncio.Event()

    def wake(self) -> None:
        """Call after a ban that purges."""
        self._wakeup.set()

    async def run(self) -> None:
        """Purge until cancelled."""
        while True:
            self._wakeup.clear()
            try:
                while await self.step():
                    pass
            except (ChatError, *STORE_ERRORS) as error:
                log.warning("A purge over all rooms waits for the store: %r", error)
            await set_or_timeout(self._wakeup, SWEEP_S)

    async def step(self) -> bool:
        """Do one bounded step. False if no purge is due. Raises ChatError or an error of the store."""
        async with self._permits.permit("purges over all rooms"):
            step = await self._repository.take_purge(MESSAGES_PER_STEP)
        if step is None:
            return False
        for room_id in step.room_ids:
            await self._purge_room(step, room_id)
        async with self._permits.permit("purges over all rooms"):
            await self._repository.advance(step)
        return True

    async def _purge_room(self, step: PurgeStep, room_id: str) -> None:
        purge = PurgeUsers(
            room_id=room_id,
            actor_id=OPERATOR.user_id,
            actor_nickname=OPERATOR.nickname,
            is_operator=True,
            user_ids=(step.user_id,),
        )
        try:
            await self._writer.purge(purge)
        except ChatError as error:
            if error.code != "room_not_found":  # a deleted room has no messages
                raise
