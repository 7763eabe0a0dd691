"""A stored event that must be sent to Kafka."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

Position = tuple[str, int]
"""A room's id and the seq of one of its events."""

HIDES_TEXT: Final = frozenset({"message.deleted", "messages.purged"})
"""Types of events after which earlier events of the room show less text."""

_MESSAGE: Final = b'"message":'
"""Before the last member of an event that created a message. The members before it have no quotes in their values."""


@dataclass(frozen=True, slots=True)
class CommittedEvent:
    """A row of `events`. `payload` is its JSON, byte for byte what subscribers get."""

    room_id: str
    seq: int
    type: str
    message_id: UUID | None
    conflate: str | None
    payload: bytes
    traceparent: str | None = None
    """Not stored: an event that the relay sends starts a new trace."""
    is_left_out: bool = False
    """The calm lane leaves it out. Stored in the payload only."""
    replied_to: UUID | None = None
    """Not stored: the author whose message this new message replies to; only if it is left out."""

    @property
    def message_json(self) -> bytes:
        """The JSON of the message that this event created, as pages show it."""
        return self.payload[self.payload.index(_MESSAGE) + len(_MESSAGE) : -1]
