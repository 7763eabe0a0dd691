"""A task that runs beside the block that started it and ends with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

log = logging.getLogger(__name__)

ASK_AGAIN_AFTER_S: Final = 0.2


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """`work` until the block ends; it is cancelled then and has ended when the block is left.

    It is cancelled until it ends: redis-py can swallow a cancellation that meets it while it connects.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_failure)
    try:
        yield task
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=ASK_AGAIN_AFTER_S)
        if not task.cancelled():
            task.exception()


def _tell_failure(task: asyncio.Task[None]) -> None:
    """A task that ends by an error would not be missed before the end of the process."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("The %s ended", task.get_name(), exc_info=error)
