"""Starts the C crowd of readers that fetch what is new, and reads its measurements."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from load_tests.bench.cores import LOAD_CORE
from load_tests.bench.crowds import CrowdFailed, RunningCrowd, running_crowd
from load_tests.bench.native_programs import NOTIFY_CROWD
from load_tests.crowd.fixed_sample import Summary
from load_tests.crowd.notify_reader import ALL_SIGNS, SignPolicy
from load_tests.crowd.record import Readers

START_WITHIN_S: Final = 120.0


class Times(msgspec.Struct, frozen=True):
    """Quantiles within 1.6 %; the greatest value is exact. Zeros without any value."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def summary_s(self) -> Summary:
        return Summary(self.count, self.p50_ms / 1000, self.p99_ms / 1000, self.max_ms / 1000)


class NotifyReport(msgspec.Struct, frozen=True):
    """Counts and times of `took_s`, from the reset until the stop. `following` readers have an open stream.

    `lateness` is that of the program's own timers, `answers` the time from a request to its response.
    """

    readers: int
    following: int
    current: int
    fetches: int
    refused: int
    failed: int
    dropped_signs: int
    bytes: int
    staleness: Times
    until_current: Times
    answers: Times
    lateness: Times
    staleness_quantiles_ms: list[float]
    took_s: float
    cpu_share: float

    @property
    def figures(self) -> Readers:
        return Readers(
            count=self.readers,
            current=self.current,
            fetches=self.fetches,
            refused=self.refused,
            failed=self.failed,
            dropped_signs=self.dropped_signs,
            staleness_s=self.staleness.summary_s,
            until_current_s=self.until_current.summary_s,
            staleness_values_s=[value / 1000 for value in self.staleness_quantiles_ms],
            answer_p99_s=self.answers.p99_ms / 1000,
            late_p99_ms=self.lateness.p99_ms,
            took_s=self.took_s,
            cpu_share=self.cpu_share,
        )


class NotifyCrowd:
    """Readers whose streams are open."""

    def __init__(self, running: RunningCrowd) -> None:
        self._running = running

    def reset(self) -> None:
        """Forget what has happened."""
        self._running.say("reset")

    async def report(self, seq: int) -> NotifyReport:
        """The results until now; `current` readers have this seq."""
        return msgspec.json.decode(await self._running.ask(f"report {seq}"), type=NotifyReport)

    async def stop(self) -> None:
        """End all fetches. A reader that is still stale or refused counts with the time until now."""
        await self._running.ask("stop")


@asynccontextmanager
async def notify_crowd(
    host: str,
    chat_port: int,
    publish_port: int,
    room_id: str,
    readers: int,
    head: int,
    *,
    signs: SignPolicy = ALL_SIGNS,
    refresh_ms: float = 0,
    seed: int = 0,
    core: int | None = LOAD_CORE,
) -> AsyncIterator[NotifyCrowd]:
    """Sign in `readers` that have all events up to `head`, and open their streams. Raises CrowdFailed if one failed.

    With `refresh_ms` they fetch the newest page again so long after each answer, whatever their streams say.
    """
    options = [
        f"drop={signs.dropped_share}",
        f"debounce={signs.debounce_s * 1000}",
        f"refresh={refresh_ms}",
        f"seed={seed}",
    ]
    words = (host, str(chat_port), str(publish_port), room_id, str(readers), str(head), *options)
    async with running_crowd(NOTIFY_CROWD, *words, within_s=START_WITHIN_S, core=core) as running:
        if running.opened.opened != readers:
            failed = running.opened.failed
            raise CrowdFailed(f"Of {readers} readers {failed} did not get a session and a stream.")
        yield NotifyCrowd(running)
