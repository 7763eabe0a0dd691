"""Long work cut into slices of a few milliseconds, so that nothing else waits for all of it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

SLICE_S: Final = 0.003
"""Length of a slice of work whose cost per item is not known."""

T = TypeVar("T")


def in_slices(items: Iterable[T], act: Callable[[T], object], clock: Callable[[], float]) -> Iterator[None]:
    """Call `act` with each item in turn; yields whenever SLICE_S are over, where other work may run.

    Each slice does at least one item. `items` is read as the work proceeds: pass a copy if other work may change it.
    """
    until_s = clock() + SLICE_S
    for item in items:
        act(item)
        if clock() >= until_s:
            yield
            until_s = clock() + SLICE_S


async def run_in_slices(slices: Iterator[None]) -> None:
    """Run work that yields every few milliseconds; the event loop runs after each slice."""
    for _ in slices:
        await asyncio.sleep(0)
