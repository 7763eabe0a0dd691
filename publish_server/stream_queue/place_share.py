"""The share of the queue that one address and one user may have."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from publish_server.stream_queue.queue_policy import LONGEST_RENEWAL_S, present_for_s
from server_kit.limits.shares import CountShare, Person, Seat, Source

HELD_S: Final = LONGEST_RENEWAL_S + present_for_s(0)
"""A place counts this long after its last renewal here; the next renewal may have gone to another process."""


class PlaceShare:
    """Places that clients of this process have renewed recently. No limit if `share` is None. Bounded by the share."""

    def __init__(self, share: CountShare | None, clock: Callable[[], float]) -> None:
        self._share = share
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, Seat]] = OrderedDict()

    def hold(self, place_id: str, source: Source, person: Person | None) -> None:
        """Count the place, or go on counting it. Raises ChatError rate_limited."""
        if self._share is None or self._share.limit.exempts(source):
            return
        now_s = self._clock()
        while self._held and next(iter(self._held.values()))[0] <= now_s:
            self.release(next(iter(self._held)))
        held = self._held.pop(place_id, None)
        counted = held[1] if held is not None else self._share.enter(source, person)
        if counted is None:
            raise self._share.refusal()
        self._held[place_id] = (now_s + HELD_S, counted)

    def release(self, place_id: str) -> None:
        """The place has opened its stream or has expired."""
        _, counted = self._held.pop(place_id, (0.0, None))
        if counted is not None:
            counted.leave()
