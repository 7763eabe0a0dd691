"""Pings and lifetimes of all streams: one wheel for the process, no timer or task per stream."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from publish_server.fanout.stream import Stream

TICK_S: Final = 0.25
STREAMS_PER_STEP: Final = 200


def stream_lifetime_s(longest_s: float, rng: Random) -> float:
    """67–100 % of longest_s, so that the browsers of one crowd do not all reconnect in the same second."""
    return longest_s * rng.uniform(2 / 3, 1.0)


class TimerWheel:
    """Each stream sits in one slot and is visited once per `ping_s`.

    Slots are drawn at random, so that a crowd that arrived in one second is not pinged in one tick.
    """

    def __init__(self, clock: Callable[[], float], rng: Random, *, ping_s: float, lifetime_s: float) -> None:
        self._slots: list[set[Stream]] = [set() for _ in range(max(1, round(ping_s / TICK_S)))]
        self._position = 0
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._rng = rng

    def add(self, stream: Stream) -> None:
        stream.closes_at = self._clock() + stream_lifetime_s(self._lifetime_s, self._rng)
        stream.wheel_slot = int(self._rng.random() * len(self._slots))
        self._slots[stream.wheel_slot].add(stream)

    def remove(self, stream: Stream) -> None:
        self._slots[stream.wheel_slot].discard(stream)

    def all(self) -> list[Stream]:
        return [stream for slot in self._slots for stream in slot]

    def tick(self) -> Iterator[None]:
        """Ping the streams of the next slot, and finish those that are old enough; yields between steps."""
        now = self._clock()
        self._position = (self._position + 1) % len(self._slots)
        for number, stream in enumerate(list(self._slots[self._position]), 1):
            if number % STREAMS_PER_STEP == 0:
                yield
            if stream.is_closed:
                continue
            if now < stream.closes_at:
                stream.owner.ping(stream)
            elif stream.owner.may_finish(stream):
                stream.owner.finish(stream, "lifetime")
