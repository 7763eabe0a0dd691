"""Filters that are ready to check texts, by room."""

from collections import OrderedDict
from typing import Final

from chat_server.filters.rules import TextFilter

MAX_LETTERS: Final = 100_000
"""Of the words of all filters together: about 15 MB of automata. One room has at most a twentieth of them."""

_EACH: Final = 100
"""Letters that a filter counts in addition to those of its words."""


class FilterCache:
    """The newest known filters of each room, at most MAX_LETTERS in all. Overflow rule: LRU.

    FilterLoader reads those that are missing.
    """

    def __init__(self) -> None:
        self._filters: OrderedDict[str, TextFilter] = OrderedDict()
        self._letters = 0

    def get(self, room_id: str) -> TextFilter | None:
        found = self._filters.get(room_id)
        if found is not None:
            self._filters.move_to_end(room_id)
        return found

    def put(self, room_id: str, text_filter: TextFilter) -> None:
        """Keep these filters, unless newer ones are known."""
        known = self._filters.get(room_id)
        if known is not None and known.version > text_filter.version:
            return
        self._remove(room_id)
        self._filters[room_id] = text_filter
        self._letters += _EACH + text_filter.letters
        while self._letters > MAX_LETTERS and len(self._filters) > 1:
            self._remove(next(iter(self._filters)))

    def _remove(self, room_id: str) -> None:
        removed = self._filters.pop(room_id, None)
        if removed is not None:
            self._letters -= _EACH + removed.letters
