"""Open streams: joining a room, catching up with it, stalling, leaving. Synchronous throughout."""

import logging
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from publish_server.encoding.sse_frames import gap_frame, own_frame, retry_line
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.open_streams import OpenStreams, Streams
from publish_server.metrics import GAPS
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog, Slice
from publish_server.streams.connection import StreamConnection

log = logging.getLogger(__name__)

MAX_REPLAY: Final = 5_000
"""Events a returning stream is brought; further back it gets stream.gap and reads a fresh page."""

MAX_PIECE_BYTES: Final = 64 * 1024
MAX_PIECES_BYTES: Final = 8 * 2**20
"""Bytes of the pieces that are kept for others who ask alike; overflow rule OLDEST_OUT."""


class Piece(NamedTuple):
    """What brings a stream to `to_seq`, and the same encoded for its wire."""

    to_seq: int
    body: bytes
    data: bytes


PieceKey = tuple[str, int, Wire]
"""Room, cursor and wire."""

PIECE_OVERHEAD_BYTES: Final = 500


def size_of(piece: Piece) -> int:
    return len(piece.body) + len(piece.data) + PIECE_OVERHEAD_BYTES


class Pages(Protocol):
    """Where events older than the ring come from."""

    def page(self, room_id: str, cursor: int) -> RoomLog | None:
        """The page that goes on after `cursor`, None when it has to be read first."""

    def want(self, room: Room, cursor: int, connection: StreamConnection) -> None:
        """Read that page, then advance the connection."""

    def mark_deleted(self, room_id: str, message_id: bytes) -> list[int]:
        """The message's text goes out of the room's pages; returns the seqs that held it, ascending."""


class Subscribers(Streams[StreamConnection]):
    """Every open stream of a room."""

    def __init__(self, open_streams: OpenStreams) -> None:
        super().__init__(open_streams)
        self.pages: Pages | None = None
        self.ask_head: Callable[[Room], int] = lambda room: 0
        self.to_advance: OrderedDict[Room, OrderedDict[StreamConnection, None]] = OrderedDict()
        self.wake_pump: Callable[[], None] = lambda: None
        self._pieces: dict[PieceKey, Piece] = {}
        self._piece_bytes = 0

    def kind(self, connection: StreamConnection) -> str:
        return "notify" if connection.audience.is_notify else "room"

    def join(self, connection: StreamConnection, head: bytes, retry_ms: int) -> None:
        """Begin a response with `head`. The stream opens now if its cursor can be judged, else it holds until then."""
        room = connection.audience.room
        room.streams += 1
        self.joined(connection)
        opening = self._opening(connection, None)
        connection.begin(head, retry_line(retry_ms) + (opening or b""))
        if opening is None:
            room.unopened[connection] = self.ask_head(room)
        elif connection.cursor is not None and connection.cursor < room.flushed:
            # A replay is joined and written in pieces of 64 KB, so a returning crowd takes its turns.
            self.advance_soon(room, [connection])
        else:
            self.advance(connection)

    def open_held(self, room: Room, answered: int) -> None:
        """The answer number `answered` of chat_server about this room is in: cursors that waited for it are judged
        soon, a few at a time."""
        room.answered = max(room.answered, answered)
        self.advance_soon(room, room.unopened)

    def _open_held(self, connection: StreamConnection) -> bool:
        """Open a stream that waited for its room's head, or end it when there is no such room."""
        room = connection.audience.room
        if room.is_absent:
            self.finish(connection, "room_not_found")
            return False
        opening = self._opening(connection, room.unopened[connection] <= room.answered)
        if opening is None:
            return False
        del room.unopened[connection]
        connection.send(opening)
        return True

    def _opening(self, connection: StreamConnection, is_last_word: bool | None) -> bytes | None:
        """stream.opened and what goes with it; None while the head, or a cursor above it, is not confirmed.

        The cursor of a client that just read a page may be above what came through Kafka so far.
        """
        room = connection.audience.room
        if not room.log.started:
            return None
        cursor = connection.cursor
        newest = max(room.log.head, room.reported)
        gap_to: int | None = None
        if cursor is None:
            start = room.flushed
        else:
            start = cursor
            if cursor > newest:
                if not is_last_word:
                    return None
                gap_to = newest
                GAPS.labels("above_head").inc()
            elif not connection.audience.is_notify and room.flushed - cursor > MAX_REPLAY:
                gap_to = room.flushed
                GAPS.labels("too_old").inc()
        opened = {
            "room_id": room.id,
            "seq": start,
            "resumed": cursor is not None and gap_to is None,
            "heat": room.heat,
        }
        frames = [own_frame("stream.opened", opened, start)]
        if gap_to is not None:
            frames.append(gap_frame(start, gap_to))
        if not connection.audience.is_notify:
            frames += [frame for name, frame in room.latest_signals.items() if name != b"room.heat"]
        connection.cursor = start if gap_to is None else gap_to
        connection.is_opened = True
        connection.is_replaying = connection.cursor < room.log.floor
        connection.signals_seen = room.signals_version
        room.behind.add(connection)
        return b"".join(frames)

    def advance(self, connection: StreamConnection) -> None:
        """Bring a stream that is behind as far as its client takes it; up to date, it joins the live ones."""
        audience = connection.audience
        room = audience.room
        if connection.is_closed or connection.is_stalled:
            return
        if not connection.is_opened and not self._open_held(connection):
            return
        while not (connection.is_stalled or connection.is_live or connection.is_closed):
            assert connection.cursor is not None
            if audience.is_notify:
                if connection.cursor < room.told_seq:
                    connection.cursor = room.log.head
                    connection.send(room.updated_frame())
                    continue
            elif connection.cursor > room.flushed:
                return
            elif connection.cursor < room.flushed:
                piece = self._piece(room, connection, connection.cursor)
                if piece is None:
                    return
                connection.cursor = piece.to_seq
                connection.send(piece.body, piece.data)
                continue
            if connection.signals_seen != room.signals_version and not audience.is_notify:
                connection.signals_seen = room.signals_version
                connection.send(b"".join(room.latest_signals.values()))
                continue
            room.behind.discard(connection)
            audience.add(connection)

    def _piece(self, room: Room, connection: StreamConnection, cursor: int) -> Piece | None:
        """The next bytes after `cursor`, the same object for all who ask alike; None while a page is being read."""
        wire = connection.audience.wire
        key = (room.id, cursor, wire)
        piece = self._pieces.get(key)
        if piece is not None and piece.to_seq <= room.flushed:
            return piece
        source = room.log
        if cursor >= room.log.floor:
            connection.is_replaying = False
        elif not connection.is_replaying or room.flushed - cursor > MAX_REPLAY:
            GAPS.labels("slow").inc()
            gap = gap_frame(cursor, room.flushed)
            return Piece(room.flushed, gap, wire.encode(gap))
        else:
            assert self.pages is not None
            page = self.pages.page(room.id, cursor)
            if page is None:
                self.pages.want(room, cursor, connection)
                return None
            source = page
        part = source.since(cursor, room.flushed, MAX_PIECE_BYTES)
        assert part is not None
        if part.to_seq == cursor:
            # A store that was restored: its gap reaches beyond what we have flushed. Without a step forward the caller
            # would ask forever.
            GAPS.labels("confirmed").inc()
            part = Slice(room.flushed, gap_frame(cursor, room.flushed))
        piece = Piece(part.to_seq, part.body, wire.encode(part.body))
        self._forget_piece(key)
        self._pieces[key] = piece
        self._piece_bytes += size_of(piece)
        while self._piece_bytes > MAX_PIECES_BYTES:
            self._forget_piece(next(iter(self._pieces)))
        return piece

    def _forget_piece(self, key: PieceKey) -> None:
        piece = self._pieces.pop(key, None)
        if piece is not None:
            self._piece_bytes -= size_of(piece)

    def mark_deleted(self, room: Room, message_id: bytes) -> None:
        """The message's text goes out of the pages, and pieces that hold it are made again when they are asked for."""
        room.note_deleted(message_id)
        seqs = room.log.mark_deleted(message_id)
        paged = [] if self.pages is None else self.pages.mark_deleted(room.id, message_id)
        for key, piece in list(self._pieces.items()):
            if key[0] == room.id and any(is_within(held, key[1], piece.to_seq) for held in (seqs, paged)):
                self._forget_piece(key)

    def advance_soon(self, room: Room, connections: Iterable[StreamConnection]) -> None:
        """Advance those streams of the room from the pump, a few milliseconds' worth at a time.

        Rooms take turns, so that a crowd that returns to one holds up nobody who returns to another.
        """
        waiting = OrderedDict.fromkeys(connections)
        if waiting:
            self.to_advance.setdefault(room, OrderedDict()).update(waiting)
            self.wake_pump()

    def advance_some(self, until: float) -> bool:
        """Work on that queue until the clock says `until`; False when it is empty."""
        while self.to_advance:
            room, waiting = self.to_advance.popitem(last=False)
            connection, _ = waiting.popitem(last=False)
            if waiting:
                self.to_advance[room] = waiting
            self.advance(connection)
            if self.open.clock() >= until:
                break
        return bool(self.to_advance)

    def ping(self, connection: StreamConnection) -> None:
        """`seq` is what this stream was sent; never more, or a client would believe it missed something."""
        room = connection.audience.room
        if connection.is_stalled or (connection.is_live and room.is_flushing):
            return
        seq = room.flushed if connection.is_live else connection.cursor or 0
        connection.send(own_frame("stream.ping", {"seq": seq}))

    def may_finish(self, connection: StreamConnection) -> bool:
        return not (connection.is_live and connection.audience.room.is_flushing)

    def stalled(self, connection: StreamConnection) -> None:
        super().stalled(connection)
        if connection.is_live:
            room = connection.audience.room
            connection.audience.remove(connection)
            connection.cursor = room.told_seq if connection.audience.is_notify else room.flushed
            connection.signals_seen = room.signals_version
            room.behind.add(connection)

    def drained(self, connection: StreamConnection) -> None:
        super().drained(connection)
        connection.widen()
        # Not at once: when a crowd reads again, the kernel tells of all of them in one round of the loop.
        self.advance_soon(connection.audience.room, [connection])

    def forget(self, connection: StreamConnection) -> None:
        room = connection.audience.room
        connection.audience.remove(connection)
        room.behind.discard(connection)
        room.unopened.pop(connection, None)
        room.streams -= 1
        room.idle_since = self.open.clock()


def is_within(seqs: list[int], after_seq: int, to_seq: int) -> bool:
    """Is one of the ascending seqs in (after_seq, to_seq]?"""
    index = bisect_right(seqs, after_seq)
    return index < len(seqs) and seqs[index] <= to_seq
