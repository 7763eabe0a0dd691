"""Finds forbidden words in a text, in time that is linear in the text and does not depend on how many words there are.

A word counts where it stands alone: `ass` is not found in `class`. Chinese, Japanese, Korean, Thai and related scripts
put no space between a word and what follows it, so their words are found anywhere.

One search in one automaton covers all readings of a text. Each reading is a list of tokens with a boundary on both
sides, and so is each word, so that any match is a word. Boundaries differ by reading:

- EXACT: the tokens in order. `sh1t`, `$hit` and `ѕhіt` read as `shit`. In short tokens each I may be
  i or l: `kIII` reads as `kill`.
- LOOSE: single tokens, and two or three in a row as one (`via gra`), in which i and l, rn and m look alike (`vlagra`).
  Only words of MIN_LOOSE letters take part: shorter ones would be found in `an us citizen`.
- STRETCHED: tokens in which a letter stands three times or more in a row (`shiiiit`). Each run of equal letters becomes
  one letter, in the token and in words of one token. So `asss` reads as `ass`, but `as` does not.
- SPELLED: single letters in a row (`s h i t`, `s.h.1.t`), in which a word may begin and end anywhere, and i and l look
  alike.

Most texts need none of that: they do not even have the letters of a word in a row.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import Final

import ahocorasick

from chat_server.text.confusables import DIGITS, SIGNS
from chat_server.text.folding import AMBIGUOUS, HANGUL, UNSPACED, fold
from chat_server.text.rules import MARK

EXACT: Final = "\0"
LOOSE: Final = "\1"
SPELLED: Final = "\2"
STRETCHED: Final = "\3"
MIN_LOOSE: Final = 6
MIN_SPELLED: Final = 3

_ASCII_TOKEN: Final = re.compile("[A-Za-z0-9]+")
_TOKEN: Final = re.compile(f"(?:[^\\W_{HANGUL}{UNSPACED}]|(?![{UNSPACED}]){MARK})+")
_DIGIT: Final = re.compile("[013457]")
_SPELLED: Final = re.compile(f"(?<={EXACT})(?:\\w{EXACT}){{{MIN_SPELLED},}}")

_STRETCH: Final = re.compile(r"(\w)\1\1")
_RUN: Final = re.compile(r"(\w)\1+")

_SIGN: Final = f"[{re.escape(''.join(map(chr, SIGNS)))}]"
_LEADING: Final = r"[!|$@\u20ac\u00a3\u00a1]"
_TRAILING: Final = r"[|$@\u20ac\u00a3+]"
"""Signs that may stand for the first and the last letter of a word. Elsewhere `(` and `!` are punctuation."""

_READABLE_SIGNS: Final = re.compile(f"{_LEADING}\\w|\\w{_TRAILING}|(?<=\\w){_SIGN}+\\w")
_INNER_SIGNS: Final = re.compile(f"(?<=\\w){_SIGN}+(?=\\w)")
_LEADING_SIGNS: Final = re.compile(f"(?<!\\w)(?<!{_LEADING}){_LEADING}+(?=\\w)")
_TRAILING_SIGNS: Final = re.compile(f"(?<=\\w){_TRAILING}+(?!\\w)(?!{_TRAILING})")
_SIGN_LETTERS: Final = SIGNS | {ord(sign): AMBIGUOUS for sign in "!|¡"}
_DIGIT_LETTERS: Final = DIGITS | {ord("1"): AMBIGUOUS}

_ASCII: Final = bytes(range(128))
_END: Final = b" .,?!)("
"""Never read as letters at the end of a text."""

_NO_SIGNS: Final = bytes(code for code in _ASCII if code not in SIGNS)
_NO_LETTERS: Final = bytes(code for code in _ASCII if not chr(code).isalnum())
_NO_LETTERS_NOR_SIGNS: Final = bytes(code for code in _NO_LETTERS if code not in SIGNS)
_BLURRED_LETTERS: Final = bytes.maketrans(
    _ASCII, _ASCII.decode().lower().translate(SIGNS).translate(DIGITS).replace("l", "i").encode()
)
"""Blurs ASCII in one pass, apart from rn and m."""

_UNSEGMENTED: Final = re.compile(f"[{HANGUL}{UNSPACED}]")
_SYLLABLES: Final = re.compile(f"(?<!\\w)(?:[{HANGUL}]\\s+)+[{HANGUL}](?!\\w)")
_GAP: Final = re.compile(
    f"(?<=[{UNSPACED}])\\W+(?=[{UNSPACED}])|(?<=[{HANGUL}{UNSPACED}])[^\\w\\s]+(?=[{HANGUL}{UNSPACED}])"
)


_LONE_CONSONANT: Final = re.compile("[\uac00-\ud7a3][\u1100-\u1112]")
_FINALS: Final = dict(
    zip(
        "\u1100\u1101\u1102\u1103\u1105\u1106\u1107\u1109\u110a\u110b\u110c\u110e\u110f\u1110\u1111\u1112",
        (1, 2, 4, 7, 8, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27),
        strict=True,
    )
)
"""What a consonant adds to the code point of a syllable that it ends. Source: The Unicode Standard, 3.12."""


class WordAutomaton:
    """Holds the words of one room. Building it takes a few milliseconds for 500 words."""

    def __init__(self, words: Iterable[str]) -> None:
        letters: set[str] = set()
        patterns: set[str] = set()
        anywhere: set[str] = set()
        for word in words:
            folded = _read_signs(fold(word)).replace(AMBIGUOUS, "i")
            tokens = _tokens(folded)
            if not tokens or _UNSEGMENTED.search(folded):
                squeezed = _squeeze(folded)
                anywhere |= {squeezed, "".join(squeezed.split())}
            else:
                letters.add(_blurred(tokens))
                patterns.update(_patterns(tokens))
        stretchable = list(_stretchable(patterns))
        self._stretchable = _automaton(stretchable)
        self._stretchable_letters = _automaton(
            _RUN.sub(r"\1", _blurred_ascii(pattern.encode(), _NO_LETTERS))
            for pattern in stretchable
            if pattern.isascii()
        )
        self._letters = _automaton(letters)
        self._words = _automaton(patterns)
        self._anywhere = _automaton(anywhere)
        self._anywhere_in_ascii = any(pattern.isascii() for pattern in anywhere)

    def may_match(self, text: str) -> bool:
        """Whether an ASCII text, not folded, needs `matches`. Most texts do not, so this check saves time."""
        if self._anywhere_in_ascii:
            return True
        if self._letters is None:
            return False
        encoded = text.encode().rstrip(_END)
        signs = encoded.translate(None, _NO_SIGNS)
        if len(signs) > 1 and _READABLE_SIGNS.search(text):
            blurred = (_blurred_ascii(reading.encode(), _NO_LETTERS) for reading in _sign_readings(text))
            return any(map(self._may_have_letters, blurred))
        if self._may_have_letters(_blurred_ascii(encoded, _NO_LETTERS)):
            return True
        return len(signs) == 1 and self._may_have_letters(_blurred_ascii(encoded, _NO_LETTERS_NOR_SIGNS))

    def _may_have_letters(self, blurred: str) -> bool:
        """Whether the blurred letters of a text have those of a word in a row, as they are or stretched."""
        if _has_match(self._letters, blurred.replace("m", "rn")):
            return True
        if self._stretchable_letters is None or _STRETCH.search(blurred) is None:
            return False
        return _has_match(self._stretchable_letters, _RUN.sub(r"\1", blurred))

    def matches(self, folded: str) -> bool:
        """Whether the folded text has one of the words."""
        if self._words is not None and self._letters is not None:
            is_stretched = self._stretchable is not None and _STRETCH.search(folded.replace(AMBIGUOUS, "i"))
            for tokens in token_lists(folded):
                if is_stretched and _has_match(self._stretchable, _stretched_reading(tokens)):
                    return True
                if _has_match(self._letters, _blurred(tokens)) and _has_match(self._words, readings(tokens)):
                    return True
        if self._anywhere is None:
            return False
        squeezed = _squeeze(folded.replace(AMBIGUOUS, "i"))
        if _has_match(self._anywhere, squeezed):
            return True
        # A consonant behind a syllable ends it, or begins a laugh: `바보ㅋㅋ`.
        return _LONE_CONSONANT.search(squeezed) is not None and _has_match(
            self._anywhere, _LONE_CONSONANT.sub(_with_final, squeezed)
        )


def _automaton(patterns: Iterable[str]) -> ahocorasick.Automaton | None:
    automaton = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
    for pattern in patterns:
        if pattern:
            automaton.add_word(pattern)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _has_match(automaton: ahocorasick.Automaton, text: str) -> bool:
    return next(automaton.iter(text), None) is not None  # stops at the first match


def _patterns(tokens: Sequence[str]) -> Iterator[str]:
    letters = "".join(tokens)
    yield _bounded(EXACT, tokens)
    if len(letters) >= MIN_LOOSE:
        yield _loosened(_bounded(LOOSE, [letters]))
    if len(letters) >= MIN_SPELLED:
        yield _spelled(letters)


def _stretchable(patterns: Iterable[str]) -> Iterator[str]:
    """The STRETCHED forms of the words of one token."""
    for pattern in patterns:
        if pattern[0] == EXACT and pattern.count(EXACT) == 2:
            yield _bounded(STRETCHED, [_RUN.sub(r"\1", pattern[1:-1])])


def _stretched_reading(tokens: Iterable[str]) -> str:
    stretched = (token.replace(AMBIGUOUS, "i") for token in tokens)
    return _bounded(STRETCHED, (_RUN.sub(r"\1", token) for token in stretched if _STRETCH.search(token)))


def _with_final(found: re.Match[str]) -> str:
    """The syllable with the consonant as its final, if it has none yet."""
    syllable, consonant = found[0][0], found[0][1]
    if (ord(syllable) - ord("가")) % 28 or consonant not in _FINALS:
        return found[0]
    return chr(ord(syllable) + _FINALS[consonant])


def token_lists(folded: str) -> Iterator[list[str]]:
    """The tokens of the text, once for each way to read its signs."""
    return map(_tokens, _sign_readings(folded))


def readings(tokens: Sequence[str]) -> str:
    """All readings of a text, with boundaries. They are longer than the text by a constant factor at most."""
    exact = _bounded(EXACT, tokens)
    pairs = map("".join, pairwise(tokens))
    triples = map("".join, zip(tokens, tokens[1:], tokens[2:], strict=False))
    runs = "".join(map(_spelled_readings, _SPELLED.findall(exact)))
    loose = runs + _loosened(_bounded(LOOSE, (*tokens, *pairs, *triples)))
    if AMBIGUOUS not in exact:
        return exact + loose
    mixed = "".join(
        _bounded(EXACT, [reading]) for token in dict.fromkeys(tokens) for reading in _mixed_readings(token)
    )
    return exact.replace(AMBIGUOUS, "i") + exact.replace(AMBIGUOUS, "l") + mixed + loose


def _spelled(letters: str) -> str:
    return _bounded(SPELLED, letters.replace(AMBIGUOUS, "i").replace("l", "i"))


def _spelled_readings(run: str) -> str:
    """A run of single letters as it is, and with its digits as letters."""
    letters = run.replace(EXACT, "")
    return "".join(map(_spelled, dict.fromkeys((letters, _digits_read(letters)))))


def _mixed_readings(token: str) -> Iterator[str]:
    """`kIII` → `kiil`, `kill` and so on: at most 32. Longer tokens have a LOOSE reading."""
    if len(token) < MIN_LOOSE and token.count(AMBIGUOUS) > 1:
        yield from map("".join, product(*("il" if char == AMBIGUOUS else char for char in token)))


def _sign_readings(folded: str) -> Iterable[str]:
    """The text with signs as punctuation, and with signs inside, before and after words as letters."""
    if not _READABLE_SIGNS.search(folded):
        return (folded,)
    inner = _as_letters(_INNER_SIGNS, folded)
    trailing = _as_letters(_TRAILING_SIGNS, inner)
    leading = _as_letters(_LEADING_SIGNS, inner)
    both = leading if trailing == inner else _as_letters(_LEADING_SIGNS, trailing)
    return dict.fromkeys((folded, inner, trailing, leading, both))


def _read_signs(folded: str) -> str:
    """All signs next to letters as letters."""
    return _as_letters(_LEADING_SIGNS, _as_letters(_TRAILING_SIGNS, _as_letters(_INNER_SIGNS, folded)))


def _as_letters(signs: re.Pattern[str], text: str) -> str:
    return signs.sub(lambda found: found[0].translate(_SIGN_LETTERS), text)


def _tokens(folded: str) -> list[str]:
    tokens: list[str] = (_ASCII_TOKEN if folded.isascii() else _TOKEN).findall(folded)
    if not _DIGIT.search(folded):
        return tokens
    return [token if token.isalpha() else _digits_read(token) for token in tokens]


def _digits_read(token: str) -> str:
    """`sh1t` → `shit`. A number and `A55` stay: digits are letters only next to at least as many letters."""
    digits = sum(map(str.isdigit, token))
    return token.translate(_DIGIT_LETTERS) if 0 < 2 * digits <= len(token) else token


def _bounded(boundary: str, parts: Iterable[str]) -> str:
    return boundary + boundary.join(parts) + boundary


def _loosened(text: str) -> str:
    return text.replace(AMBIGUOUS, "i").replace("l", "i").replace("m", "rn")


def _blurred(tokens: Iterable[str]) -> str:
    """Where a word is in one of the readings, its blurred letters are in a row in those of the text."""
    letters = _loosened("".join(tokens))
    return letters.translate(DIGITS) if _DIGIT.search(letters) else letters


def _blurred_ascii(text: bytes, left_out: bytes) -> str:
    """The blurred letters of a text without folding it and cutting it into tokens; m stays."""
    return text.translate(_BLURRED_LETTERS, left_out).decode()


def _squeeze(folded: str) -> str:
    """Without gaps between letters of scripts that have none, and with single spaces elsewhere."""
    if not _UNSEGMENTED.search(folded):
        return folded
    joined = _SYLLABLES.sub(lambda found: "".join(found[0].split()), folded)
    return " ".join(_GAP.sub("", joined).split())
