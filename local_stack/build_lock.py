"""What is made once in build/ is made by one process; others that want it at the same moment wait."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / "build"


@contextmanager
def build_lock(what: str) -> Iterator[None]:
    """Held over processes by a lock on build/<what>.lock; look again inside whether it is still to be made."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
