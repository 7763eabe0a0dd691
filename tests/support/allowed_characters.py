"""Vectors for the characters of messages and names, which the tests of the frontend share."""

import json
from pathlib import Path
from typing import Final, NotRequired

from typing_extensions import TypedDict

_VECTORS: Final = Path(__file__).parent.parent / "contract" / "allowed_characters.json"


class Vector(TypedDict):
    """`stored`: what the server makes of the text; or `refused`: the code of a character, or a reason.

    `cleaned`: what the frontend sends instead of a refused message.
    """

    text: str
    stored: NotRequired[str]
    refused: NotRequired[str]
    cleaned: NotRequired[str]


class Vectors(TypedDict):
    """`default_ignorable`: first and last code points, as hexadecimal numbers."""

    default_ignorable: list[tuple[str, str]]
    messages: dict[str, Vector]
    names: dict[str, Vector]


def allowed_character_vectors() -> Vectors:
    vectors: Vectors = json.loads(_VECTORS.read_text(encoding="utf-8"))
    return vectors
