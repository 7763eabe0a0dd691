"""Keeps this process at the operator's overrides of settings: Postgres has them, every chat_server polls them.

Whichever store is down, the last known overrides stay in force.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from prometheus_client import Counter
from redis.exceptions import RedisError

from chat_server.hotchat.heat_rules import HeatOverrides, LiveHeatRules
from chat_server.hotchat.overrides_copy import OverridesCopy
from chat_server.ops.override_repository import OverrideRepository
from chat_server.postgres.errors import STORE_ERRORS
from server_kit.dependency_status import DependencyStatus

POLL_S: Final = 0.5
"""The scheduler ticks once a second, so a change is in force everywhere within 2 s. This also holds if the process
that made the change dies before it writes the copy."""

_POLLS: Final = Counter(
    "hotchat_setting_polls_total", "Polls that put the operator's overrides of settings in force here"
)

log = logging.getLogger(__name__)


class SettingOverrides:
    """`poll_repository` has a connection of its own: a flood of calls must not delay a change that ends the flood."""

    def __init__(
        self,
        heat: LiveHeatRules,
        repository: OverrideRepository,
        poll_repository: OverrideRepository,
        copy: OverridesCopy,
    ) -> None:
        self._heat = heat
        self._repository = repository
        self._poll_repository = poll_repository
        self._copy = copy
        self._turn = asyncio.Lock()
        """A poll that has read before a change must not apply after it."""
        self._postgres = DependencyStatus(log, store="Postgres", part="setting overrides")
        self._redis = DependencyStatus(log, store="Redis", part="setting overrides")

    async def open(self) -> None:
        """Read them for the first time, without those that a change of the environment has ended.

        Raises STORE_ERRORS.
        """
        await self._poll_repository.end_outdated(self._heat.environment)
        await self._apply(await self._poll_repository.read())

    async def change(self, changes: Mapping[str, float | str | None], reason: str | None) -> None:
        """Store the changes and put them in force here; None ends an override. Raises STORE_ERRORS."""
        async with self._turn:
            await self._apply(await self._repository.change(changes, self._heat.environment, reason))

    async def poll(self) -> None:
        """Raises nothing while a store is down."""
        async with self._turn:
            try:
                overrides = await self._poll_repository.read()
            except STORE_ERRORS as error:
                self._postgres.failed(error)
                return
            self._postgres.answered()
            await self._apply(overrides)
            _POLLS.inc()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            await self.poll()

    async def _apply(self, overrides: HeatOverrides) -> None:
        self._heat.override(overrides)
        try:
            await self._copy.write(overrides)
        except (RedisError, OSError, TimeoutError) as error:
            self._redis.failed(error)
        else:
            self._redis.answered()
