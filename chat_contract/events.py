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

    id: Annotated[str, Field(description="UUIDv7")]
    room_id: str
    seq: Annotated[int, Field(description="The seq of its creation; it never changes")]
    author: Author
    text: Annotated[str, Field(description="Empty once it is deleted")]
    reply_to: Annotated[str | None, Field(description="Id of a message of the same room")]
    created_at: str
    edited_at: Annotated[str | None, Field(description="Time of the last edit")]
    deleted: bool
    reactions: Annotated[dict[str, int], Field(description="Count of each kind; zero counts are left out")]


class Heat(TypedDict):
    """Whether the room is hot, since when (RFC 3339), and how many fetches a second it gets."""

    hot: bool
    since: Annotated[str | None, Field(description="When the room turned hot")]
    fetches_per_s: Annotated[float, Field(description="Fetches of the last second, over all servers")]


class MessageCreated(TypedDict):
    """A new message."""

    type: Literal["message.created"]
    room_id: str
    seq: int
    message: Message


class MessageEdited(TypedDict):
    """The message with its new text."""

    type: Literal["message.edited"]
    room_id: str
    seq: int
    message: Message


class MessageDeleted(TypedDict):
    """The message is the tombstone: no text, no reactions."""

    type: Literal["message.deleted"]
    room_id: str
    seq: int
    message: Message


class MessagePinned(TypedDict):
    """The message is now the first of the room's pinned messages."""

    type: Literal["message.pinned"]
    room_id: str
    seq: int
    message: Message


class MessageUnpinned(TypedDict):
    """Not sent for a deletion, which unpins the message too."""

    type: Literal["message.unpinned"]
    room_id: str
    seq: int
    message_id: str


class ReactionChanged(TypedDict):
    """`count` is exact. `added` and `removed` are hints that name at most 20 people each (MAX_REACTION_USERS)."""

    type: Literal["reaction.changed"]
    room_id: str
    seq: int
    message_id: str
    kind: str
    count: Annotated[int, Field(description="How many people react with this kind now")]
    added: Annotated[list[str], Field(description="User ids, as a hint")]
    removed: Annotated[list[str], Field(description="User ids, as a hint")]


class RoomHeat(TypedDict):
    """The room turned hot or cold."""

    type: Literal["room.heat"]
    room_id: str
    heat: Heat


class RoomViewers(TypedDict):
    """How many streams of the room are open, over all publish_servers."""

    type: Literal["room.viewers"]
    room_id: str
    viewers: int


class RoomSlowMode(TypedDict):
    """Seconds between two messages of one author; 0: off."""

    type: Literal["room.slow_mode"]
    room_id: str
    slow_mode_s: int


class RoomTyping(TypedDict):
    """People who are typing now."""

    type: Literal["room.typing"]
    room_id: str
    users: list[Author]


class LastMessage(TypedDict):
    """The newest message of a room, as a list of rooms shows it: its text cut to one line's length."""

    seq: int
    author: Author
    text: Annotated[str, Field(description="Its first 120 characters")]
    created_at: str
    deleted: bool


class RoomUpdated(TypedDict):
    """Only in notify streams: the room's head moved; come and fetch. Built by publish_server, coalesced.

    `last_message` is in lists of rooms only, where publish_server holds it.
    """

    type: Literal["room.updated"]
    room_id: str
    seq: Annotated[int, Field(description="The room's head")]
    message_count: NotRequired[Annotated[int, Field(description="Messages ever created in the room")]]
    last_message: NotRequired[
        Annotated[LastMessage, Field(description="In lists of rooms only, if publish_server holds it")]
    ]


class StreamOpened(TypedDict):
    room_id: str
    seq: Annotated[int, Field(description="The stream continues after this seq")]
    resumed: Annotated[
        bool, Field(description="True if the request named a cursor that the stream continues from")
    ]
    heat: Heat


class StreamGap(TypedDict):
    """Events after `from_seq` (exclusive) up to `to_seq` (inclusive) will not come; the stream goes on after it."""

    from_seq: Annotated[int, Field(description="Exclusive")]
    to_seq: Annotated[int, Field(description="Inclusive")]


class StreamPing(TypedDict):
    seq: Annotated[int, Field(description="The room's head; 0 in a stream of many rooms")]


class StreamClosing(TypedDict):
    reason: Annotated[str, Field(description="For logs, such as `lifetime` or `shutdown`")]


SequencedEvent = Annotated[
    MessageCreated | MessageEdited | MessageDeleted | MessagePinned | MessageUnpinned | ReactionChanged,
    Field(discriminator="type"),
]
"""Has a seq, is stored, and is never lost: topic `chat.events`."""

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
