"""The newest message of a room, as lists of rooms show it."""

from typing import Final

from chat_contract.events import LastMessage, Message

LAST_MESSAGE_CODE_POINTS: Final = 120
"""Enough for one line of a list; the room has the whole text."""


def last_message(message: Message) -> LastMessage:
    return {
        "seq": message["seq"],
        "author": message["author"],
        "text": message["text"][:LAST_MESSAGE_CODE_POINTS],
        "created_at": message["created_at"],
        "deleted": message["deleted"],
    }
