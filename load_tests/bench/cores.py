"""Pins processes to cores: the server under test has one for itself, everything else shares the other."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def _available() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


_CORES = _available()
SERVER_CORE: int | None = _CORES[0] if len(_CORES) > 1 else None
LOAD_CORE: int | None = _CORES[1] if len(_CORES) > 1 else None


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Processes started inside inherit this core. None pins nothing, as on machines with one core or without Linux."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def on_all_cores() -> Iterator[None]:
    """Processes started inside may run on any core, for figures of the whole system."""
    if not _CORES:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(_CORES))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
