"""Measures one window of a crowd during writes to a room, for all fan-out figures."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from load_tests.bench.crowds import StreamCrowd, StreamWindow
from load_tests.bench.resource_use import use_of
from load_tests.bench.scale import Scale

DRAINED_WITHIN_S = 60.0
POLL_S = 0.2

PublishAt = Callable[[str, float, float], Coroutine[Any, Any, int]]
"""(room, events a second, seconds) → events sent."""


@dataclass(frozen=True)
class Delivery:
    """`window` covers the time of the events, `server_share` is of one core, `all_arrived`: every stream got the
    last event (None if ids are opaque)."""

    window: StreamWindow
    offered_per_s: float
    server_share: float
    rss_bytes: int
    all_arrived: bool | None

    @property
    def trouble(self) -> str:
        """Notes for the reader of the table; may be empty."""
        found = []
        if not self.window.is_in_order:
            found.append(f"{self.window.went_back} ids went back, {self.window.repeated} were repeated")
        if self.window.gaps:
            found.append(f"{self.window.gaps} gaps")
        if self.window.closed:
            found.append(f"{self.window.closed} streams were closed")
        if self.all_arrived is False:
            found.append("NOT EVERYTHING ARRIVED")
        return "; ".join(found)

    def note(self, *more: str) -> str:
        parts = [f"server {self.server_share:.0%} of its core", self.window.note, self.trouble, *more]
        return "; ".join(part for part in parts if part)


async def deliver(
    crowd: StreamCrowd,
    server_pid: int,
    publish_at: PublishAt,
    room: str,
    per_s: float,
    scale: Scale,
    *,
    subscribers: int,
    last_seq: Callable[[], int] | None = None,
) -> Delivery:
    """Write to the room at `per_s` and measure `scale.window_s`, after `settle_s`. With `last_seq` it then waits
    until every stream has that seq."""
    publishing = asyncio.create_task(publish_at(room, per_s, 2 * scale.settle_s + scale.window_s))
    try:
        await asyncio.sleep(scale.settle_s)
        await crowd.reset()
        before = use_of(server_pid)
        await asyncio.sleep(scale.window_s)
        window, after = await crowd.report(), use_of(server_pid)
        await publishing
    finally:
        publishing.cancel()
    all_arrived = await arrived(crowd, last_seq()) if last_seq is not None else None
    return Delivery(window, per_s * subscribers, after.cpu_share_since(before), after.rss_bytes, all_arrived)


async def arrived(crowd: StreamCrowd, seq: int, *, within_s: float = DRAINED_WITHIN_S) -> bool:
    """True once every stream has seen `seq`; False after `within_s`."""
    give_up_s = time.monotonic() + within_s
    while time.monotonic() < give_up_s:
        if (await crowd.report()).lowest_last_id >= seq:
            return True
        await asyncio.sleep(POLL_S)
    return False
