"""The rules for every text that a person sends: messages, names of people and rooms, words to search for.

All work is linear and bounded. The raw length and the runs of marks are checked before normalisation, because the
normalisation of a long run of marks takes quadratic time. No other module may call `unicodedata.normalize`; ruff
checks that.
"""

import re
import unicodedata
from itertools import chain
from typing import Final

from chat_contract.limits import MAX_TEXT_CODE_POINTS

MAX_GROWTH: Final = 4
"""Code points of a text in NFD for each one in NFC. Source: UAX #15, "Maximum Expansion Factors", UTF-32."""

MAX_MARKS: Final = 30
"""Combining marks in a row. Source: UAX #15, "Stream-Safe Text Format". No language comes near it."""

_CODE_POINTS_WITH_MARKS: Final = (range(0x300, 0x1F000), range(0xE0100, 0xE01F0))


def _class_of_marks() -> str:
    """A regular expression's character class of all marks: the categories Mn, Mc and Me, as runs of code points."""
    runs: list[list[int]] = []
    for code_point in chain(*_CODE_POINTS_WITH_MARKS):
        if unicodedata.category(chr(code_point))[0] != "M":
            continue
        if runs and runs[-1][1] == code_point - 1:
            runs[-1][1] = code_point
        else:
            runs.append([code_point, code_point])
    return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in runs) + "]"


_MARK: Final = re.compile(_class_of_marks())
_TOO_MANY_MARKS: Final = re.compile(f"{_MARK.pattern}{{{MAX_MARKS + 1}}}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")


def normalized(raw: str, max_code_points: int, subject: str) -> str:
    """The text in NFC without white space around it, of 1 to max_code_points code points.

    Raises ValueError with a sentence for its author, which begins with `subject`, such as "A message".
    """
    if len(raw) <= MAX_GROWTH * max_code_points:
        text = _nfc(raw.strip())
        if 1 <= len(text) <= max_code_points:
            return text
    raise ValueError(f"{subject} has 1 to {max_code_points:,} characters.")


def _nfc(raw: str) -> str:
    if raw.isascii():
        return raw
    # A run of more than MAX_MARKS marks covers one of every MAX_MARKS + 1 places, so most texts need no full search.
    if _MARK.search(raw[MAX_MARKS :: MAX_MARKS + 1]) and _TOO_MANY_MARKS.search(raw):
        raise ValueError(f"The text has more than {MAX_MARKS} combining marks in a row; remove some of them.")
    return unicodedata.normalize("NFC", raw)


def normalized_line(raw: str, max_code_points: int, subject: str) -> str:
    """As `normalized`, on one line: each run of white space becomes one space before anything is counted."""
    return normalized(" ".join(raw.split()), max_code_points, subject)


def clean_message_text(raw: str) -> str:
    """A message's text: normalised, with `\\n` line ends. Raises ValueError with a sentence for its author."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    return refuse_controls(normalized(text, MAX_TEXT_CODE_POINTS, "A message"))


def refuse_controls(text: str) -> str:
    """The text itself; line feeds and tabs may stay. Raises ValueError with a sentence for its author."""
    if text.isprintable():
        return text
    if _SURROGATE.search(text):
        raise ValueError("The text holds half of a surrogate pair, which is not a character.")
    if _CONTROL.search(text):
        raise ValueError("The text holds control characters; remove them.")
    return text


def base_letters(text: str) -> str:
    """`Ｃａｆé` → `Cafe`: a normalised text in compatibility form (NFKD) without its marks."""
    return _MARK.sub("", unicodedata.normalize("NFKD", text))


def latin_letters(text: str) -> str:
    """`Café 10` → `cafe 10`: what is left of a normalised text in lower-case ASCII."""
    return base_letters(text).encode("ascii", "ignore").decode().lower()
