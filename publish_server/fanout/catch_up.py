"""The bytes that bring a subscriber forward: from the room's ring, from a page of older events, or a gap."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from publish_server.encoding.sse_frames import gap_frame
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.subscriber import Subscriber
from publish_server.metrics import GAPS
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import JoinedFrames, RoomLog

MAX_REPLAY: Final = 5_000
"""Events sent to a returning subscriber. One further behind gets `stream.gap` and fetches the latest page."""

MAX_PIECE_BYTES: Final = 64 * 1024
MAX_PIECES_BYTES: Final = 8 * 2**20
"""Bytes of all pieces that are kept for other subscribers. Overflow rule OLDEST_OUT."""

PIECE_OVERHEAD_BYTES: Final = 500


def is_too_far_behind(cursor: int, flushed: int) -> bool:
    """Whether a subscriber at `cursor` gets `stream.gap` instead of the events up to `flushed`."""
    return flushed - cursor > MAX_REPLAY


class Piece(NamedTuple):
    """A body that brings a subscriber to `to_seq`, plain and encoded."""

    to_seq: int
    body: bytes
    data: bytes


PieceKey = tuple[int, int, StreamEncoding, bool]
"""Room number, cursor, encoding, and whether it is of the calm lane."""


def size_of(piece: Piece) -> int:
    return len(piece.body) + len(piece.data) + PIECE_OVERHEAD_BYTES


class Pages(Protocol):
    """Events older than the ring. See recovery/catch_up_pages.py."""

    def page(self, room: Room, cursor: int) -> RoomLog | None: ...
    def read(self, room: Room, cursor: int, stream: Subscriber) -> None: ...
    def mark_deleted(self, room: Room, message_id: bytes) -> list[int]: ...
    def report_purges(self, report: Callable[[Room, int], None]) -> None: ...


class CatchUp:
    """Makes each piece once for all subscribers with the same room, cursor, encoding and lane."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        pages.report_purges(self.drop_pieces)
        self._pieces: dict[PieceKey, Piece] = {}
        self._piece_bytes = 0

    @property
    def piece_bytes(self) -> int:
        """Bytes of all pieces, with their overhead."""
        return self._piece_bytes

    def next_piece(self, room: Room, subscriber: Subscriber, cursor: int, flushed: int) -> Piece | None:
        """The next bytes after `cursor`, at most up to `flushed`; None while a page is being read.

        The subscriber is resumed when the page has been read.
        """
        encoding, is_calm = subscriber.encoding, subscriber.group.is_calm
        key = (room.number, cursor, encoding, is_calm)
        piece = self._pieces.get(key)
        if piece is not None and piece.to_seq <= flushed:
            return piece
        source = room.log
        if cursor >= room.log.floor:
            subscriber.is_replaying = False
        elif not subscriber.is_replaying or is_too_far_behind(cursor, flushed):
            GAPS.labels("slow").inc()
            gap = gap_frame(cursor, flushed)
            return Piece(flushed, gap, encoding.encode(gap))
        else:
            page = self._pages.page(room, cursor)
            if page is None:
                self._pages.read(room, cursor, subscriber)
                return None
            source = page
        part = source.since(cursor, flushed, MAX_PIECE_BYTES, is_calm=is_calm)
        assert part is not None
        if part.to_seq == cursor:
            # The page's gap ends above what the room has flushed (the database was restored). Without progress the
            # caller would ask for this piece forever.
            GAPS.labels("confirmed").inc()
            part = JoinedFrames(flushed, gap_frame(cursor, flushed))
        piece = Piece(part.to_seq, part.body, encoding.encode(part.body))
        self._remove(key)
        self._pieces[key] = piece
        self._piece_bytes += size_of(piece)
        while self._piece_bytes > MAX_PIECES_BYTES:
            self._remove(next(iter(self._pieces)))
        return piece

    def mark_deleted(self, room: Room, message_id: bytes) -> None:
        """Remove the message's text from pages, and drop the pieces that contain it."""
        in_ring = room.log.mark_deleted(message_id)
        in_pages = self._pages.mark_deleted(room, message_id)
        for key, piece in list(self._pieces.items()):
            if key[0] == room.number and any(
                _any_within(seqs, key[1], piece.to_seq) for seqs in (in_ring, in_pages)
            ):
                self._remove(key)

    def drop_pieces(self, room: Room, before_seq: int) -> None:
        """Drop the room's pieces that begin before `before_seq`: some of them contain purged texts."""
        for key in list(self._pieces):
            if key[0] == room.number and key[1] < before_seq:
                self._remove(key)

    def _remove(self, key: PieceKey) -> None:
        piece = self._pieces.pop(key, None)
        if piece is not None:
            self._piece_bytes -= size_of(piece)


def _any_within(seqs: list[int], after_seq: int, to_seq: int) -> bool:
    """Whether one of the ascending seqs is in (after_seq, to_seq]."""
    index = bisect_right(seqs, after_seq)
    return index < len(seqs) and seqs[index] <= to_seq
