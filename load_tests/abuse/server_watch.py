"""A server seen from outside: memory, descriptors, and the steps of its event loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

from local_stack.server_process import ServerProcess

WATCH_ADDRESS: Final = "127.1.0.250"
"""An address that no attacker shares."""
STEP: Final = "hotchat_loop_step_seconds"
ANSWER_WITHIN_S: Final = 10.0

Buckets = Mapping[float, float]
"""Upper bound in seconds → steps at most that long."""


@dataclass(frozen=True)
class Use:
    memory_mib: float
    descriptors: int


@dataclass(frozen=True)
class Steps:
    """Steps of one event loop in a window, as CPU time: bounds of the histogram's buckets, in milliseconds."""

    p999_ms: float
    longest_ms: float


def use_of(server: ServerProcess) -> Use:
    """Raises psutil.NoSuchProcess."""
    process = psutil.Process(server.pid)
    return Use(process.memory_info().rss / 2**20, process.num_fds())


def steps_between(before: Buckets, after: Buckets) -> Steps | None:
    """None where the server measured no step in the window."""
    counts = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    total = max(counts.values(), default=0.0)
    if total <= 0:
        return None
    within = [bound for bound, count in counts.items() if count >= 0.999 * total]
    all_within = [bound for bound, count in counts.items() if count >= total]
    return Steps(within[0] * 1000, all_within[0] * 1000)


class Watch:
    """Asks servers for their metrics. An async context manager."""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(WATCH_ADDRESS, 0), force_close=True),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def step_buckets(self, server: ServerProcess) -> Buckets:
        """Empty when the server does not answer or has no such metric."""
        try:
            async with self._http.get(f"{server.base_url}/metrics") as answer:
                text = await answer.text()
        except (aiohttp.ClientError, OSError, TimeoutError):
            return {}
        found: dict[float, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == f"{STEP}_bucket":
                    bound = float(sample.labels["le"])
                    found[bound] = found.get(bound, 0.0) + sample.value
        return found
