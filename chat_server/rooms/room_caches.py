"""Everything that this process keeps in memory about a room, so that one call invalidates all of it."""

from collections.abc import Callable

from chat_server.rooms.room_list import RoomLists
from chat_server.rooms.room_settings_cache import RoomSettingsCache


class RoomCaches:
    def __init__(
        self,
        room_settings: RoomSettingsCache,
        room_lists: RoomLists,
        invalidate_pages: Callable[[str], None],
    ) -> None:
        """`invalidate_pages` takes a room id; the fetches keep the pages."""
        self._room_settings = room_settings
        self._room_lists = room_lists
        self._invalidate_pages = invalidate_pages

    def invalidate(self, room_id: str) -> None:
        """Call after the room was created or a change of it that takes no seq, such as its name."""
        self._room_settings.invalidate(room_id)
        self._invalidate_pages(room_id)
        self._room_lists.wrote()
