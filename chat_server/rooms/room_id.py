"""Checks the ids of new rooms, and makes ids from a name."""

import base64
import re
import secrets
from random import Random
from typing import Final

from chat_server.text.confusables import plain_latin, skeletons

LOBBY: Final = "lobby"
"""The room that exists from the start."""

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
_SUFFIX_BITS: Final = (20, 40)
_MAX_LENGTH: Final = 64 - len("-") - max(_SUFFIX_BITS) // 4


def clean_new_room_id(room_id: str) -> str:
    """The id itself. Raises ValueError with a sentence for its author."""
    if not room_id.strip("-"):
        raise ValueError("A room's id needs at least one letter or digit.")
    if _looks_reserved(room_id):
        raise ValueError(f"The id {room_id!r} is reserved; choose another one.")
    return room_id


def room_ids_from_name(name: str, rng: Random) -> list[str]:
    """Ids to try in this order: `cafe-elan`, then the same with a random suffix, as many rooms may have one name.

    Rooms whose names have letters or digits without a Latin form, or lead to a reserved id, are called `room-` and a
    random suffix: what is left of such a name would mean nothing, such as `1` of `회의 1`.
    """
    latin = plain_latin(name)
    is_complete = all(char.isascii() for char in latin if char.isalnum())
    slug = _NOT_ALLOWED.sub("-", latin).strip("-")[:_MAX_LENGTH].strip("-")
    readable = [slug] if is_complete and slug and not _looks_reserved(slug) else []
    stem = readable[0] if readable else "room"
    return readable + [f"{stem}-{rng.getrandbits(bits):0{bits // 4}x}" for bits in _SUFFIX_BITS]


def new_private_room_id() -> str:
    """128 random bits: nobody can guess that the room exists."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _looks_reserved(room_id: str) -> bool:
    """As names are compared: `adm1n` and `a-d-m-i-n` look like `admin`."""
    return not skeletons(room_id).isdisjoint(_RESERVED_SKELETONS)
