"""Pings, lifetimes and stalled clients of all streams: one wheel a process, no timer or task a stream."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from publish_server.fanout.open_streams import OpenStreams
from publish_server.streams.connection import Connection

TICK_S: Final = 0.25
STREAMS_AT_ONCE: Final = 200


def stream_lifetime_s(longest_s: float, rng: Random) -> float:
    """67–100 % of longest_s, so that the browsers of one crowd do not all come back in the same second."""
    return longest_s * rng.uniform(2 / 3, 1.0)


class StreamTimer:
    """Every stream sits in one slot of the wheel and is visited once a turn of `ping_s`.

    Slots are drawn at random: a crowd that came in one second is not pinged in one tick.
    """

    def __init__(
        self,
        open_streams: OpenStreams,
        *,
        ping_s: float,
        lifetime_s: float,
        stall_s: float,
        clock: Callable[[], float],
        rng: Random,
    ) -> None:
        self._open = open_streams
        self._slots: list[set[Connection]] = [set() for _ in range(max(1, round(ping_s / TICK_S)))]
        self._position = 0
        self._lifetime_s = lifetime_s
        self._stall_s = stall_s
        self._clock = clock
        self._rng = rng

    def add(self, connection: Connection) -> None:
        connection.closes_at = self._clock() + stream_lifetime_s(self._lifetime_s, self._rng)
        connection.slot = self._rng.randrange(len(self._slots))
        self._slots[connection.slot].add(connection)

    def remove(self, connection: Connection) -> None:
        self._slots[connection.slot].discard(connection)

    def all(self) -> list[Connection]:
        return [connection for slot in self._slots for connection in slot]

    def tick(self) -> Iterator[None]:
        """Visit the next slot, and cut who has taken nothing for too long; yields between slices."""
        now = self._clock()
        self._position = (self._position + 1) % len(self._slots)
        for number, connection in enumerate(list(self._slots[self._position]), 1):
            if number % STREAMS_AT_ONCE == 0:
                yield
            if connection.is_closed:
                continue
            if now < connection.closes_at:
                connection.streams.ping(connection)
            elif connection.streams.may_finish(connection):
                connection.streams.finish(connection, "lifetime")
        for number, (connection, since) in enumerate(list(self._open.stalled_since.items()), 1):
            if now - since < self._stall_s:
                break
            if number % STREAMS_AT_ONCE == 0:
                yield
            # It may have read, or left, between slices.
            if self._open.stalled_since.get(connection) == since:
                connection.streams.cut(connection, "stalled")
