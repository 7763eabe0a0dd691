"""The process's long-lived tasks. One that ends is a bug: the process stops at once, to be started anew whole."""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from typing import Any, Self

log = logging.getLogger(__name__)


class Supervision:
    """Runs the named coroutines until it is left."""

    def __init__(self, **coroutines: Coroutine[Any, Any, None]) -> None:
        self._coroutines = coroutines
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for name, coroutine in self._coroutines.items():
            task = asyncio.create_task(coroutine, name=name)
            task.add_done_callback(_ended)
            self._tasks.append(task)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.remove_done_callback(_ended)
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("%s failed; stopping", task.get_name(), exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)
