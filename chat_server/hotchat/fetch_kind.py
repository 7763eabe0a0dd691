"""The kinds of fetches, and which of them a hot room may answer from memory."""

from enum import IntEnum, auto
from typing import Final


class FetchKind(IntEnum):
    ROOM = auto()
    NEWEST = auto()
    BEFORE = auto()
    AFTER = auto()
    AROUND = auto()
    MESSAGE = auto()
    EVENTS = auto()
    MINE = auto()
    SEARCH = auto()
    REACTORS = auto()


FROM_MEMORY_WHEN_HOT: Final = (FetchKind.NEWEST, FetchKind.ROOM, FetchKind.EVENTS, FetchKind.AFTER)
"""Fetches that a hot room's snapshots may answer; any other kind costs a database query."""
