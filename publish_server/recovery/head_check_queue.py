"""The rooms whose heads the next bulk call reads from chat_server."""

import asyncio
from collections.abc import Iterable

from publish_server.rooms.room import Room


class HeadCheckQueue:
    """`wake` is set when a check should start at once. Checks are numbered from 1, in the order of their calls."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self._rooms: dict[Room, None] = {}
        self._checks_all = False
        self._checks_started = 0

    def add(self, room: Room) -> int:
        """Check the room's head soon; returns the number of the check that will cover it."""
        self._rooms[room] = None
        self.wake.set()
        return self._checks_started + 1

    def add_all(self) -> None:
        """Check every room soon. Needed after an assignment, an offset reset or a reconnect to Kafka."""
        self._checks_all = True
        self.wake.set()

    def take_all(self) -> bool:
        """Whether `add_all` was called since the last call."""
        checks_all, self._checks_all = self._checks_all, False
        return checks_all

    def take_rooms(self) -> list[Room]:
        """The rooms added since the last call."""
        rooms = list(self._rooms)
        self._rooms.clear()
        return rooms

    def put_back(self, rooms: Iterable[Room]) -> None:
        """These rooms could not be checked: include them in the next check."""
        self._rooms.update(dict.fromkeys(rooms))

    def begin_check(self) -> int:
        """The number of the check that starts now."""
        self._checks_started += 1
        return self._checks_started
