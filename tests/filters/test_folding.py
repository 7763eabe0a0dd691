"""The folded form of every character is known from the start."""

import sys
import unicodedata

import pytest

from chat_server.text import folding
from chat_server.text.confusables import CONFUSABLES, script_of
from chat_server.text.folding import fold
from chat_server.text.rules import compatible_form, composed

ASSIGNED = [
    char
    for char in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(char) not in {"Cn", "Co", "Cs"}
]


def test_only_characters_that_are_their_own_folded_form_have_no_entry() -> None:
    without_entry = [char for char in ASSIGNED if ord(char) not in folding._FOLDED_CHARACTERS]
    assert not [
        char
        for char in without_entry
        if unicodedata.category(char) in {"Cf", "Mn", "Me"} and script_of(char) in folding._DECORATIVE_MARKS
    ]
    assert not [
        char
        for char in without_entry
        if ord(char) in CONFUSABLES and not folding._UNSEGMENTED.match(char) and not char.isascii()
    ]
    assert not [char for char in without_entry if char.casefold() != char]
    assert not [char for char in without_entry if composed(compatible_form(char)) != char]


def test_no_character_folds_to_more_than_a_few() -> None:
    assert max(map(len, folding._FOLDED_CHARACTERS.values())) <= folding.MAX_GROWTH


def test_a_text_of_rare_characters_computes_no_folded_form(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []
    monkeypatch.setattr(folding, "_fold_part", computed.append)
    size = len(folding._FOLDED_CHARACTERS)
    for start in range(0, len(ASSIGNED), 4000):
        fold("".join(ASSIGNED[start : start + 4000]))
    assert (len(computed), len(folding._FOLDED_CHARACTERS)) == (0, size)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Straße", "strasse"),
        ("ﬁ ㎏", "fi kg"),
        ("한글 漢字 かな", "한글 漢字 かな"),
        ("\U0002f800", "丽"),
        ("I\u0130ı", "IIi"),
        ("\ue000\U000f0000\u0378", "\ue000\U000f0000\u0378"),
        ("ﷺ", " "),
    ],
)
def test_a_text_folds_character_by_character(text: str, folded: str) -> None:
    assert fold(text) == folded
