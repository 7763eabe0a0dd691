"""Checks the names of people and rooms: one visible line that does not look like a reserved name.

The page shows a colour and a tag derived from the user id, so two people with the same name look different. Only
reserved names are compared by appearance.
"""

import re
import unicodedata
from typing import Final

from chat_contract.limits import MAX_NICKNAME_CODE_POINTS, MAX_ROOM_NAME_CODE_POINTS
from chat_server.text.look_alikes import mixes_scripts, skeletons
from chat_server.text.rules import normalized_line

RESERVED_NAMES: Final = (
    "hotchat",
    "operator",
    "system",
    "admin",
    "administrator",
    "moderator",
    "owner",
    "deleted",
    "unknown",
    "관리자",
    "운영자",
    "시스템",
)

# Unicode, DerivedCoreProperties.txt, Default_Ignorable_Code_Point; U+2800 is blank, too.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_EMOJI: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_HAS_EMOJI: Final = re.compile(_EMOJI)
_EMOJI_ELEMENT: Final = f"{_EMOJI}[\ufe0f\U0001f3fb-\U0001f3ff]?"
_JOINING_SCRIPTS: Final = (
    "\u0620-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\ua8e0-\ua8ff\uaa60-\uaa7f"
    "\U00011000-\U0001197f"
)
"""Arabic, Syriac, N'Ko, the scripts of India, Myanmar, Khmer, Mongolian: joiners change the shape of their letters."""

_LEGITIMATE: Final = re.compile(
    "[0-9#*]\ufe0f?\u20e3"
    f"|{_EMOJI_ELEMENT}(?:\u200d{_EMOJI_ELEMENT})*"
    f"|(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}])"
)
"""Keycaps, emoji sequences (UTS #51, ED-17) and joiners between letters that need them (RFC 5892, appendix A)."""

_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_nickname(raw: str) -> str:
    """Returns the nickname in NFC with single inner spaces. Raises ValueError with a sentence for the author."""
    return _clean_name(raw, MAX_NICKNAME_CODE_POINTS, "A nickname")


def clean_room_name(raw: str) -> str:
    """Returns the room's name in NFC with single inner spaces. Raises ValueError with a sentence for the author."""
    return _clean_name(raw, MAX_ROOM_NAME_CODE_POINTS, "A room's name")


def _clean_name(raw: str, max_code_points: int, subject: str) -> str:
    name = normalized_line(raw, max_code_points, subject)
    plain = name if name.isascii() else _LEGITIMATE.sub("", name)
    if _INVISIBLE.search(plain) or any(unicodedata.category(char) in _REFUSED_CATEGORIES for char in plain):
        raise ValueError(
            f"{subject} may not hold invisible, control or text-direction characters; remove them."
        )
    if not (_HAS_EMOJI.search(name) or any(unicodedata.category(char)[0] in "LNPS" for char in name)):
        raise ValueError(f"{subject} needs at least one visible character.")
    if looks_reserved(name):
        raise ValueError(f"{subject} may not look like {name!r}, which is reserved; choose another one.")
    if mixes_scripts(name):
        raise ValueError(f"{subject} may not mix letters of several alphabets in one word; use one of them.")
    return name


def looks_reserved(name: str) -> bool:
    """Whether a reader could take a normalised name for a reserved one."""
    return not skeletons(name).isdisjoint(_RESERVED_SKELETONS)


_RESERVED_SKELETONS: Final = frozenset(form for name in RESERVED_NAMES for form in skeletons(name))
