"""Checks the names of people and rooms: one visible line that does not look like a reserved name.

The page shows a colour and a tag derived from the user id, so two people with the same name look different. Only
reserved names are compared by appearance.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from chat_contract.limits import MAX_NICKNAME_CODE_POINTS, MAX_ROOM_NAME_CODE_POINTS
from chat_server.text.confusables import mixes_scripts, skeletons
from chat_server.text.rules import DEFAULT_IGNORABLE, code_of, is_visible, normalized_line

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

_INVISIBLE: Final = re.compile(f"[{DEFAULT_IGNORABLE}\u2800]")

_EMOJI: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_EMOJI_ELEMENT: Final = f"{_EMOJI}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]?"
_FLAG: Final = "\U0001f3f4\U000e0067\U000e0062(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("eng", "sct", "wls"))
)
"""The flags of England, Scotland and Wales: other tag sequences look like a plain black flag."""

_JOINING_SCRIPTS: Final = (
    "\u0620-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\ua8e0-\ua8ff\uaa60-\uaa7f"
    "\U00011000-\U0001197f"
)
"""Arabic, Syriac, N'Ko, the scripts of India, Myanmar, Khmer, Mongolian: joiners change the shape of their letters."""

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MONGOLIAN: Final = "\u1820-\u18aa"

_LEGITIMATE: Final = re.compile(
    f"[0-9#*]\ufe0f?\u20e3|{_FLAG}"
    f"|{_EMOJI_ELEMENT}(?:\u200d{_EMOJI_ELEMENT})*"
    f"|(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}])"
    f"|(?<=[{_HAN}])[\ufe00-\ufe02\U000e0100-\U000e01ef]"
    f"|(?<=[{_MONGOLIAN}])[\u180b-\u180d\u180f]"
)
"""Keycaps, emoji sequences (UTS #51, ED-17), and joiners between letters that need them (RFC 5892, appendix A).
Also one variation selector after an ideograph (UTS #37) or a Mongolian letter."""

_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_nickname(raw: str) -> str:
    """Returns the nickname in NFC with single inner spaces. Raises ValueError with a sentence for the author."""
    return _clean_name(raw, MAX_NICKNAME_CODE_POINTS, "A nickname")


def clean_room_name(raw: str) -> str:
    """Returns the room's name in NFC with single inner spaces. Raises ValueError with a sentence for the author."""
    return _clean_name(raw, MAX_ROOM_NAME_CODE_POINTS, "A room's name")


def clean_line(raw: str, max_code_points: int, subject: str) -> str:
    """Returns one visible line in NFC with single inner spaces. Raises ValueError with a sentence for the author."""
    line = normalized_line(raw, max_code_points, subject)
    plain = line if line.isascii() else _LEGITIMATE.sub("", line)
    refused = next(filter(_is_refused, plain), None)
    if refused is not None:
        raise ValueError(
            f"{subject} may not hold {code_of(refused)}, which is invisible, a control character or no character; "
            "remove it."
        )
    if not is_visible(line):
        raise ValueError(f"{subject} needs at least one visible character.")
    return line


def _clean_name(raw: str, max_code_points: int, subject: str) -> str:
    name = clean_line(raw, max_code_points, subject)
    if looks_reserved(name):
        raise ValueError(f"{subject} may not look like {name!r}, which is reserved; choose another one.")
    if mixes_scripts(name):
        raise ValueError(f"{subject} may not mix letters of several alphabets in one word; use one of them.")
    return name


def _is_refused(char: str) -> bool:
    return _INVISIBLE.match(char) is not None or unicodedata.category(char) in _REFUSED_CATEGORIES


@lru_cache(maxsize=10_000)
def appearances(name: str) -> frozenset[str]:
    """How a normalised name may look to a reader. Two names with a common appearance look alike. Overflow rule: LRU.

    A name without letters and digits, such as an emoji, only looks like itself.
    """
    return (skeletons(name) - {""}) or frozenset({name.casefold()})


def looks_reserved(name: str) -> bool:
    """Whether a reader could take a normalised name for a reserved one."""
    return not skeletons(name).isdisjoint(_RESERVED_SKELETONS)


_RESERVED_SKELETONS: Final = frozenset(form for name in RESERVED_NAMES for form in skeletons(name))
