"""How long a room waits for its flush while the process is short of CPU. Pure: time is an argument.

A flush always sends everything that waits, in order, so nothing is lost and no seq is skipped. Only its start is later.
"""

from enum import IntEnum
from typing import Final

from publish_server.fanout.lane import FullLane

VIEWERS_SIGNAL: Final = b"room.viewers"


class Waiting(IntEnum):
    """The most urgent of what waits in a room."""

    VIEWERS = 0
    REACTIONS = 1
    MESSAGES = 2
    REMOVAL = 3


PAUSE_S: Final = {Waiting.VIEWERS: 10.0, Waiting.REACTIONS: 1.0, Waiting.MESSAGES: 0.25}
"""The shortest time between two flushes of a room in which nothing more urgent waits.

Messages come within 500 ms in every room, also while an attack on another one uses up the core.
"""

NAME: Final = {Waiting.VIEWERS: "viewers", Waiting.REACTIONS: "reactions", Waiting.MESSAGES: "messages"}
"""Keys of server_kit.overload_policy.LEVEL_OF. A removal is in neither table: it never waits."""


def waiting_in(lane: FullLane) -> Waiting:
    """What the next flush of a lane that needs one is for."""
    log, flushed = lane.log, lane.flushed
    if lane.has_removal():
        return Waiting.REMOVAL
    if log.last_unmerged_seq > flushed or lane.notify_pending:
        return Waiting.MESSAGES
    if any(name != VIEWERS_SIGNAL for name in lane.room.pending_signals):
        return Waiting.MESSAGES
    return Waiting.REACTIONS if log.head > flushed else Waiting.VIEWERS


def earliest_flush_s(waiting: Waiting, flushed_at_s: float) -> float:
    """When a room may be flushed again whose last complete flush was at `flushed_at_s`."""
    pause_s = PAUSE_S.get(waiting)
    return flushed_at_s if pause_s is None else flushed_at_s + pause_s
