"""Rules for all text from users: messages, names of people and rooms, search words.

All work is linear and bounded. The raw length and the runs of combining marks are checked before normalisation, which
takes quadratic time for a long run of marks. No other module may call `unicodedata.normalize`; ruff checks that.
The frontend checks the same rules before it sends (frontend/src/lib/text/allowed-characters.ts);
tests/contract/allowed_characters.json holds vectors for both.
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


MARK: Final = _class_of_marks()
"""The regular expression class of all marks."""

_MARK: Final = re.compile(MARK)
_TOO_MANY_MARKS: Final = re.compile(f"{_MARK.pattern}{{{MAX_MARKS + 1}}}")
_LONG_RUN: Final = re.compile(f"({_MARK.pattern}{{{MAX_MARKS}}}){_MARK.pattern}+")

DEFAULT_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Inside a class. Source: Unicode, DerivedCoreProperties.txt, Default_Ignorable_Code_Point."""

NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)

_LINE_BREAK: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_REFUSED: Final = re.compile(f"[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{NONCHARACTERS}]")
_VISIBLE: Final = re.compile(
    f"[^\\s\0-\x1f\x7f-\x9f\ud800-\udfff\u2800\ufff9-\ufffb\U00013430-\U0001343f{DEFAULT_IGNORABLE}"
    f"{_MARK.pattern[1:-1]}]"
)
"""Any character but spaces, controls, combining marks and blanks such as U+2800, which Unicode calls a symbol."""

_DIRECTION_CONTROL: Final = re.compile("[\n\u202a-\u202e\u2066-\u2069]")
_POP_EMBEDDING: Final = "\u202c"
_POP_ISOLATE: Final = "\u2069"


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


def composed_length(raw: str, max_code_points: int) -> int:
    """Code points of the text in NFC; of the raw text if that is too long in any form, or no text."""
    if len(raw) > MAX_GROWTH * max_code_points:
        return len(raw)
    try:
        return len(_nfc(raw))
    except ValueError:
        return len(raw)


def normalized_line(raw: str, max_code_points: int, subject: str) -> str:
    """Same as `normalized`, on one line: each run of white space becomes one space before code points are counted."""
    return normalized(" ".join(raw.split()), max_code_points, subject)


def clean_message_text(raw: str) -> str:
    """Returns the text of a message, normalised, with `\\n` line ends and direction controls in pairs.

    Raises ValueError with a sentence for the author.
    """
    text = normalized(raw if raw.isprintable() else _plain_lines(raw), MAX_TEXT_CODE_POINTS, "A message")
    refused = None if text.isprintable() else _REFUSED.search(text)
    if refused is not None:
        raise ValueError(f"A message may not hold {code_of(refused[0])}, which is no text; remove it.")
    if not (text.isascii() or is_visible(text)):
        raise ValueError("A message needs at least one visible character.")
    return text


def is_visible(text: str) -> bool:
    """Whether a reader would see anything of the text."""
    return _VISIBLE.search(text) is not None


def code_of(character: str) -> str:
    """`\\u200b` → `U+200B`."""
    return f"U+{ord(character):04X}"


def _plain_lines(raw: str) -> str:
    lines = _LINE_BREAK.sub("\n", raw)
    return lines if lines.isascii() else _without_lone_directions(lines)


def _without_lone_directions(text: str) -> str:
    """The text without direction controls that have no partner in their line. Source: UAX #9, BD9 and BD11."""
    open_: list[tuple[int, bool]] = []
    open_isolates = 0
    paired: set[int] = set()
    for found in _DIRECTION_CONTROL.finditer(text):
        control, at = found[0], found.start()
        if control == "\n":
            open_.clear()
            open_isolates = 0
        elif control == _POP_ISOLATE:
            if open_isolates == 0:
                continue
            while not open_[-1][1]:
                open_.pop()
            paired.update((open_.pop()[0], at))
            open_isolates -= 1
        elif control == _POP_EMBEDDING:
            if open_ and not open_[-1][1]:
                paired.update((open_.pop()[0], at))
        else:
            is_isolate = control >= "\u2066"
            open_.append((at, is_isolate))
            open_isolates += is_isolate
    return _DIRECTION_CONTROL.sub(
        lambda found: found[0] if found[0] == "\n" or found.start() in paired else "", text
    )


def base_letters(text: str) -> str:
    """`Ｃａｆé` → `Cafe`: a normalised text in compatibility form (NFKD) without its marks."""
    return _MARK.sub("", unicodedata.normalize("NFKD", text))


def compatible_form(text: str) -> str:
    """`ﬁ Ｋ` → `fi K`: a normalised text in compatibility form (NFKD), with its marks."""
    return unicodedata.normalize("NFKD", text)


def composed(text: str) -> str:
    """The text in NFC. Of a run of marks the first MAX_MARKS stay, so the work is linear."""
    return text if text.isascii() else unicodedata.normalize("NFC", _LONG_RUN.sub(r"\1", text))
