"""One flush of one room: what is new is joined once and written to everyone who is up to date."""

from collections.abc import Iterator
from typing import Final

from publish_server.encoding.sse_frames import gap_frame
from publish_server.fanout.subscribers import Subscribers
from publish_server.metrics import GAPS
from publish_server.rooms.room import Room

MAX_FLUSH_BYTES: Final = 128 * 1024
"""Newest frames of one flush; the rest goes with the next one."""


def flush_steps(room: Room, subscribers: Subscribers, slice_writes: int) -> Iterator[tuple[int, int]]:
    """Everything up to the log's head (MAX_FLUSH_BYTES at most), then the signals; yields (writes, bytes) a slice.

    `flushed` moves first: who comes or drains between slices catches up to there by itself.
    """
    part = room.log.since(room.flushed, room.log.head, MAX_FLUSH_BYTES)
    signals = b"".join(room.pending_signals.values())
    room.pending_signals.clear()
    if part is None:
        # More came than the ring holds before this flush had its turn.
        body = gap_frame(room.flushed, room.log.head) + signals
        room.flushed = room.log.head
        GAPS.labels("overrun").inc(room.live_count())
    else:
        room.flushed = part.to_seq
        body = part.body + signals
    updated = b""
    if room.is_telling:
        room.is_telling = False
        room.told_seq = room.log.head
        updated = room.updated_frame()
    room.is_flushing = True
    try:
        for audience in list(room.audiences.values()):
            data = updated if audience.is_notify else body
            if data and audience.live:
                yield from audience.flush(data, slice_writes)
    finally:
        room.is_flushing = False
        if room.behind:
            subscribers.advance_soon(room, (c for c in room.behind if not c.is_stalled))
