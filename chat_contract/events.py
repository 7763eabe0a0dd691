"""The events of a room. Kafka values, the `data` lines of streams and `GET …/events` share these types.

They are TypedDicts: building one costs a dict, `mypy --strict` rejects wrong and unknown fields, and
`pydantic.TypeAdapter` makes the JSON schema from which the frontend's types are generated. Readers are lenient: they
ignore unknown types and fields, because a newer producer may run during a deploy.
"""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

SCHEMA_VERSION: Final = "1"

SignalVersion = Annotated[
    int, Field(description="Of two signals of a type, the one with the higher version is the newer one")
]

MAX_REPLIED_TO: Final = 20
"""The most user ids in `replied_to` of `stream.skipped`, which is a hint."""

MAX_REACTION_USERS: Final = 20
"""The most user ids in `added` and in `removed`, which are hints; `count` is exact."""


CalmMark = Annotated[
    Literal[False],
    Field(description="Only on what the calm lane (`pace=calm`) leaves out; once given, it never changes"),
]


class Author(TypedDict):
    """The author of a message. The id never changes; nickname and role are those at the time of posting."""

    id: str
    nickname: str
    role: NotRequired[
        Annotated[
            Literal["owner", "moderator", "bot", "system"],
            Field(description="Left out for people without a role in the room"),
        ]
    ]


class Message(TypedDict):
    """A message as clients see it. `seq` is that of its creation; `reactions` leaves out zero counts."""

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
    calm: NotRequired[CalmMark]


HeldBy = Literal["words", "links"]


class HeldMessage(TypedDict):
    """A message that waits until a host of the room allows it. It is in no page and no event."""

    id: Annotated[str, Field(description="UUIDv7; that of the message once it is allowed")]
    room_id: str
    seq: Annotated[None, Field(description="Null: it gets one once it is allowed")]
    author: Author
    text: str
    reply_to: Annotated[str | None, Field(description="Id of a message of the same room")]
    created_at: Annotated[str, Field(description="When it was held; once it is allowed, when that was")]
    edited_at: None
    deleted: bool
    reactions: dict[str, int]
    held: Literal[True]
    filter: Annotated[HeldBy, Field(description="The filter that holds it: `words` or `links`")]


HeatLevel = Literal[0, 1, 2, 3]


class Heat(TypedDict):
    """The demand for the room: fetches, for which it may be hot, and posts, which have levels of their own."""

    hot: bool
    since: Annotated[str | None, Field(description="When the room turned hot")]
    fetches_per_s: Annotated[float, Field(description="Fetches of the last second, over all servers")]
    posts_per_s: NotRequired[
        Annotated[
            float,
            Field(description="Posts of the last second, refused ones included. Older servers leave it out"),
        ]
    ]
    level: NotRequired[
        Annotated[
            HeatLevel,
            Field(
                description="How fast people write: 0 calm, 1 warm, 2 hot, 3 blazing. Older servers leave it out"
            ),
        ]
    ]


class MessageCreated(TypedDict):
    """A new message."""

    type: Literal["message.created"]
    room_id: str
    seq: int
    calm: NotRequired[CalmMark]
    message: Message


class MessageEdited(TypedDict):
    """The message with its new text."""

    type: Literal["message.edited"]
    room_id: str
    seq: int
    calm: NotRequired[CalmMark]
    message: Message


class MessageDeleted(TypedDict):
    """The message as a tombstone, without text and reactions."""

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
    """The message is no longer pinned. Not sent for a deletion, which unpins the message too."""

    type: Literal["message.unpinned"]
    room_id: str
    seq: int
    message_id: str


class ReactionChanged(TypedDict):
    """`count` is exact. `added` and `removed` are hints that name at most 20 people each (MAX_REACTION_USERS)."""

    type: Literal["reaction.changed"]
    room_id: str
    seq: int
    calm: NotRequired[CalmMark]
    message_id: str
    kind: str
    count: Annotated[int, Field(description="How many people react with this kind now")]
    added: Annotated[list[str], Field(description="User ids, as a hint")]
    removed: Annotated[list[str], Field(description="User ids, as a hint")]


class MessagesPurged(TypedDict):
    """Every message of these authors up to a seq is now deleted and unpinned; nothing else of it has changed, except
    for the author with `erased_as`."""

    type: Literal["messages.purged"]
    room_id: str
    seq: int
    author_id: NotRequired[Annotated[str, Field(description="Whose messages; either this or `author_ids`")]]
    author_ids: NotRequired[Annotated[list[str], Field(description="Of several authors, at most 500")]]
    up_to_seq: Annotated[
        int, Field(description="The highest seq of a message that may be meant: that before the event's own")
    ]
    erased_as: NotRequired[
        Annotated[
            str,
            Field(
                description='The author had themselves erased: is now `{"id": erased_as, "nickname": "deleted"}` '
                "everywhere in the room"
            ),
        ]
    ]


SlowModeKind = Literal["off", "fixed", "auto"]


class SlowMode(TypedDict):
    """What hosts have set for the wait of an author between two messages."""

    mode: Annotated[SlowModeKind, Field(description="In `auto` the server chooses the wait")]
    seconds: Annotated[int, Field(description="The wait of `fixed`; 0 in the other modes")]
    target_posts_per_s: Annotated[
        float | None, Field(description="The posts a second that `auto` aims at; null in the other modes")
    ]


WhoCanPost = Literal["everyone", "regulars", "moderators"]

Visibility = Literal["public", "unlisted", "private"]
"""An unlisted room is in no list and no search of rooms; everybody who knows its id may enter it. Only members may
enter a private one; for everybody else it does not exist."""


class RoomRules(TypedDict):
    """What hosts have set for a room."""

    name: str
    visibility: Visibility
    owner: Annotated[Author | None, Field(description="Null for a room without an owner")]
    moderators: Annotated[list[Author], Field(description="At most 100, in the order of appointment")]
    who_can_post: WhoCanPost
    regular_after_s: Annotated[int, Field(description="The age of a user id that makes its person a regular")]
    slow_mode: SlowMode


class RoomChanged(TypedDict):
    """Hosts have changed the room."""

    type: Literal["room.changed"]
    room_id: str
    seq: int
    room: Annotated[RoomRules, Field(description="All rules after the change")]


class RoomHeat(TypedDict):
    """The room turned hot or cold, or its level changed. While it is hot or has a level, also every two seconds."""

    type: Literal["room.heat"]
    room_id: str
    heat: Heat
    version: NotRequired[SignalVersion]


class RoomViewers(TypedDict):
    """The number of open streams of the room, over all publish_servers."""

    type: Literal["room.viewers"]
    room_id: str
    viewers: int
    version: NotRequired[SignalVersion]


class RoomSlowMode(TypedDict):
    """Seconds between two messages of one author, as they are in force now; 0 if nobody waits."""

    type: Literal["room.slow_mode"]
    room_id: str
    slow_mode_s: int
    mode: NotRequired[Annotated[SlowModeKind, Field(description="Older servers leave it out")]]
    until: NotRequired[
        Annotated[
            str,
            Field(
                description="Of `auto` only: nobody waits after this time unless a newer signal has come; the server "
                "sends one every few seconds"
            ),
        ]
    ]
    unreachable: NotRequired[
        Annotated[
            Literal[True],
            Field(description="Of `auto` only: even the longest wait does not reach the target of the room"),
        ]
    ]
    version: NotRequired[SignalVersion]


class RoomName(TypedDict):
    """The room was renamed."""

    type: Literal["room.name"]
    room_id: str
    name: str
    version: NotRequired[SignalVersion]


class RoomTyping(TypedDict):
    """People who are typing now."""

    type: Literal["room.typing"]
    room_id: str
    users: list[Author]


class LastMessage(TypedDict):
    """The newest message of a room, as a list of rooms shows it: with the beginning of its text."""

    seq: int
    author: Author
    text: Annotated[str, Field(description="Its first 120 characters")]
    created_at: str
    deleted: bool


class RecentMessage(TypedDict):
    """A message that was just created or deleted, as far as a client needs it to count unread messages."""

    seq: Annotated[int, Field(description="The seq of its creation")]
    author_id: str
    deleted: bool


class RoomUpdated(TypedDict):
    """The room's head has moved, so the client should fetch. Only in notify streams; publish_server coalesces it.

    `last_message` and `recent` are in lists of rooms only, if publish_server holds them.
    """

    type: Literal["room.updated"]
    room_id: str
    seq: Annotated[int, Field(description="The room's head")]
    message_count: NotRequired[Annotated[int, Field(description="Messages ever created in the room")]]
    last_message: NotRequired[
        Annotated[LastMessage, Field(description="In lists of rooms only, if publish_server holds it")]
    ]
    recent: NotRequired[
        Annotated[
            list[RecentMessage],
            Field(
                description="In lists of rooms only: the newest messages created or deleted in the last seconds, at "
                "most 10; left out if `last_message` is the only one"
            ),
        ]
    ]
    name: NotRequired[Annotated[str, Field(description="In lists of rooms only: the room's present name")]]


class RoomCreated(TypedDict):
    """There is a new public room. Only in room-list streams, whichever rooms they follow."""

    type: Literal["room.created"]
    room_id: str
    name: str


class RoomDeleted(TypedDict):
    """The room no longer exists. Only in Kafka: streams of the room get `stream.closing`."""

    type: Literal["room.deleted"]
    room_id: str


class RoomAccessChanged(TypedDict):
    """Somebody may no longer read the private room. Only in Kafka; publish_server then checks who may."""

    type: Literal["room.access"]
    room_id: str


class StreamOpened(TypedDict):
    room_id: str
    seq: Annotated[int, Field(description="The stream continues after this seq")]
    resumed: Annotated[
        bool, Field(description="True if the request named a cursor that the stream continues from")
    ]
    heat: Heat
    name: NotRequired[Annotated[str, Field(description="The room's present name")]]


class StreamGap(TypedDict):
    """Events after `from_seq` (exclusive) up to `to_seq` (inclusive) will not be sent; the stream then continues."""

    from_seq: Annotated[int, Field(description="Exclusive")]
    to_seq: Annotated[int, Field(description="Inclusive")]


class StreamSkipped(TypedDict):
    """Only with `pace=calm`: the events after `from_seq` up to `to_seq` are left out. All of them have `calm` false and
    are in `GET …/events`. It comes before the next event that is sent, or alone if none follows for a second.
    """

    from_seq: Annotated[int, Field(description="Exclusive")]
    to_seq: Annotated[int, Field(description="Inclusive; also the frame's `id`")]
    messages: Annotated[int, Field(description="How many of these events are new messages")]
    replied_to: Annotated[
        list[str],
        Field(
            description="User ids whose messages the new ones reply to, as a hint: at most 20, of the first"
        ),
    ]


class StreamPing(TypedDict):
    seq: Annotated[int, Field(description="The room's head; 0 in a stream of many rooms")]


class StreamClosing(TypedDict):
    reason: Annotated[
        str,
        Field(
            description="`room_deleted`: the room no longer exists. `access_lost`: the reader is no longer a member. "
            "Others are for logs, such as `lifetime`"
        ),
    ]
    place: NotRequired[
        Annotated[
            str,
            Field(
                description="For `?place=` when the client reconnects: with it, it comes before everybody who waits"
            ),
        ]
    ]


class StreamPlace(TypedDict):
    """The response to a request for a place in the queue of a full server."""

    place: Annotated[str, Field(description="For `?place=`, and for the next request")]
    position: Annotated[int, Field(description="1 is the first in line; 0: the turn has come")]
    estimate_s: Annotated[
        int, Field(description="Estimated seconds until the turn, from the rate of recent openings")
    ]
    renew_in_s: Annotated[float, Field(description="When to ask again")]


_Sequenced = (
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | MessagePinned
    | MessageUnpinned
    | ReactionChanged
    | MessagesPurged
    | RoomChanged
)

SequencedEvent = Annotated[_Sequenced, Field(discriminator="type")]
"""An event with a seq. It is stored and never lost. Topic `chat.events`."""

RoomEvent = Annotated[
    _Sequenced | RoomHeat | RoomViewers | RoomSlowMode | RoomName | RoomTyping, Field(discriminator="type")
]
