"""One open stream of one room: a cursor into the room's log, not a queue."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

from publish_server.encoding.gzip_blocks import GzipChecksum, StreamChecksum
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.stream import Stream, StreamOwner
from server_kit.limits.shares import Seat

INITIAL_FLUSH_BYTES: Final = 8 * 1024
"""A flush of this size fits the send buffer that a stream starts with."""

MAX_SEND_BUFFER_BYTES: Final = 64 * 1024


class Group(Protocol):
    """The parts of a SubscriberGroup that its subscribers use."""

    checksum: GzipChecksum
    flush_bytes: int

    @property
    def encoding(self) -> StreamEncoding: ...
    @property
    def is_notify(self) -> bool: ...
    @property
    def is_calm(self) -> bool: ...

    def add(self, subscriber: "Subscriber") -> None: ...
    def remove(self, subscriber: "Subscriber") -> None: ...


class Subscriber(Stream):
    """Overflow rule: CATCH_UP from the log while it reaches back far enough, otherwise GAP.

    While `is_live` the subscriber has everything that its room has flushed, and `cursor` is not used. `is_replaying`
    while it resumes from events older than the ring, which may be read from chat_server. `reader` is the person whose
    access was checked; None for streams of rooms that everybody may read.
    """

    __slots__ = (
        "checksum",
        "cursor",
        "group",
        "is_live",
        "is_opened",
        "is_replaying",
        "reader",
        "send_buffer_bytes",
        "signals_seen",
    )

    def __init__(
        self,
        owner: StreamOwner,
        transport: asyncio.Transport,
        group: Group,
        cursor: int | None,
        seats: Sequence[Seat] = (),
        reader: UUID | None = None,
    ) -> None:
        super().__init__(owner, transport, group.encoding, seats)
        self.reader = reader
        self.group = group
        self.cursor = cursor
        self.checksum = StreamChecksum() if group.encoding.is_gzip else None
        self.send_buffer_bytes = 0
        self.signals_seen = 0
        self.is_opened = False
        self.is_live = False
        self.is_replaying = False

    def begin(self, head: bytes, body: bytes) -> None:
        self._add_to_checksum(body)
        super().begin(head, body)

    def send(self, body: bytes, data: bytes | None = None) -> None:
        if body:
            self._add_to_checksum(body)
            super().send(body, data)

    def finish(self, body: bytes) -> None:
        if self.is_stalled:
            self.transport.abort()
        else:
            self._add_to_checksum(body)
            self.transport.write(self.encoding.encode(body) + self.encoding.ending(self.checksum))
            self.transport.close()

    def _add_to_checksum(self, body: bytes) -> None:
        if self.checksum is None:
            return
        if self.is_live:
            self.checksum.leave(self.group.checksum)
        self.checksum.add(body)
        if self.is_live:
            self.checksum.join(self.group.checksum)

    def widen_send_buffer(self) -> None:
        """Let the kernel buffer a whole flush of the current size, now that the client has shown that it reads.

        A flush above the send buffer costs extra steps each time, but a client that never reads needs no large buffer.
        """
        wanted = min(MAX_SEND_BUFFER_BYTES, self.group.flush_bytes)
        if wanted > max(INITIAL_FLUSH_BYTES, self.send_buffer_bytes):
            self.send_buffer_bytes = min(MAX_SEND_BUFFER_BYTES, wanted * 3 // 2)
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer_bytes)
