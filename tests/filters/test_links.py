"""Which texts have a link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.filters.links import has_link, may_have_link
from chat_server.text.folding import fold, readings_of


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/a?b=c",
        "see http://10.0.0.1:8080/",
        "HTTPS://EXAMPLE.COM",
        "hxxps://example.com",
        "http：//example。com",
        "example\u2219com and example\u22c5com",
        "www.example.com",
        "ｗｗｗ．example．com",
        "example.com",
        "go to example.co.uk now",
        "EXAMPLE.COM!",
        "exаmple.соm",
        "exa\u200bmple.c\u200bom",
        "example[.]com",
        "example (dot) com",
        "t.me/raid",
        "discord.gg/raid",
        "bit.ly/3abc",
        "shop.example.xyz:8443/pay",
        "한국.com",
        "资料。com",
        "mail me at ann@example.com",
        "javascript:alert(1)",
        "[click](https://example.com)",
        "éhttps://evil.zip",
        "xhxxps://evil.zip",
        "a\u200bwww.evil.zip",
        "[mail](mailto:ﷺ@evil.zip)",
        "[mail](mailto:1@evil.zip)",
    ],
)
def test_a_link_is_found(text: str) -> None:
    assert has_link(text, fold(text))
    assert may_have_link(text) or not text.isascii()


@given(
    st.lists(
        st.sampled_from([*".:/[](){}*`~@ -\n'\"!1", "www", "WWW", "dot", "DOT", "com", "py", "http", "a"]),
        max_size=9,
    )
)
def test_the_quick_check_of_ascii_misses_no_link(parts: list[str]) -> None:
    text = "".join(parts)
    assert may_have_link(text) or not any(has_link(shown, folded) for shown, folded in readings_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "hello.",
        "wait...what? e.g. this, i.e. that",
        "node.js, main.py and README.md",
        "version 1.2.3.4 of 10.5",
        "like this.it works",
        "at 12:30, ratio 3:4, note: done",
        "and/or, his/her, 5 km/h",
        "Dr.Who, a.m., p.m.",
        "그렇습니다.정말요",
        "awww.cute, ewww.no",
        "www... what?",
        "",
    ],
)
def test_normal_text_has_no_link(text: str) -> None:
    assert not has_link(text, fold(text))
