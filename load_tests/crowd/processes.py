"""CPU and memory of the programs of a run, grouped by what they are."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
import psutil

LOAD: Final = "load: Python clients"
STREAM_LOAD: Final = "load: streams"
READER_LOAD: Final = "load: readers"
_MARKS: Final = (
    ("stream_crowd", STREAM_LOAD),
    ("notify_crowd", READER_LOAD),
    ("hotchat.scheduler", "scheduler"),
    ("publish_server", "publish_server"),
    ("chat_server", "chat_server"),
    ("postgres", "Postgres"),
    ("valkey", "Valkey"),
    ("redis-server", "Valkey"),
    ("kafka", "Kafka"),
)
"""Part of a command line → role. The first that is found decides."""


class Use(msgspec.Struct, frozen=True):
    """`cpu_share` is of one core, since the sample before."""

    at_s: float
    role: str
    cpu_share: float
    rss_mib: float


def role_of(command: Sequence[str]) -> str | None:
    """None for a program that is no part of the system or its load."""
    line = " ".join(command)
    return next((role for mark, role in _MARKS if mark in line), None)


class ProcessWatch:
    """Samples this process and all that it started. Linux and macOS."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._cpu_s: dict[int, float] = {}
        self._at_s = self._began_s

    def sample(self) -> list[Use]:
        """One entry for each role. The first sample has no CPU."""
        now_s = time.monotonic()
        took_s = max(now_s - self._at_s, 1e-9)
        me = psutil.Process()
        spent: dict[str, float] = {}
        memory: dict[str, int] = {}
        seen: dict[int, float] = {}
        for process in (me, *me.children(recursive=True)):
            with suppress(psutil.Error):
                role = LOAD if process.pid == me.pid else role_of(process.cmdline())
                if role is None:
                    continue
                times = process.cpu_times()
                seen[process.pid] = times.user + times.system
                before = self._cpu_s.get(process.pid, seen[process.pid])
                spent[role] = spent.get(role, 0.0) + seen[process.pid] - before
                memory[role] = memory.get(role, 0) + process.memory_info().rss
        self._cpu_s, self._at_s = seen, now_s
        return [
            Use(now_s - self._began_s, role, spent[role] / took_s, memory.get(role, 0) / 2**20)
            for role in sorted(spent)
        ]
