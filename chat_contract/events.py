"""The events of a room: one shape in Kafka values, in the stream's `data` lines and in `GET …/events`.

They are TypedDicts, so that building one costs a dict, `mypy --strict` refuses a wrong or unknown field, and
`pydantic.TypeAdapter` makes the JSON schema from which the browser's types are generated. Readers stay lenient:
during a deploy a newer producer may be live, so unknown types and fields are passed by.
"""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

SCHEMA_VERSION: Final = "1"

MAX_REACTION_USERS: Final = 20
"""`added` and `removed` are hints and stop here; `count` is the truth."""


class Author(TypedDict):
    """Who wrote: the id never changes, the nickname is the one at the time of writing."""

    id: str
    nickname: str


class Message(TypedDict):
    """A message as everybody sees it. `seq` is that of its creation; `reactions` leaves zero counts out."""

    id: str
    room_id: str
    seq: int
    author: Author
    text: str
    reply_to: str | None
    created_at: str
    edited_at: str | None
    deleted: bool
    reactions: dict[str, int]


class Heat(TypedDict):
    """Whether the room is hot, since when (RFC 3339), and how many fetches a second it gets."""

    hot: bool
    since: str | None
    fetches_per_s: float


class MessageCreated(TypedDict):
    type: Literal["message.created"]
    room_id: str
    seq: int
    message: Message


class MessageEdited(TypedDict):
    type: Literal["message.edited"]
    room_id: str
    seq: int
    message: Message


class MessageDeleted(TypedDict):
    type: Literal["message.deleted"]
    room_id: str
    seq: int
    message: Message


class MessagePinned(TypedDict):
    """The message is the first of the room's pinned ones now."""

    type: Literal["message.pinned"]
    room_id: str
    seq: int
    message: Message


class MessageUnpinned(TypedDict):
    """Not sent for a message that is deleted: its deletion says it."""

    type: Literal["message.unpinned"]
    room_id: str
    seq: int
    message_id: str


class ReactionChanged(TypedDict):
    """`count` is the truth; `added` and `removed` name at most MAX_REACTION_USERS people each."""

    type: Literal["reaction.changed"]
    room_id: str
    seq: int
    message_id: str
    kind: str
    count: int
    added: list[str]
    removed: list[str]


class RoomHeat(TypedDict):
    type: Literal["room.heat"]
    room_id: str
    heat: Heat


class RoomViewers(TypedDict):
    type: Literal["room.viewers"]
    room_id: str
    viewers: int


class RoomSlowMode(TypedDict):
    type: Literal["room.slow_mode"]
    room_id: str
    slow_mode_s: int


class RoomTyping(TypedDict):
    type: Literal["room.typing"]
    room_id: str
    users: list[Author]


class LastMessage(TypedDict):
    """The newest message of a room, as a list of rooms shows it: its text cut to one line's length."""

    seq: int
    author: Author
    text: str
    created_at: str
    deleted: bool


class RoomUpdated(TypedDict):
    """Only in notify streams: the room's head moved; come and fetch. Built by publish_server, coalesced.

    `last_message` is in lists of rooms only, where publish_server holds it.
    """

    type: Literal["room.updated"]
    room_id: str
    seq: int
    message_count: NotRequired[int]
    last_message: NotRequired[LastMessage]


class StreamOpened(TypedDict):
    room_id: str
    seq: int
    resumed: bool
    heat: Heat


class StreamGap(TypedDict):
    """Events after `from_seq` (exclusive) up to `to_seq` (inclusive) will not come; the stream goes on after it."""

    from_seq: int
    to_seq: int


class StreamPing(TypedDict):
    seq: int


class StreamClosing(TypedDict):
    reason: str


SequencedEvent = Annotated[
    MessageCreated | MessageEdited | MessageDeleted | MessagePinned | MessageUnpinned | ReactionChanged,
    Field(discriminator="type"),
]
"""Has a seq, is stored, and is never lost: topic `chat.events`."""

SignalEvent = Annotated[RoomHeat | RoomViewers | RoomSlowMode | RoomTyping, Field(discriminator="type")]
"""Has no seq and may be lost: topic `chat.signals`."""

RoomEvent = Annotated[
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | MessagePinned
    | MessageUnpinned
    | ReactionChanged
    | RoomHeat
    | RoomViewers
    | RoomSlowMode
    | RoomTyping,
    Field(discriminator="type"),
]
