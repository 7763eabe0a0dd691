"""Returns freed memory to the system, which glibc does by itself only at the heap's end.

Otherwise freed memory in the middle of the heap stays with the process. Many large responses that their clients did not
read leave such memory.
"""

import asyncio
import ctypes
import sys
from collections.abc import Callable
from typing import Final

CHECK_EVERY_S: Final = 10.0
RETURN_FROM_BYTES: Final = 16 * 2**20
"""Less is not worth a trim, which delays other allocations by about 25 ms for 64 MB."""


class _Mallinfo2(ctypes.Structure):
    """`struct mallinfo2` of malloc.h."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


class Heap:
    """The C heap of this process. Raises OSError or AttributeError without glibc 2.33 or newer."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("only glibc has malloc_trim")
        library = ctypes.CDLL(None)
        self._mallinfo2, self._malloc_trim = library.mallinfo2, library.malloc_trim
        self._mallinfo2.restype = _Mallinfo2

    def freed_bytes(self) -> int:
        """Bytes of freed blocks, those that `trim` has returned included."""
        return int(self._mallinfo2().fordblks)

    def trim(self) -> None:
        self._malloc_trim(0)


class MemoryReturn:
    """Trims the heap once RETURN_FROM_BYTES were freed since the last trim."""

    def __init__(self, freed_bytes: Callable[[], int], trim: Callable[[], None]) -> None:
        self._freed_bytes = freed_bytes
        self._trim = trim
        self._returned_bytes = 0
        """Of the last trim, without blocks that are in use again."""

    def check(self) -> None:
        """Takes some milliseconds: call it in a thread."""
        freed_bytes = self._freed_bytes()
        self._returned_bytes = min(self._returned_bytes, freed_bytes)
        if freed_bytes - self._returned_bytes >= RETURN_FROM_BYTES:
            self._trim()
            self._returned_bytes = freed_bytes

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            await asyncio.to_thread(self.check)


async def return_freed_memory() -> None:
    """Return what is freed until cancelled; does nothing where the C library cannot."""
    try:
        heap = Heap()
    except (AttributeError, OSError):
        return
    await MemoryReturn(heap.freed_bytes, heap.trim).run()
