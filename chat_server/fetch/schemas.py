"""The bodies of fetches on the wire, for the OpenAPI document."""

from typing import NotRequired

from typing_extensions import TypedDict

from chat_contract.events import Author, Message, SequencedEvent
from chat_server.rooms.schemas import RoomView


class MessagePage(TypedDict):
    """Messages from oldest to newest. `cursor` is the room's last_seq at the moment of the page: a stream opened
    after it misses nothing. `has_more`: there are more messages in the requested direction. `pinned`, the last one
    pinned first, is on the newest page only, and only where the room has pinned messages. `room`, the same as
    `GET /rooms/{room_id}`, is on the newest page only: joining a room costs one fetch. Its heat and viewers are those
    of the moment when the page was made."""

    messages: list[Message]
    cursor: int
    has_more: bool
    pinned: NotRequired[list[Message]]
    room: NotRequired[RoomView]


class EventPage(TypedDict):
    """The room's log after `after_seq`. `cursor` is the seq to go on from, `last_seq` the room's head."""

    events: list[SequencedEvent]
    cursor: int
    last_seq: int
    has_more: bool


class MyReactions(TypedDict):
    """The session's own reactions, by message id."""

    mine: dict[str, list[str]]


class Reactors(TypedDict):
    """Who reacted to a message, by kind; the first 20 of each. The message's own count includes all."""

    message_id: str
    reactions: dict[str, list[Author]]
