"""Long work, cut so that nobody waits for all of it."""

import asyncio
from collections.abc import Iterator
from typing import Final

SLICE_S: Final = 0.003
"""Work that cannot tell its steps' cost by their number stops after this long, in seconds of its clock."""


async def run_in_slices(steps: Iterator[None]) -> None:
    """Run work that yields wherever others may have the event loop: every few milliseconds."""
    for _ in steps:
        await asyncio.sleep(0)
