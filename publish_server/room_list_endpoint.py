"""`GET /stream/v1/rooms?room=a&room=b`: what moved in a list of rooms, coalesced; sse-starlette does the streaming."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Annotated, Final

from fastapi import APIRouter, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from publish_server.frames import closing_frame, retry_line
from publish_server.hub import LISTED_SIGNALS, Hub
from publish_server.metrics import STREAMS
from publish_server.parts import PartsOf
from publish_server.room import Room
from publish_server.room_list import RoomListFeed
from publish_server.stream_cursor import is_room_id
from publish_server.stream_endpoint import HOLD_S, RETRY_MS
from publish_server.stream_timer import stream_lifetime_s

MAX_ROOMS: Final = 100
PAUSE_S: Final = 1.0

router = APIRouter()


@router.get("/stream/v1/rooms", response_class=EventSourceResponse)
async def stream_rooms(
    parts: PartsOf, room: Annotated[list[str], Query(min_length=1, max_length=MAX_ROOMS)]
) -> EventSourceResponse:
    """`room.updated`, `room.heat` and `room.viewers` of those rooms; rooms that do not exist are left out."""
    parts.stream_endpoint.check_capacity()
    hub, settings = parts.hub, parts.settings
    rooms = [hub.watch(room_id) for room_id in dict.fromkeys(room) if is_room_id(room_id)]
    await _wait_for(hub, rooms)
    feed = RoomListFeed()
    frames = room_list_frames(
        hub,
        [room for room in rooms if hub.rooms.get(room.id) is room],
        feed,
        draining=parts.draining,
        lifetime_s=stream_lifetime_s(settings.stream_lifetime_s, parts.rng),
        rng=parts.rng,
    )
    return EventSourceResponse(
        frames,
        ping=int(settings.stream_ping_s) or 1,
        ping_message_factory=_ping,
        shutdown_grace_period=1,
    )


def _ping() -> ServerSentEvent:
    """The contract's ping; a room list has no seq of its own."""
    return ServerSentEvent(event="stream.ping", data='{"seq":0}', sep="\n")


async def _wait_for(hub: Hub, rooms: list[Room]) -> None:
    unknown = [hub.known(room) for room in rooms if not room.log.started]
    if unknown:
        await asyncio.wait(unknown, timeout=HOLD_S)


async def room_list_frames(
    hub: Hub,
    rooms: list[Room],
    feed: RoomListFeed,
    *,
    draining: asyncio.Event,
    lifetime_s: float,
    rng: Random,
) -> AsyncIterator[bytes]:
    """The stream's body: where every room is, then the latest of what moved, once a PAUSE_S at most."""
    loop = asyncio.get_running_loop()
    STREAMS.labels("list").inc()
    for room in rooms:
        room.lists.add(feed)
        feed.room_updated(room)
        for kind in LISTED_SIGNALS & room.latest_signals.keys():
            feed.put(room.id, kind, room.latest_signals[kind])
    drained = asyncio.ensure_future(draining.wait())
    try:
        yield retry_line(rng.randint(*RETRY_MS))
        closes_at = loop.time() + lifetime_s
        while loop.time() < closes_at and not drained.done():
            news = asyncio.ensure_future(feed.next())
            await asyncio.wait(
                {news, drained}, timeout=closes_at - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )
            if not news.done():
                news.cancel()
                break
            yield news.result()
            await asyncio.wait({drained}, timeout=PAUSE_S)
        yield closing_frame("shutdown" if drained.done() else "lifetime")
    finally:
        drained.cancel()
        STREAMS.labels("list").dec()
        for room in rooms:
            room.lists.discard(feed)
            room.idle_since = loop.time()
