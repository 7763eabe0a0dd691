"""What may be a message's text, checked before it is queued: a bad text must never reach a shared transaction."""

import unicodedata

from chat_contract.limits import MAX_TEXT_CODE_POINTS

_ALLOWED_CONTROLS = "\n\t"


def clean_text(raw: str) -> str:
    """The text in NFC, trimmed, with `\\n` line ends. Raises ValueError with a sentence for its author."""
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text or len(text) > MAX_TEXT_CODE_POINTS:
        raise ValueError(f"A message has 1 to {MAX_TEXT_CODE_POINTS:,} characters.")
    if text.isprintable():
        return text
    for char in text:
        category = unicodedata.category(char)
        if category == "Cs":
            raise ValueError("The text holds half of a surrogate pair, which is not a character.")
        if category == "Cc" and char not in _ALLOWED_CONTROLS:
            raise ValueError("The text holds control characters; remove them.")
    return text
