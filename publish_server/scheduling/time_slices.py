"""Long work cut into steps, so that nothing else waits for all of it."""

import asyncio
from collections.abc import Iterator
from typing import Final

SLICE_S: Final = 0.003
"""Length of a step of work whose cost per item is not known, by the work's own clock."""


async def run_in_slices(steps: Iterator[None]) -> None:
    """Run work that yields every few milliseconds; the event loop runs after each step."""
    for _ in steps:
        await asyncio.sleep(0)
