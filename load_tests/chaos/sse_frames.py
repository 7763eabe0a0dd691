"""Decodes the bytes of a streaming HTTP/1.1 response into server-sent events. Pure."""

from typing import NamedTuple

import orjson

from load_tests.chaos.tab_record import Identity


class Frame(NamedTuple):
    """`id` is None if the frame has none."""

    id: int | None
    event: str
    data: bytes


class BrokenFraming(Exception):
    """The response breaks the rules of HTTP or of server-sent events."""


class SseDecoder:
    """Removes the chunked encoding if `chunked`, then splits at blank lines. Incomplete frames wait for more bytes."""

    def __init__(self, *, chunked: bool) -> None:
        self._chunked = chunked
        self._raw = b""
        self._text = b""
        self.is_complete = False

    def feed(self, data: bytes) -> list[Frame]:
        """Raises BrokenFraming."""
        return [frame for frame in map(_frame, self.blocks(data)) if frame is not None]

    def blocks(self, data: bytes) -> list[bytes]:
        """The lines between blank lines, for streams of other servers. Raises BrokenFraming."""
        self._text += self._dechunk(data) if self._chunked else data
        *blocks, self._text = self._text.split(b"\n\n")
        return blocks

    def _dechunk(self, data: bytes) -> bytes:
        self._raw += data
        bodies = []
        at = 0
        while (end := self._raw.find(b"\r\n", at)) >= 0:
            try:
                size = int(self._raw[at:end], 16)
            except ValueError:
                raise BrokenFraming(f"{self._raw[at:end]!r} is not a chunk size") from None
            if len(self._raw) < end + 2 + size + 2:
                break
            if self._raw[end + 2 + size : end + 4 + size] != b"\r\n":
                raise BrokenFraming("a chunk is longer than its declared size")
            self.is_complete = size == 0
            bodies.append(self._raw[end + 2 : end + 2 + size])
            at = end + 4 + size
        self._raw = self._raw[at:]
        return b"".join(bodies)


def _frame(block: bytes) -> Frame | None:
    frame_id: int | None = None
    event, data = "message", b""
    for line in block.split(b"\n"):
        name, _, value = line.partition(b": ")
        if name == b"id":
            frame_id = int(value)
        elif name == b"event":
            event = value.decode()
        elif name == b"data":
            data = value
    return Frame(frame_id, event, data) if data else None


def identity_of(data: bytes) -> Identity:
    """The identity of an event's JSON, from a stream or a page. Raises KeyError or ValueError for other JSON."""
    event = orjson.loads(data)
    return event_identity(event)


def is_left_out(data: bytes) -> bool:
    """Whether chat_server marked this event's JSON, so that the calm lane leaves it out."""
    return orjson.loads(data).get("calm") is False


def skipped_of(data: bytes) -> tuple[int, int]:
    """`from_seq` and `to_seq` of a `stream.skipped`."""
    skipped = orjson.loads(data)
    return int(skipped["from_seq"]), int(skipped["to_seq"])


def event_identity(event: dict[str, object]) -> Identity:
    """The identity of a decoded event. The subject of other types than those of messages is all that they contain."""
    event_type = str(event["type"])
    message = event.get("message")
    if isinstance(message, dict):
        return Identity(event_type, str(message["id"]))
    if event_type == "reaction.changed":
        return Identity(event_type, f"{event['message_id']}:{event['kind']}")
    rest = {name: value for name, value in event.items() if name not in ("type", "room_id", "seq")}
    return Identity(event_type, orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode())
