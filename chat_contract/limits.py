"""Limits that several packages share."""

from typing import Final

MAX_BODY_BYTES: Final = 32 * 1024
MAX_TEXT_CODE_POINTS: Final = 4_000
MAX_NICKNAME_CODE_POINTS: Final = 32
MAX_ROOM_NAME_CODE_POINTS: Final = 80
MAX_SEARCH_CODE_POINTS: Final = 100
SEARCH_PAGE_MAX: Final = 50
ROOM_ID_PATTERN: Final = r"^[a-z0-9-]{1,64}$"

PAGE_DEFAULT: Final = 50
PAGE_MAX: Final = 100
EVENTS_PAGE_MAX: Final = 500
EVENTS_WAIT_MAX_S: Final = 5
"""Shorter than the 8 s after which the edge gives a response of chat_server up."""

MAX_LISTED_ROOMS: Final = 100
"""Rooms of one room-list stream."""

RECENT_EVENTS_MAX: Final = 500
"""The newest events of a room, which chat_server serves from memory. A hub reads them for a room's first subscriber."""

MAX_SEQ: Final = 2**63 - 1

CALM_ROWS_PER_S: Final = 3
"""Messages of guests in the calm lane of a room, on average; the others of a room that gets more are left out."""
