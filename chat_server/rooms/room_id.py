"""A room's id made from its name."""

import re

from chat_server.text_rules import latin_letters

_NOT_ALLOWED = re.compile(r"[^a-z0-9]+")
_MAX_LENGTH = 64


def room_id_from_name(name: str, fallback: str) -> str:
    """`Café Élan!` → `cafe-elan`; `fallback` for a name without Latin letters or digits."""
    return _NOT_ALLOWED.sub("-", latin_letters(name)).strip("-")[:_MAX_LENGTH].strip("-") or fallback
