"""Rules for all text from users: messages, names of people and rooms, search words.

All work is linear and bounded. The raw length and the runs of combining marks are checked before normalisation, which
takes quadratic time for a long run of marks. No other module may call `unicodedata.normalize`; ruff checks that.
"""

import re
import unicodedata
from itertools import chain
from typing import Final

from chat_contract.limits import MAX_TEXT_CODE_POINTS

MAX_GROWTH: Final = 4
"""Most code points in NFD for one code point in NFC. Source: UAX #15, "Maximum Expansion Factors", UTF-32."""

MAX_MARKS: Final = 30
"""Combining marks in a row. Source: UAX #15, "Stream-Safe Text Format". No language needs nearly as many."""

_CODE_POINTS_WITH_MARKS: Final = (range(0x300, 0x1F000), range(0xE0100, 0xE01F0))


def _class_of_marks() -> str:
    """The regular expression class of all marks: the categories Mn, Mc and Me, as runs of code points."""
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
    """Returns the text in NFC, stripped, with 1 to max_code_points code points.

    Raises ValueError with a sentence for the author. `subject` begins that sentence, such as "A message".
    """
    if len(raw) <= MAX_GROWTH * max_code_points:
        text = _nfc(raw.strip())
        if 1 <= len(text) <= max_code_points:
            return text
    raise ValueError(f"{subject} has 1 to {max_code_points:,} characters.")


def _nfc(raw: str) -> str:
    if raw.isascii():
        return raw
    # A run of more than MAX_MARKS marks covers every (MAX_MARKS + 1)-th position, so most texts need no full search.
    if _MARK.search(raw[MAX_MARKS :: MAX_MARKS + 1]) and _TOO_MANY_MARKS.search(raw):
        raise ValueError(f"The text has more than {MAX_MARKS} combining marks in a row; remove some of them.")
    return unicodedata.normalize("NFC", raw)


def normalized_line(raw: str, max_code_points: int, subject: str) -> str:
    """Same as `normalized`, on one line: each run of white space becomes one space before code points are counted."""
    return normalized(" ".join(raw.split()), max_code_points, subject)


def clean_message_text(raw: str) -> str:
    """Returns the text of a message, normalised, with `\\n` line ends.

    Raises ValueError with a sentence for the author.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    return refuse_controls(normalized(text, MAX_TEXT_CODE_POINTS, "A message"))


def refuse_controls(text: str) -> str:
    """Returns the text unchanged; line feeds and tabs are allowed. Raises ValueError with a sentence for the author."""
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
    """`Café 10` → `cafe 10`: a normalised text in lower-case ASCII, without all other characters."""
    return base_letters(text).encode("ascii", "ignore").decode().lower()
