"""The lanes whose flush is queued. Synchronous; no clock."""

from collections import OrderedDict

from publish_server.fanout.lane import Lane


class FlushQueue:
    """Lanes in order of arrival. Those with a deletion or purge to send take every other turn, also in order.

    So a removal overtakes the messages of other rooms, and a room with many removals cannot hold them up.
    """

    def __init__(self) -> None:
        self._removals: OrderedDict[Lane, None] = OrderedDict()
        self._others: OrderedDict[Lane, None] = OrderedDict()
        self._had_removal = False

    def __len__(self) -> int:
        return len(self._removals) + len(self._others)

    def push(self, lane: Lane, *, is_removal: bool) -> None:
        """Queue a lane, or move a queued one among the removals."""
        lane.is_queued = True
        if lane in self._removals:
            return
        if is_removal:
            self._others.pop(lane, None)
            self._removals[lane] = None
        else:
            self._others[lane] = None

    def pop(self) -> Lane:
        """The next lane. Raises KeyError if there is none."""
        is_removal = bool(self._removals) and not (self._had_removal and self._others)
        self._had_removal = is_removal
        lane, _ = (self._removals if is_removal else self._others).popitem(last=False)
        lane.is_queued = False
        return lane
