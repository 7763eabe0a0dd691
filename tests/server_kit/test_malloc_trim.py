"""Freed memory goes back to the system, on the heap of this process."""

import psutil

from server_kit.malloc_trim import RETURN_FROM_BYTES, Heap, MemoryReturn

BLOCK_BYTES = 100_000
"""Below glibc's threshold for mappings of their own, so that blocks are in the heap."""


def rss_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


class TrimmedHeap:
    def __init__(self) -> None:
        self.freed_bytes = 0
        self.trims = 0

    def trim(self) -> None:
        self.trims += 1


def test_a_heap_is_trimmed_once_for_the_same_freed_memory() -> None:
    heap = TrimmedHeap()
    memory = MemoryReturn(lambda: heap.freed_bytes, heap.trim)
    trims = []
    for freed_bytes in (
        RETURN_FROM_BYTES - 1,
        RETURN_FROM_BYTES,
        2 * RETURN_FROM_BYTES - 1,  # most of it was returned
        2 * RETURN_FROM_BYTES,
        0,  # in use again
        RETURN_FROM_BYTES,
    ):
        heap.freed_bytes = freed_bytes
        memory.check()
        trims.append(heap.trims)
    assert trims == [0, 1, 1, 2, 2, 3]


def test_memory_that_was_freed_below_a_block_in_use_is_returned() -> None:
    heap = Heap()
    blocks = [b"x" * (BLOCK_BYTES + number) for number in range(640)]
    del blocks[:-1]
    freed_bytes, before_bytes = heap.freed_bytes(), rss_bytes()
    assert freed_bytes >= 2 * RETURN_FROM_BYTES
    MemoryReturn(heap.freed_bytes, heap.trim).check()
    assert before_bytes - rss_bytes() >= 2 * RETURN_FROM_BYTES
