"""Folds text to what a reader takes it for, so that it can be compared with words that a room does not allow.

Case, width, invisible characters, marks on letters and look-alikes of other scripts make no difference. Work is linear.
"""

import re
import sys
import unicodedata
from array import array
from collections.abc import Iterator
from itertools import chain
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

MAX_GROWTH: Final = 4
"""Code points for one code point. Only two Arabic ligatures stand for more; they count as spaces."""

_UNSEGMENTED: Final = re.compile(f"[{HANGUL}{UNSPACED}]")
_IGNORED: Final = re.compile(f"[{DEFAULT_IGNORABLE}]+")
_STRAY_MARKS: Final = re.compile(f"(?<=[A-Za-z0-9]){MARK}+")
_DECORATIVE_MARKS: Final = frozenset({"INHERITED", "LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC"})
"""Scripts whose marks a reader can do without."""

_VOICING: Final = "\u3099\u309a"
"""The marks of kana that make another letter."""

_LETTER_SYMBOLS: Final = {
    first + index: letter
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for index, letter in enumerate("abcdefghIjklmnopqrstuvwxyz")
}
"""Negative circled and squared letters and regional indicators show a letter and have no compatibility form."""

_FOLDED_RANGES: Final = (
    range(0xAC00),
    range(0xF900, 0x20000),
    range(0x2F800, 0x2FA20),
    range(0xE0000, 0xE1000),
)
"""All other code points are Hangul syllables, Han, private or unassigned: their folded form is the same."""

_RIGHT_TO_LEFT: Final = "\u202e"
_REVERSED: Final = re.compile("\u202e([^\u202c\n]*)")

_FORMATTING: Final = "*`~"
_INNER_FORMATTING: Final = re.compile(f"(?<=[\\w.])[{_FORMATTING}]+(?=[\\w.])")

_MARK_CATEGORIES: Final = frozenset({"Mn", "Mc", "Me"})
_BLOCK: Final = 64


def fold(text: str) -> str:
    """The folded form of a normalised text: letters in lower case except AMBIGUOUS, digits and signs kept."""
    folded = text.translate(_FOLDED_CHARACTERS)
    return folded if folded.isascii() else _STRAY_MARKS.sub("", composed(folded))


def readings_of(text: str) -> list[tuple[str, str]]:
    """All ways in which a normalised text may be read, each with its folded form."""
    return [(shown, folded) for shown in _shown_readings(text) for folded in _drawn_readings(fold(shown))]


def _shown_readings(text: str) -> tuple[str, ...]:
    """The text, and its order on screen if parts of it are shown from right to left (U+202E … U+202C)."""
    if _RIGHT_TO_LEFT not in text:
        return (text,)
    return text, _REVERSED.sub(lambda found: found[1][::-1], text)


def _drawn_readings(folded: str) -> tuple[str, ...]:
    """The folded text, and without formatting inside words: the page draws `**ex**ample.com` without the marks."""
    if not any(mark in folded for mark in _FORMATTING):
        return (folded,)
    drawn = _INNER_FORMATTING.sub("", folded)
    return (folded,) if drawn == folded else (folded, drawn)


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


def _folded_characters() -> dict[int, str]:
    """The folded form of every character that differs from it. Takes about 30 ms, once.

    All forms are made as lines of one text, which is several times faster than one by one.
    """
    everything = "".join(map(_text_of, _FOLDED_RANGES))
    formats, marks = [], []
    for char, category in zip(everything, map(unicodedata.category, everything), strict=True):
        if category == "Cf":
            formats.append(char)
        elif category in _MARK_CATEGORIES:
            marks.append(char)
    others = chain(map(chr, CONFUSABLES), map(chr, LATIN_SHAPES), _with_other_form(everything))
    chars = list(dict.fromkeys(chain(marks, others)))
    forms = [
        form if len(form) <= MAX_GROWTH else " " for form in compatible_form("\n".join(chars)).split("\n")
    ]
    text = "\n".join(forms)
    parts = {ord(char): _fold_part(char) for char in set(text)}
    folded = dict(zip(map(ord, chars), composed(text.translate(parts)).split("\n"), strict=True))
    ignored = chain(formats, *_IGNORED.findall(everything))
    return folded | _LETTER_SYMBOLS | dict.fromkeys(map(ord, ignored), "")


def _text_of(code_points: range) -> str:
    return array("I", code_points).tobytes().decode(f"utf-32-{sys.byteorder[0]}e")


def _with_other_form(characters: str) -> Iterator[str]:
    """The characters that are not their own compatibility form and lower case. Most blocks have none."""
    for start in range(0, len(characters), _BLOCK):
        block = characters[start : start + _BLOCK]
        if not compatible_form(block) == block == block.casefold():
            yield from (char for char in block if not compatible_form(char) == char == char.casefold())


_FOLDED_CHARACTERS: Final = _folded_characters()
