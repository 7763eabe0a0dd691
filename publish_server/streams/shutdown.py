"""The orderly end of all streams."""

import asyncio
import logging
from typing import Final

from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.open_streams import OpenStreams

log = logging.getLogger(__name__)

FLUSH_S: Final = 1.0
STREAMS_PER_STEP: Final = 100


async def finish_streams(
    open_streams: OpenStreams, broadcaster: Broadcaster, draining: asyncio.Event
) -> None:
    """Once `draining` is set: wait for flushes in progress, then send `stream.closing` to every stream."""
    await draining.wait()
    log.info("draining %d streams", open_streams.count)
    try:
        async with asyncio.timeout(FLUSH_S):
            await broadcaster.settled()
    except TimeoutError:
        log.warning("a flush did not finish in time")
    for number, stream in enumerate(open_streams.wheel.all(), 1):
        stream.owner.finish(stream, "shutdown")
        if number % STREAMS_PER_STEP == 0:
            await asyncio.sleep(0)
