"""The newest deletions of one room, for pages of events that are being read."""

from typing import Final

MAX_DELETIONS: Final = 500


class RecentDeletions:
    """Ids of deleted messages, newest last. Overflow rule OLDEST_OUT, after MAX_DELETIONS.

    `count` is the number of deletions ever added. If more than MAX_DELETIONS were added while a page
    was read, it must be read again.
    """

    __slots__ = ("count", "message_ids")

    def __init__(self) -> None:
        self.message_ids: dict[bytes, None] = {}
        self.count = 0

    def add(self, message_id: bytes) -> None:
        self.count += 1
        self.message_ids[message_id] = None
        if len(self.message_ids) > MAX_DELETIONS:
            del self.message_ids[next(iter(self.message_ids))]
