"""One flush of one room: everything new is joined once and written to all subscribers that are up to date."""

from collections.abc import Iterator
from typing import Final

from publish_server.encoding.sse_frames import gap_frame
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.fanout.room_audience import RoomAudience
from publish_server.metrics import GAPS

MAX_FLUSH_BYTES: Final = 128 * 1024
"""Frames of one flush; the rest waits for the next flush."""


def flush_steps(
    audience: RoomAudience, replay_queue: ReplayQueue, slice_writes: int
) -> Iterator[tuple[int, int]]:
    """Write everything up to the log's head (at most MAX_FLUSH_BYTES), then the signals; yields (writes, bytes).

    `flushed` moves first, so that subscribers which join or drain between slices catch up to there.
    """
    room, log = audience.room, audience.log
    part = log.since(audience.flushed, log.head, MAX_FLUSH_BYTES)
    signals = b"".join(room.pending_signals.values())
    room.pending_signals.clear()
    if part is None:
        # More events arrived than the ring holds before this flush had its turn.
        body = gap_frame(audience.flushed, log.head) + signals
        audience.flushed = log.head
        GAPS.labels("overrun").inc(audience.live_count())
    else:
        audience.flushed = part.to_seq
        body = part.body + signals
    updated = b""
    if audience.notify_pending:
        audience.notify_pending = False
        audience.notified_seq = log.head
        updated = room.updated_frame()
    audience.is_flushing = True
    try:
        for group in list(audience.groups.values()):
            data = updated if group.is_notify else body
            if data and group.live:
                yield from group.flush(data, slice_writes)
    finally:
        audience.is_flushing = False
        audience.push_ending()
        if audience.catching_up:
            replay_queue.push(room, (each for each in audience.catching_up if not each.is_stalled))
