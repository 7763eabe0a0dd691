"""Checks the ids of new rooms, and makes an id from a name."""

import re
from typing import Final

from chat_server.text.look_alikes import skeletons
from chat_server.text.rules import latin_letters

RESERVED_ROOM_IDS: Final = frozenset(
    {
        "admin",
        "api",
        "assets",
        "docs",
        "embed",
        "hotchat",
        "internal",
        "invites",
        "me",
        "moderate",
        "new",
        "null",
        "operator",
        "ops",
        "rooms",
        "search",
        "sessions",
        "settings",
        "stream",
        "system",
        "undefined",
    }
)
"""Ids that look like a part of Hotchat in a URL. Rooms created before an id was reserved keep working."""

_RESERVED_SKELETONS = frozenset(form for room_id in RESERVED_ROOM_IDS for form in skeletons(room_id))

_NOT_ALLOWED = re.compile(r"[^a-z0-9]+")
_MAX_LENGTH = 64


def clean_new_room_id(room_id: str) -> str:
    """The id itself. Raises ValueError with a sentence for its author."""
    if not room_id.strip("-"):
        raise ValueError("A room's id needs at least one letter or digit.")
    if _looks_reserved(room_id):
        raise ValueError(f"The id {room_id!r} is reserved; choose another one.")
    return room_id


def room_id_from_name(name: str, fallback: str) -> str:
    """`Café Élan!` → `cafe-elan`; `fallback` for a reserved id, and for a name without Latin letters or digits."""
    room_id = _NOT_ALLOWED.sub("-", latin_letters(name)).strip("-")[:_MAX_LENGTH].strip("-")
    return fallback if not room_id or _looks_reserved(room_id) else room_id


def _looks_reserved(room_id: str) -> bool:
    """As names are compared: `adm1n` and `a-d-m-i-n` look like `admin`."""
    return not skeletons(room_id).isdisjoint(_RESERVED_SKELETONS)
