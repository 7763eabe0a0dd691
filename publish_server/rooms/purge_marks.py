"""Which messages of a room hosts have purged: those of some authors, up to a seq."""

from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

from publish_server.metrics import MALFORMED

PURGE: Final = b"messages.purged"

MAX_ID_BYTES: Final = 64
"""A longer id belongs to no message."""

MAX_PURGED_AUTHORS: Final = 2_000
"""Of one room: four calls with the most authors."""


MAX_ERASED_PEOPLE: Final = 100
"""Of one room: every new frame is searched for their ids."""


class Purge(NamedTuple):
    """The messages of these authors created at or below the seq. `erased_as`: the new id of an erased author."""

    author_ids: tuple[bytes, ...]
    up_to_seq: int
    erased_as: str | None = None


class _Event(msgspec.Struct):
    up_to_seq: int
    author_id: str | None = None
    author_ids: tuple[str, ...] = ()
    erased_as: str | None = None


_decoder = msgspec.json.Decoder(_Event)


def purge_in(event_type: bytes, frame: bytes) -> Purge | None:
    """The purge in a frame. None if the event is of another type or cannot be read."""
    if event_type != PURGE:
        return None
    try:
        event = _decoder.decode(frame.partition(b"\ndata: ")[2])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        MALFORMED.inc()
        return None
    names = event.author_ids if event.author_id is None else (event.author_id, *event.author_ids)
    author_ids = tuple(name.encode() for name in names)
    return Purge(
        tuple(each for each in author_ids if len(each) <= MAX_ID_BYTES), event.up_to_seq, event.erased_as
    )


class PurgeMarks:
    """Marks of one room, which its ring and its pages share. `up_to_seqs` maps authors to the highest purged seq.

    `erased` maps authors who had themselves erased to their new ids, and `erasures` counts them.
    Bounds: MAX_PURGED_AUTHORS and MAX_ERASED_PEOPLE. Overflow rule REFETCH: the marks with the lowest seqs leave, and
    so do all frames up to `refetch_seq`, the highest of these seqs. They are read from chat_server again.
    `highest_seq` is at or above every mark. `changes` counts additions.
    """

    __slots__ = ("changes", "erased", "erasures", "highest_seq", "refetch_seq", "up_to_seqs")

    def __init__(self) -> None:
        self.up_to_seqs: dict[bytes | None, int] = {}
        self.highest_seq = 0
        self.refetch_seq = 0
        self.changes = 0
        self.erased: dict[bytes, str] = {}
        self.erasures = 0

    def add(self, author_ids: Collection[bytes], up_to_seq: int, erased_as: str | None = None) -> bool:
        """Mark the authors' messages. False if all of these marks are known."""
        marks = self.up_to_seqs
        new = [author_id for author_id in author_ids if marks.get(author_id, 0) < up_to_seq]
        erased = [] if erased_as is None else [each for each in author_ids if each not in self.erased]
        if not new and not erased:
            return False
        marks.update(dict.fromkeys(new, up_to_seq))
        self.highest_seq = max(self.highest_seq, up_to_seq)
        self.changes += 1
        if erased_as is not None:
            self.erased.update(dict.fromkeys(erased, erased_as))
            self.erasures += len(erased)
            if len(self.erased) > MAX_ERASED_PEOPLE:
                seq = min(marks[author_id] for author_id in self.erased)
                self.refetch_seq = max(self.refetch_seq, seq)
                self.forget(seq)
        if len(marks) > MAX_PURGED_AUTHORS:
            lowest_seqs = sorted(marks.values())
            seq = lowest_seqs[len(marks) - MAX_PURGED_AUTHORS - 1]
            self.refetch_seq = max(self.refetch_seq, seq)
            self.forget(seq)
        return True

    def forget(self, seq: int) -> None:
        """Forget the marks that reach no further than `seq`."""
        if self.up_to_seqs:
            self.up_to_seqs = {
                author_id: up_to for author_id, up_to in self.up_to_seqs.items() if up_to > seq
            }
            self.erased = {
                author_id: erased_as
                for author_id, erased_as in self.erased.items()
                if author_id in self.up_to_seqs
            }

    def has(self, author_id: bytes | None, seq: int) -> bool:
        """Whether the text of this author's event is purged."""
        return self.up_to_seqs.get(author_id, 0) >= seq
