"""One subscriber of the room-list stream: the latest of each room, waiting to be written."""

import asyncio

from publish_server.room import Room


class RoomListFeed:
    """Overflow rule LATEST: a slow reader finds one pending frame a room and kind, however much happened."""

    def __init__(self) -> None:
        self._pending: dict[tuple[str, bytes], bytes] = {}
        self._has_news = asyncio.Event()

    def room_updated(self, room: Room) -> None:
        self.put(room.id, b"room.updated", room.listed_frame())

    def put(self, room_id: str, kind: bytes, frame: bytes) -> None:
        self._pending[room_id, kind] = frame
        self._has_news.set()

    async def next(self) -> bytes:
        """Wait for news and take all of it, as joined frames."""
        await self._has_news.wait()
        self._has_news.clear()
        frames = b"".join(self._pending.values())
        self._pending.clear()
        return frames
