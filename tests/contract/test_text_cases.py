"""The lines of `text_cases.json`, which the page's tests draw, as the server stores and finds them."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Final, NotRequired, TypedDict

import pytest

from chat_server.filters.links import has_link
from chat_server.http.client_config import ClientLimits
from chat_server.search.handler import Q
from chat_server.search.message_search import MAX_WORD_CHARACTERS, MAX_WORDS, words_of
from chat_server.text.folding import fold
from chat_server.text.rules import clean_message_text
from tests.support.chat_stack import ROOT
from tests.support.people import People

TextCase = TypedDict(
    "TextCase",
    {
        "class": str,
        "text": str,
        "drawn": NotRequired[str],
        "me": NotRequired[str],
        "people": NotRequired[list[str]],
        "only_emoji": NotRequired[bool],
    },
)

CASES: Final[list[TextCase]] = json.loads((Path(__file__).parent / "text_cases.json").read_text("utf-8"))


def drawn(case: TextCase) -> str:
    return case.get("drawn", case["text"])


def test_every_text_is_stored_as_typed_in_its_composed_form() -> None:
    for case in CASES:
        expected = unicodedata.normalize("NFC", case["text"]).strip()
        for typed in (case["text"], unicodedata.normalize("NFD", case["text"])):
            assert clean_message_text(typed) == expected, case


@pytest.mark.parametrize("before", ["", "é", "ѕ", "漢", "가", "a\u200b", "\U0001f600", "_", "("])
def test_the_filter_of_links_finds_every_link_of_the_page(before: str) -> None:
    """`before`: what may touch a link on its left."""
    with_link = [clean_message_text(before + case["text"]) for case in CASES if "{a " in drawn(case)]
    assert len(with_link) > 100
    assert [text for text in with_link if not has_link(text, fold(text))] == []


def test_a_search_for_a_nickname_finds_every_mention_of_it() -> None:
    """The page looks up missed mentions with such a search."""
    mentions = [case for case in CASES if "{me " in drawn(case)]
    assert len(mentions) > 20
    for case in mentions:
        text = clean_message_text(case["text"]).lower()
        missing = [word for word in words_of(f"@{case['me']}") if word.lower() not in text]
        assert missing == [], case


async def test_texts_of_every_class_return_unchanged_and_mentions_are_found(people: People) -> None:
    sample = {case["class"]: case["text"].strip() for case in CASES if "me" not in case}
    called = {case["me"]: case["text"] for case in CASES if "{me @" in drawn(case)}
    ann = await people.enter("ann")
    room = (await ann.make_room())["id"]
    posted = [*sample.values(), called["अनिल"], called["ศิริพร"], called["Ann Lee"]]
    for text in posted:
        await ann.post(room, text)
    page = await ann.get(f"/api/v1/rooms/{room}/messages?limit=100")
    assert [message["text"] for message in page["messages"]] == posted
    for nickname in ("अनिल", "ศิริพร", "Ann Lee"):
        found = await ann.http.get(f"/api/v1/rooms/{room}/search", params={"q": f"@{nickname}"})
        assert called[nickname] in [message["text"] for message in found.json()["messages"]]


def test_the_page_shortens_a_search_to_what_the_server_takes() -> None:
    source = (ROOT / "frontend" / "src" / "lib" / "search-query.ts").read_text()
    limits = {name: int(value) for name, value in re.findall(r"const (SEARCH_\w+) = (\d+);", source)}
    assert limits == {
        "SEARCH_WORDS_MAX": MAX_WORDS,
        "SEARCH_WORD_MAX": MAX_WORD_CHARACTERS,
        "SEARCH_MAX": Q.max_length,
    }


def test_the_page_limits_names_and_searches_as_the_server_does() -> None:
    limits = {
        name: int(value.replace("_", ""))
        for path in (ROOT / "frontend" / "src" / "lib").rglob("*.ts")
        for name, value in re.findall(
            r"^export const (NICKNAME_MAX|ROOM_NAME_MAX|ROOM_SEARCH_MAX|TEXT_MAX) = ([\d_]+);",
            path.read_text(),
            re.MULTILINE,
        )
    }
    server = ClientLimits(posts_per_user_per_s=0)
    openapi = json.loads((ROOT / "frontend" / "openapi.json").read_text())
    [q] = [one for one in openapi["paths"]["/api/v1/rooms"]["get"]["parameters"] if one["name"] == "q"]
    assert limits == {
        "NICKNAME_MAX": server.nickname_code_points,
        "ROOM_NAME_MAX": server.room_name_code_points,
        "ROOM_SEARCH_MAX": q["schema"]["maxLength"],
        "TEXT_MAX": server.text_code_points,
    }


def test_every_example_of_the_specification_is_a_case() -> None:
    page = (ROOT / "docs" / "text.md").read_text()
    examples = re.findall(r"^\| `(.+)` \| `(.+)` \|$", page.partition("## Examples")[2], re.MULTILINE)
    assert len(examples) >= 30
    known = {(case["text"], drawn(case)) for case in CASES}
    assert [example for example in examples if example not in known] == []
