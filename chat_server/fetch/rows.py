"""The rows that the read repository returns, with messages and events already encoded as JSON."""

from collections.abc import Sequence
from typing import NamedTuple


class RoomRow(NamedTuple):
    """`moderators` is their JSON; only the newest page reads it. `has_erasures`: a person is being erased."""

    id: str
    name: str
    visibility: str
    owner_id: str | None
    last_seq: int
    message_count: int
    slow_mode_s: int
    slow_mode_target: float | None
    owner_nickname: str | None
    who_can_post: str
    regular_after_s: int
    moderators: str
    has_erasures: bool = False


class EncodedMessage(NamedTuple):
    """A message's JSON, as every page shows it."""

    seq: int
    json: bytes


class MessageRows(NamedTuple):
    """Messages, oldest first, and the room, of one snapshot of the database.

    `pinned`, the last one pinned first, comes with the newest messages only.
    `is_full`: the page has as many bytes as it may; a larger limit gives no more messages.
    `is_short`: no text is long and no message is pinned.
    """

    room: RoomRow
    messages: list[EncodedMessage]
    has_older: bool = False
    has_newer: bool = False
    pinned: Sequence[EncodedMessage] = ()
    is_full: bool = False
    is_short: bool = True


class EventRow(NamedTuple):
    """`payload` is the event's JSON in UTF-8, byte for byte as it was stored."""

    seq: int
    type: str
    payload: bytes


class EventRows(NamedTuple):
    """Events, oldest first. `oldest_seq` is that of the oldest event kept, last_seq + 1 when none is."""

    last_seq: int
    oldest_seq: int
    events: list[EventRow]
    has_more: bool = False


class ReactorRows(NamedTuple):
    """Who reacted to one message: (user id, nickname) by kind. None instead of kinds: there is no such message."""

    last_seq: int
    kinds: dict[str, list[tuple[str, str]]] | None


class MineRows(NamedTuple):
    last_seq: int
    mine: dict[str, list[str]]
