"""Subscribers that can be brought forward, served a few milliseconds at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable

from publish_server.fanout.subscriber import Subscriber
from publish_server.rooms.room import Room


class ReplayQueue:
    """Rooms take turns, so that a crowd that returns to one room does not hold up another room's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.has_work = asyncio.Event()
        self._clock = clock
        self._waiting: OrderedDict[Room, OrderedDict[Subscriber, None]] = OrderedDict()

    def push(self, room: Room, subscribers: Iterable[Subscriber]) -> None:
        waiting = OrderedDict.fromkeys(subscribers)
        if waiting:
            self._waiting.setdefault(room, OrderedDict()).update(waiting)
            self.has_work.set()

    def run_until(self, until_s: float) -> bool:
        """Advance subscribers until the clock reads `until_s`; False when the queue is empty."""
        while self._waiting:
            room, waiting = self._waiting.popitem(last=False)
            subscriber, _ = waiting.popitem(last=False)
            if waiting:
                self._waiting[room] = waiting
            subscriber.owner.advance(subscriber)
            if self._clock() >= until_s:
                break
        return bool(self._waiting)
