"""One flush of one room: everything new is joined once and written to all subscribers that are up to date."""

from collections.abc import Iterator

from publish_server.fanout.lane import Lane
from publish_server.fanout.replay_queue import ReplayQueue


def flush_steps(lane: Lane, replay_queue: ReplayQueue, slice_writes: int) -> Iterator[tuple[int, int]]:
    """Write what is new in the lane to all groups of its live subscribers; yields (writes, bytes).

    `flushed` moves first, so that subscribers which join or drain between slices catch up to there.
    """
    bodies = lane.take_bodies()
    lane.is_flushing = True
    try:
        for group in list(lane.groups.values()):
            data = bodies.update if group.is_notify else bodies.events
            if data and group.live:
                yield from group.flush(data, slice_writes)
    finally:
        lane.is_flushing = False
        lane.on_flushed()
        if lane.catching_up:
            replay_queue.push(lane.room, (each for each in lane.catching_up if not each.is_stalled))
