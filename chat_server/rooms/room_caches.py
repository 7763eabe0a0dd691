"""Everything that this process keeps in memory about a room, so that one call invalidates all of it."""

from typing import Protocol

from chat_server.rooms.room_access import RoomAccess
from chat_server.rooms.room_list import RoomLists
from chat_server.rooms.room_settings_cache import RoomSettingsCache


class RoomPages(Protocol):
    """Pages of rooms in memory; RoomReads is one."""

    def invalidate(self, room_id: str) -> None: ...
    def forget(self, room_id: str) -> None: ...


class RoomCaches:
    def __init__(
        self, room_settings: RoomSettingsCache, room_lists: RoomLists, pages: RoomPages, access: RoomAccess
    ) -> None:
        self._room_settings = room_settings
        self._room_lists = room_lists
        self._pages = pages
        self._access = access

    def invalidate(self, room_id: str) -> None:
        """Call after the room was created or changed by its hosts, such as its name or who may read it."""
        self._room_settings.invalidate(room_id)
        self._pages.invalidate(room_id)
        self._access.invalidate(room_id)
        self._room_lists.wrote()

    def forget(self, room_id: str) -> None:
        """Call after the room was deleted."""
        self._room_settings.invalidate(room_id)
        self._pages.forget(room_id)
        self._access.invalidate(room_id)
        self._room_lists.wrote()
