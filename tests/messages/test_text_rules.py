"""The rules for texts. Checks take linear time and run before normalisation."""

import re
import sys
import unicodedata
from collections.abc import Callable
from random import Random
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_contract.limits import MAX_TEXT_CODE_POINTS, ROOM_ID_PATTERN
from chat_server.rooms.room_id import room_ids_from_name
from chat_server.text.names import clean_nickname, clean_room_name
from chat_server.text.rules import MAX_GROWTH, MAX_MARKS, clean_message_text
from tests.support.text_strategies import HOSTILE_TEXTS

RULES = [clean_message_text, clean_nickname, clean_room_name]
SAME_EXAMPLES = settings(deadline=None, derandomize=True, database=None)
FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters of Hangul that nobody sees."""

QUADRATIC = "a" + "\u0301" * 8_000 + "\u0316" * 8_000


def normalisations_of(work: Callable[[], object]) -> int:
    """The number of calls of unicodedata.normalize in `work`, which may raise ValueError."""
    calls = 0

    def count(_frame: FrameType, event: str, function: object) -> None:
        nonlocal calls
        calls += event == "c_call" and function is unicodedata.normalize

    sys.setprofile(count)
    try:
        work()
    except ValueError:
        pass
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "refused",
    [
        QUADRATIC,
        "é" * (MAX_GROWTH * MAX_TEXT_CODE_POINTS + 1),
        "a" + "\u0301" * (MAX_MARKS + 1),
        "あ" * 40 + "\u20dd\ufe0f" * MAX_MARKS,
    ],
    ids=["marks that reorder", "too long", "one mark too many", "marks without a combining class"],
)
def test_a_refused_text_is_never_normalised(rule: Callable[[str], str], refused: str) -> None:
    assert normalisations_of(lambda: rule(refused)) == 0
    with pytest.raises(ValueError, match=r"characters|marks"):
        rule(refused)


@pytest.mark.parametrize("rule", RULES)
def test_an_accepted_text_is_normalised_once_and_a_name_twice(
    rule: Callable[[str], str],
) -> None:
    expected = 1 if rule is clean_message_text else 2
    rule("ann")  # the first name fills the table of reserved names
    assert normalisations_of(lambda: rule("cafe\u0301")) == expected
    assert rule("cafe\u0301") == "café"


@pytest.mark.parametrize("before", range(MAX_MARKS + 2))
def test_a_run_of_marks_is_refused_at_every_position(before: int) -> None:
    text = "あ" * before
    assert clean_message_text(text + "か" + "\u0316" * MAX_MARKS)
    with pytest.raises(ValueError, match=f"more than {MAX_MARKS} combining marks"):
        clean_message_text(text + "か" + "\u0316" * (MAX_MARKS + 1))


def test_every_unicode_mark_counts() -> None:
    for mark in map(chr, range(sys.maxunicode + 1)):
        decomposed = unicodedata.normalize("NFD", mark)
        if unicodedata.combining(decomposed[0]) or unicodedata.category(mark).startswith("M"):
            with pytest.raises(ValueError, match="combining marks"):
                clean_message_text("か" + mark * (MAX_MARKS + 1))


@pytest.mark.parametrize(
    "text",
    [
        unicodedata.normalize("NFD", "\u1f82" * MAX_TEXT_CODE_POINTS),
        unicodedata.normalize("NFD", "각" * MAX_TEXT_CODE_POINTS),
        "ที่นี่มีน้ำใจ",
        "👩\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e0062\U000e0065\U000e007f ❤️",
        "क्षत्रिय ཧཱུྃ שָׁלוֹם",
    ],
    ids=["longest decomposition", "Hangul", "Thai", "emoji", "stacks"],
)
def test_texts_in_many_scripts_are_accepted(text: str) -> None:
    assert clean_message_text(text) == unicodedata.normalize("NFC", text)


@SAME_EXAMPLES
@given(HOSTILE_TEXTS)
def test_a_text_is_accepted_or_refused_with_a_reason(text: str) -> None:
    for rule in RULES:
        try:
            accepted = rule(text)
        except ValueError as error:
            assert str(error).endswith(".")
        else:
            assert rule(accepted) == accepted
            assert len(accepted) <= MAX_TEXT_CODE_POINTS
            for room_id in room_ids_from_name(accepted, Random(7)):
                assert re.fullmatch(ROOM_ID_PATTERN, room_id)


@SAME_EXAMPLES
@given(st.text(st.characters(categories=["L", "N"], exclude_characters=FILLERS), min_size=1, max_size=200))
def test_letters_and_digits_are_always_accepted(text: str) -> None:
    assert clean_message_text(text) == unicodedata.normalize("NFC", text)
