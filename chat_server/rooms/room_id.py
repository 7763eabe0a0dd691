"""A room's id made from its name."""

import re
import unicodedata

_NOT_ALLOWED = re.compile(r"[^a-z0-9]+")
_MAX_LENGTH = 64


def room_id_from_name(name: str, fallback: str) -> str:
    """`Café Élan!` → `cafe-elan`; `fallback` for a name without Latin letters or digits."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_ALLOWED.sub("-", ascii_name).strip("-")[:_MAX_LENGTH].strip("-") or fallback
