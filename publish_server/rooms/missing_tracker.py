"""Which rooms miss events, and since when. Pure except for its clock, in seconds."""

from collections.abc import Callable, Iterator
from typing import Final

from publish_server.rooms.room import Room

REORDER_S: Final = 0.1
"""Two chat_servers produce out of order. Older missing events are fetched."""

TAIL_S: Final = 0.3
"""An event below chat_server's head is usually still on its way through Kafka."""


class _Since:
    __slots__ = ("before_early", "tail")

    def __init__(self) -> None:
        self.before_early: float | None = None
        self.tail: float | None = None


class MissingTracker:
    """Notes two kinds of missing events: those before an early event, and those between our head and chat_server's.

    The hub calls `update` after each batch. `recovery/missing_events.py` fetches from chat_server when a room is due.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[Room, _Since] = {}
        self._fetched: set[Room] = set()

    def __contains__(self, room: Room) -> bool:
        return room in self._since

    def update(self, room: Room) -> None:
        """The room's log has changed."""
        is_missing = room.log.missing_between() is not None
        since = self._since.get(room)
        if since is None:
            if not is_missing:
                return
            since = self._since[room] = _Since()
        if not is_missing:
            since.before_early = None
        elif since.before_early is None:
            since.before_early = self._clock()
        if room.log.head >= room.server_head:
            since.tail = None
        if since.before_early is None and since.tail is None:
            del self._since[room]

    def tail_is_missing(self, room: Room) -> None:
        """chat_server reported a head above ours."""
        since = self._since.setdefault(room, _Since())
        if since.tail is None:
            since.tail = self._clock()

    def missing_for_s(self, room: Room) -> float:
        """How long the events before an early one have been missing; 0.0 if none are."""
        since = self._since.get(room)
        return 0.0 if since is None or since.before_early is None else self._clock() - since.before_early

    def due(self) -> Iterator[Room]:
        """Rooms whose missing events should be fetched, without those being fetched already."""
        return (room for room in self._since if room not in self._fetched and self.is_due(room))

    def is_due(self, room: Room) -> bool:
        since = self._since.get(room)
        if since is None:
            return False
        now = self._clock()
        return (since.before_early is not None and now - since.before_early >= REORDER_S) or (
            since.tail is not None and now - since.tail >= TAIL_S
        )

    def begin_fetch(self, room: Room) -> None:
        self._fetched.add(room)

    def end_fetch(self, room: Room) -> None:
        self._fetched.discard(room)

    def is_being_fetched(self, room: Room) -> bool:
        return room in self._fetched

    def forget(self, room: Room) -> None:
        """The room is no longer watched."""
        self._since.pop(room, None)
