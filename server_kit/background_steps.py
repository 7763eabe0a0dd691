"""The pace of background work that is done in bounded steps."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

MAX_PAUSE_S: Final = 0.05


async def run_steps(step: Callable[[], Awaitable[bool]]) -> None:
    """Run `step` until it returns False, with pauses as long as the steps: that leaves half of the time to posts."""
    loop = asyncio.get_running_loop()
    while True:
        began_s = loop.time()
        if not await step():
            return
        await asyncio.sleep(min(MAX_PAUSE_S, loop.time() - began_s))


async def set_or_timeout(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set, at the latest after `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
