"""A lock around work in build/ that only one process at a time may do."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / "build"


@contextmanager
def build_lock(what: str) -> Iterator[None]:
    """Hold an exclusive lock on build/<what>.lock. Check inside whether another process has done the work meanwhile."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
