"""Knows which posts and which authors count as new demand. In memory, for one process; no clock."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final
from uuid import UUID

MAX_POSTS: Final = 20_000
"""Ids of posts that are known to repeat. Overflow rule: OLDEST; a later repeat counts as new."""

MAX_AUTHORS: Final = 20_000
"""People and rooms in which they have written. Overflow rule: OLDEST; such a person counts as new again."""

AUTHOR_GAP_S: Final = 10.0
"""A person counts as an author again after this time."""

NEWCOMER_GAP_S: Final = 60.0
"""An author who has not counted for this time is a newcomer."""

REFUSED_GAP_S: Final = 1.0


class NewDemand:
    """`now_s` is monotonic seconds."""

    def __init__(self) -> None:
        self._posts: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._authors: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._refused: OrderedDict[tuple[str, int], float] = OrderedDict()

    def is_new_post(self, author_id: UUID, client_message_id: UUID) -> bool:
        """Whether it is the first post with this key; a client sends a refused one again."""
        key = author_id.int, client_message_id.int  # an int hashes faster than a UUID
        if key in self._posts:
            return False
        self._posts[key] = None
        if len(self._posts) > MAX_POSTS:
            self._posts.popitem(last=False)
        return True

    def is_new_author(self, room_id: str, author_id: UUID, now_s: float) -> bool:
        """Whether this process has not counted the person as an author of the room for AUTHOR_GAP_S."""
        return _is_due(self._authors, (room_id, author_id.int), now_s, AUTHOR_GAP_S)

    def is_new_refusal(self, room_id: str, author_id: UUID, now_s: float) -> bool:
        """Whether a post that was refused before it was read counts. Its key is unknown, so one a second does."""
        return _is_due(self._refused, (room_id, author_id.int), now_s, REFUSED_GAP_S)


DIGEST_BYTES: Final = 8


def author_digest(room_id: str, author_id: UUID) -> bytes:
    """Stands for a person in a room among all chat_servers: it names neither."""
    return blake2b(room_id.encode() + author_id.bytes, digest_size=DIGEST_BYTES).digest()


def _is_due(
    times_s: OrderedDict[tuple[str, int], float], key: tuple[str, int], now_s: float, gap_s: float
) -> bool:
    if now_s - times_s.get(key, float("-inf")) < gap_s:
        return False
    times_s[key] = now_s
    times_s.move_to_end(key)
    if len(times_s) > MAX_AUTHORS:
        times_s.popitem(last=False)
    return True
