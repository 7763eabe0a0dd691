"""Folds text to what a reader takes it for, so that it can be compared with words that a room does not allow.

Case, width, invisible characters, marks on letters and look-alikes of other scripts make no difference. Work is linear.
"""

import re
import unicodedata
from typing import Final

from chat_server.text.confusables import CONFUSABLES, LATIN_SHAPES, script_of
from chat_server.text.rules import DEFAULT_IGNORABLE, MARK, compatible_form, composed

AMBIGUOUS: Final = "I"
"""Stands for a character that looks like `i` and like `l`. All other Latin letters of a folded text are lower case."""

HANGUL: Final = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
UNSPACED: Final = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Inside a class: Thai, Lao, Tibetan, Myanmar, Khmer, Han, kana, Bopomofo. They put no spaces between words."""

MAX_FOLDED: Final = 20_000
MAX_GROWTH: Final = 4
"""Code points for one code point. Only two Arabic ligatures stand for more; they count as spaces."""

_UNSEGMENTED: Final = re.compile(f"[{HANGUL}{UNSPACED}]")
_IGNORED: Final = re.compile(f"[{DEFAULT_IGNORABLE}]")
_STRAY_MARKS: Final = re.compile(f"(?<=[A-Za-z0-9]){MARK}+")
_DECORATIVE_MARKS: Final = frozenset({"INHERITED", "LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC"})
"""Scripts whose marks a reader can do without."""

_VOICING: Final = "\u3099\u309a"
"""The marks of kana that make another letter."""

_LETTER_IN_NAME: Final = re.compile(
    "(?:REGIONAL INDICATOR SYMBOL|NEGATIVE CIRCLED LATIN CAPITAL|NEGATIVE SQUARED LATIN CAPITAL) LETTER ([A-Z])"
)
"""Symbols that show a letter and have no compatibility form."""


def fold(text: str) -> str:
    """The folded form of a normalised text: letters in lower case except AMBIGUOUS, digits and signs kept."""
    folded = text.translate(_characters)
    return folded if folded.isascii() else _STRAY_MARKS.sub("", composed(folded))


class _FoldedCharacters(dict[int, str]):
    """The folded form of each character, computed once. At most MAX_FOLDED entries; overflow rule: CLEAR."""

    def __missing__(self, code_point: int) -> str:
        if len(self) >= MAX_FOLDED:
            self.clear()
        folded = self[code_point] = _fold_character(chr(code_point))
        return folded


_characters: Final = _FoldedCharacters()


def _fold_character(char: str) -> str:
    if _IGNORED.match(char) or unicodedata.category(char) == "Cf":
        return ""
    letter = _LETTER_IN_NAME.fullmatch(unicodedata.name(char, ""))
    form = letter[1] if letter else compatible_form(char)
    if len(form) > MAX_GROWTH:
        return " "
    return composed("".join(map(_fold_part, form)))


def _fold_part(char: str) -> str:
    if char == AMBIGUOUS:
        return AMBIGUOUS
    if char.isascii():
        return char.lower()
    if unicodedata.category(char)[0] == "M":
        is_decorative = char not in _VOICING and script_of(char) in _DECORATIVE_MARKS
        return "" if is_decorative else char
    if _UNSEGMENTED.match(char):
        return char  # some look like a Latin letter, but nobody reads them as one
    if ord(char) in LATIN_SHAPES:
        return LATIN_SHAPES[ord(char)]
    shape = CONFUSABLES.get(ord(char), char)
    if shape == "l":
        return AMBIGUOUS
    return "".join(each if each.isascii() else CONFUSABLES.get(ord(each), each) for each in shape.casefold())
