"""How a name looks to a reader: its skeleton, and whether it mixes scripts. Source: UTS #39.

Two data files of the package confusable-homoglyphs are read at import, which takes about 40 ms: Unicode's
confusables.txt (0.9 MB) and Scripts.txt (50 KB). All work on a name is linear in its length.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

import orjson

from chat_server.text.rules import base_letters

SIGNS: Final = str.maketrans(
    {"!": "i", "|": "i", "$": "s", "@": "a", "€": "e", "£": "l", "(": "c", "+": "t", "¡": "i"}
)
DIGITS: Final = str.maketrans("013457", "oieast")
"""Signs and digits that people write for letters. UTS #39 compares shapes only, so it does not list them."""

_LATIN_NAME: Final = re.compile(
    "LATIN (?:SMALL|CAPITAL) LETTER (?:DOTLESS |LONG |OPEN |SCRIPT |INSULAR )?([A-Z])(?: WITH .*)?"
    "|LATIN LETTER SMALL CAPITAL ([A-Z])"
)
"""Latin letters with a stroke or a hook, and small capitals. confusables.txt keeps them apart from the plain letter."""

_OTHER_LATIN: Final = {"ĸ": "k"}

_MIXED: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
)
"""Scripts that one word may mix. Source: UTS #39, section 5.2, "Highly Restrictive"."""

_ANY_SCRIPT: Final = frozenset({"COMMON", "INHERITED", "UNKNOWN"})


def skeletons(name: str) -> frozenset[str]:
    """The letters that a reader may see in a normalised name, without marks and case, look-alikes made equal.

    There are several, as a sign may be read as a letter (`adm!n`, `$ystem`) or as punctuation (`Hotchat!`).
    """
    letters = _latin(name)
    readings = (letters.translate(SIGNS), *_without_outer_signs(letters))
    return frozenset("".join(filter(str.isalnum, text)) for text in (letters, *readings))


def plain_latin(text: str) -> str:
    """`Łódź Straße` → `lodz strasse`: a normalised text in lower case, its Latin letters without marks and strokes."""
    return base_letters(text).translate(LATIN_SHAPES).casefold()


def _latin(name: str) -> str:
    """Case is folded between two mappings, as some characters look alike in one case only."""
    folded = base_letters(name).translate(CONFUSABLES).casefold().translate(CONFUSABLES)
    return folded.translate(DIGITS).replace("l", "i")


def _without_outer_signs(text: str) -> Iterator[str]:
    """The text without signs at its start, at its end and at both; the signs left are read as letters."""
    alnum = [index for index, char in enumerate(text) if char.isalnum()]
    if alnum:
        for start, end in ((alnum[0], None), (None, alnum[-1] + 1), (alnum[0], alnum[-1] + 1)):
            yield text[start:end].translate(SIGNS)


def mixes_scripts(name: str) -> bool:
    """Whether one word of the name has letters of scripts that do not belong together, such as Latin and Cyrillic."""
    if name.isascii():
        return False
    for is_word, chars in groupby(name, _is_in_word):
        if not is_word:
            continue
        scripts = {script_of(char) for char in chars} - _ANY_SCRIPT
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _MIXED):
            return True
    return False


def _is_in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def script_of(char: str) -> str:
    index = bisect_right(_SCRIPT_STARTS, ord(char)) - 1
    _, end, script, _ = _SCRIPT_RANGES[index]
    return str(_SCRIPT_NAMES[script]) if index >= 0 and ord(char) <= end else "UNKNOWN"


def _data(name: str) -> Any:
    return orjson.loads((files("confusable_homoglyphs") / name).read_bytes())


def _confusables() -> dict[int, str]:
    """Characters that look like ASCII text.

    The package's file maps both ways: a source has one prototype, and a prototype has its sources. Of two ASCII
    characters only these are sources: I, 1 and | look like l, 0 like O, m like rn.
    """
    found = dict(LATIN_SHAPES)
    for source, prototypes in _data("confusables.json").items():
        char = source.replace("\u200e", "")
        if len(char) != 1 or len(prototypes) != 1 or (char.isascii() and char not in "I1|0m"):
            continue
        prototype = prototypes[0]["c"].replace("\u200e", "")
        if len(prototype) == 1:
            prototype = LATIN_SHAPES.get(ord(prototype), prototype)
        if prototype.isascii():
            found[ord(char)] = prototype
    return found


def _latin_shapes() -> Iterator[tuple[str, str]]:
    """Latin letters that have an ASCII letter in their name, with that letter."""
    yield from _OTHER_LATIN.items()
    for first, last, script, _ in _SCRIPT_RANGES:
        if _SCRIPT_NAMES[script] != "LATIN":
            continue
        for char in map(chr, range(max(0x80, first), last + 1)):
            found = _LATIN_NAME.fullmatch(unicodedata.name(char, ""))
            if found:
                yield char, (found[1] or found[2]).lower()


_SCRIPTS: Final = _data("categories.json")
_SCRIPT_NAMES: Final = _SCRIPTS["iso_15924_aliases"]
_SCRIPT_RANGES: Final = _SCRIPTS["code_points_ranges"]
_SCRIPT_STARTS: Final = [first for first, *_ in _SCRIPT_RANGES]
LATIN_SHAPES: Final = {ord(char): letter for char, letter in _latin_shapes()}
CONFUSABLES: Final = _confusables()
