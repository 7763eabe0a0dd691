"""Which filter a text meets, in whichever order a screen shows its letters."""

import pytest

from chat_server.filters.rules import FilterRules, Hit, TextFilter
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
