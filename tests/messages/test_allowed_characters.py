"""Which characters messages and names may contain: the vectors that the frontend's tests read as well."""

import re
import sys
import unicodedata
from collections.abc import Callable
from typing import Final

import pytest

from chat_server.text.names import clean_nickname, clean_room_name
from chat_server.text.rules import DEFAULT_IGNORABLE, clean_message_text
from tests.support.allowed_characters import Vector, allowed_character_vectors
from tests.support.people import People

VECTORS: Final = allowed_character_vectors()
REASONS: Final = {
    "empty": "has 1 to",
    "length": "has 1 to",
    "invisible": "needs at least one visible character",
    "marks": "more than 30 combining marks",
}


def assert_result(rule: Callable[[str], str], vector: Vector) -> None:
    if "stored" in vector:
        assert rule(vector["text"]) == vector["stored"]
        return
    refused = vector["refused"]
    reason = REASONS.get(refused, f"may not hold {re.escape(refused)}, ")
    with pytest.raises(ValueError, match=f"{reason}.*\\.$"):
        rule(vector["text"])


@pytest.mark.parametrize("title", VECTORS["messages"])
def test_a_message_is_stored_or_refused_with_the_character_to_remove(title: str) -> None:
    assert_result(clean_message_text, VECTORS["messages"][title])


@pytest.mark.parametrize(
    "title", [title for title, vector in VECTORS["messages"].items() if "cleaned" in vector]
)
def test_what_the_frontend_makes_of_a_refused_message_is_accepted(title: str) -> None:
    cleaned = VECTORS["messages"][title]["cleaned"]
    assert clean_message_text(cleaned) == unicodedata.normalize("NFC", cleaned)


@pytest.mark.parametrize("title", VECTORS["names"])
def test_a_name_is_stored_or_refused_with_the_character_to_remove(title: str) -> None:
    vector = VECTORS["names"][title]
    assert_result(clean_nickname, vector)
    if vector.get("refused") != "length":
        assert_result(clean_room_name, vector)


def test_the_class_of_invisible_characters_is_that_of_unicode() -> None:
    ours = re.compile(f"[{DEFAULT_IGNORABLE}]")
    listed = {
        code_point
        for first, last in VECTORS["default_ignorable"]
        for code_point in range(int(first, 16), int(last, 16) + 1)
    }
    assert {point for point in range(sys.maxunicode + 1) if ours.match(chr(point))} == listed


async def test_an_invisible_message_is_refused_when_posted_and_when_edited(people: People) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    message = await ann.post(room["id"], "hello")
    path = f"/api/v1/rooms/{room['id']}/messages/{message['id']}"
    for text, sentence in (
        ("\u200b\u3164", "A message needs at least one visible character."),
        ("\x1b[31mred", "A message may not hold U+001B, which is no text; remove it."),
    ):
        answer = await ann.http.patch(path, json={"text": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert sentence in answer.json()["detail"]
    assert (await ann.get(path))["text"] == "hello"
