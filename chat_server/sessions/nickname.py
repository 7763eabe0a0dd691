"""What may be a nickname: one line that cannot pretend to be another's by control or direction characters."""

import unicodedata

from chat_contract.limits import MAX_NICKNAME_CODE_POINTS
from chat_server.text_rules import normalized_line

_JOINER = "\u200d"  # holds emoji together


def clean_nickname(raw: str) -> str:
    """The nickname in NFC with single inner spaces. Raises ValueError with a sentence for its author."""
    nickname = normalized_line(raw, MAX_NICKNAME_CODE_POINTS, "A nickname")
    for char in nickname:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char != _JOINER:
            raise ValueError("A nickname may not hold control or text-direction characters.")
    if not nickname.strip(_JOINER):
        raise ValueError(f"A nickname has 1 to {MAX_NICKNAME_CODE_POINTS} characters.")
    return nickname
