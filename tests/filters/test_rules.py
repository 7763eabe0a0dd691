"""Which filter a text meets, in whichever order a screen shows its letters."""

import pytest

from chat_server.filters.rules import MAX_NICKNAMES, FilterRules, Hit, TextFilter
from chat_server.text.rules import clean_message_text

WORDS = Hit("words", "refuse")
LINKS = Hit("links", "refuse")


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("\u202etihs\u202c", WORDS),
        ("what a \u202etihs\u202c, really", WORDS),
        ("s\u202eih\u202ct", WORDS),
        ("\u202e\u202dshit\u202c\u202c", WORDS),
        ("\u202eshit\u202c", WORDS),
        ("\u202emoc.elpmaxe\u202c", LINKS),
        ("\u202eolleh\u202c", None),
        ("tihs", None),
    ],
)
def test_text_shown_from_right_to_left_is_read_both_ways(text: str, hit: Hit | None) -> None:
    text_filter = TextFilter(1, FilterRules(words=("shit",), links="refuse"))
    assert text_filter.check(clean_message_text(text)).hit == hit


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("**sh**it", WORDS),
        ("`sh`it", WORDS),
        ("***s***hit", WORDS),
        ("**sh**\u200bit", WORDS),
        ("sh\uff0a\uff0ait", WORDS),
        ("\u202eti**hs**\u202c", WORDS),
        ("**example**.com", LINKS),
        ("`example`.com", LINKS),
        ("example.`com`", LINKS),
        ("2*3*4 and src/**/*.ts", None),
        ("this **sh** is bold, it too", None),
    ],
)
def test_formatting_inside_a_word_does_not_hide_it(text: str, hit: Hit | None) -> None:
    text_filter = TextFilter(1, FilterRules(words=("shit",), links="refuse"))
    assert text_filter.check(clean_message_text(text)).hit == hit


@pytest.mark.parametrize(
    ("text", "nickname", "hit"),
    [
        ("hello", "Minji", None),
        ("hello", "Ｓhit poster", Hit("words", "hold", in_nickname=True)),
        ("hello", "buy at example.com", Hit("links", "refuse", in_nickname=True)),
        ("shit", "Minji", Hit("words", "hold")),
        ("shit", "Shit poster", Hit("words", "hold")),
        ("shit", "example.com", Hit("links", "refuse", in_nickname=True)),
        ("example.com", "Shit poster", Hit("links", "refuse")),
    ],
)
def test_filters_check_nicknames_like_texts(text: str, nickname: str, hit: Hit | None) -> None:
    text_filter = TextFilter(1, FilterRules(words=("shit",), words_action="hold", links="refuse"))
    for _ in range(2):
        assert text_filter.check(text, nickname).hit == hit


def test_a_filter_keeps_the_checks_of_a_bounded_number_of_nicknames() -> None:
    text_filter = TextFilter(1, FilterRules(words=("shit",)))
    for number in range(2 * MAX_NICKNAMES):
        text_filter.check("hello", f"guest {number}")
    assert len(text_filter._nicknames) <= MAX_NICKNAMES
