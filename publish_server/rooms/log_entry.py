"""An event as the log of a room holds it: its frame, and what is known of it without parsing the frame."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from chat_contract.erased_people import event_without_people
from publish_server.encoding.sse_frames import event_frame, gap_frame
from publish_server.rooms.purge_marks import MAX_ID_BYTES, PURGE

TEXT_EVENTS: Final = frozenset({b"message.created", b"message.edited", b"message.pinned"})
"""Types of events that contain a message's text."""

REMOVALS: Final = frozenset({b"message.deleted", PURGE})
"""Types of events that remove the texts of earlier ones."""

_MESSAGE_EVENTS: Final = TEXT_EVENTS | {b"message.deleted"}

_MESSAGE_ID: Final = b'"message":{"id":"'
_MESSAGE_ID_WITHIN_BYTES: Final = 240
"""chat_server encodes the message's id behind type, room and seq, within this many bytes. A text cannot imitate it,
because its quotes would be escaped."""

_AUTHOR_ID: Final = b'"author":{"id":"'
_AUTHOR_ID_WITHIN_BYTES: Final = 160
"""The author's id follows the message's id, room and seq, and precedes the text."""


class LogEntry(NamedTuple):
    """An event as it is sent. A later event with the same `conflate` key replaces this one within a flush.

    `message_id` and `author_id` are set on events that contain a message's text, and on its deletion. A frame that has
    lost its author's purged text has no `author_id`. `is_left_out`: the calm lane does not send it. `replied_to`
    is then the author whose message a new message replies to, if known.
    """

    frame: bytes
    type: bytes
    conflate: bytes | None
    message_id: bytes | None = None
    author_id: bytes | None = None
    is_left_out: bool = False
    replied_to: bytes | None = None


def ids_in(event_type: bytes, value: bytes) -> tuple[bytes | None, bytes | None]:
    """The ids of the event's message and of its author; None for types without them.

    Reads chat_server's encoding without parsing it. Raises ValueError if `value` is encoded otherwise and is no JSON.
    """
    if event_type not in _MESSAGE_EVENTS:
        return None, None
    at = value.find(_MESSAGE_ID, 0, _MESSAGE_ID_WITHIN_BYTES)
    if at >= 0:
        start = at + len(_MESSAGE_ID)
        end = value.find(b'"', start, start + MAX_ID_BYTES)
        at = value.find(_AUTHOR_ID, end, end + _AUTHOR_ID_WITHIN_BYTES) if end > start else -1
        if at >= 0:
            author_start = at + len(_AUTHOR_ID)
            author_end = value.find(b'"', author_start, author_start + MAX_ID_BYTES)
            if author_end > author_start:
                return value[start:end], value[author_start:author_end]
    message = orjson.loads(value).get("message")
    author = message.get("author") if isinstance(message, dict) else None
    return _id_of(message), _id_of(author)


def _id_of(view: object) -> bytes | None:
    text_id = view.get("id") if isinstance(view, dict) else None
    return text_id.encode() if isinstance(text_id, str) else None


def event_of(entry: LogEntry) -> Any:
    """The event, or None if it is no JSON: frames arrive unparsed, and one bad frame must not stop the process."""
    try:
        return orjson.loads(entry.frame.split(b"\ndata: ", 1)[1])
    except orjson.JSONDecodeError:
        return None


def without_people(seq: int, entry: LogEntry, erased: Mapping[bytes, str]) -> LogEntry:
    """The entry without these people, who had themselves erased; itself if it names none of them.

    A purge keeps the ids that it names.
    """
    if entry.replied_to in erased:
        entry = entry._replace(replied_to=None)
    if entry.type == PURGE or not any(id_ in entry.frame for id_ in erased):
        return entry
    event = event_of(entry)
    if event is None:
        return LogEntry(gap_frame(seq - 1, seq), b"stream.gap", None, entry.message_id)
    shown = event_without_people(event, {id_.decode(): erased_as for id_, erased_as in erased.items()})
    return entry._replace(frame=event_frame(entry.type, orjson.dumps(shown), seq), author_id=None)
