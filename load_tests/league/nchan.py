"""nchan in nginx with one worker, its messages in shared memory or in Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from load_tests.bench.references.nchan import nchan_process, why_absent
from load_tests.league.contestant import ROOM, Contestant
from load_tests.league.dialects import LastEventIds
from load_tests.league.numbered_posts import NumberedPosts, numbered_posts
from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, accepts

READY_WITHIN_S = 20.0


class NchanServer:
    crowd_options = ("ids=seq",)

    def __init__(self, process: ChildProcess, port: int, posts: NumberedPosts) -> None:
        self.port = port
        self.dialect = LastEventIds(f"/sub/{ROOM}")
        self.processes = (process,)
        self.publish = posts.publish
        self.publish_at = posts.publish_at

    async def wait_ready(self) -> None:
        await asyncio.to_thread(
            wait_until,
            lambda: accepts(LOOPBACK, self.port),
            within_s=READY_WITHIN_S,
            what="the start of nginx",
        )


@asynccontextmanager
async def _open(redis_url: str | None) -> AsyncIterator[NchanServer]:
    with nchan_process(redis_url) as (process, port):
        async with numbered_posts(port, f"/pub/{ROOM}", lambda _, event: event) as posts:
            yield NchanServer(process, port, posts)


NCHAN = Contestant("nchan", "shared memory", lambda _: _open(None), why_absent)
NCHAN_REDIS = Contestant("nchan + Redis", "Redis", lambda stores: _open(stores.fresh_redis()), why_absent)
