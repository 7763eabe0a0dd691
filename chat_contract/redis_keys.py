"""Redis keys that several processes share. The braces are a hash tag: on a cluster all live in one slot, so one
script may touch them together."""

from typing import Final, Literal

FETCHES: Final = "{hotchat}:fetches"
"""Hash room id → fetches since the last drain. Written by every chat_server, drained by the scheduler."""

DRAINED_AT_MS: Final = "{hotchat}:drained_at_ms"
"""Redis TIME of the last drain in ms; also the fence that makes a stopped scheduler's late write void."""

FETCHES_COUNTED: Final = "{hotchat}:fetches_counted"
"""Fetches that schedulers have drained, since Redis started. For checks and the metrics page."""

HOT: Final = "{hotchat}:hot"
"""Hash room id → JSON of HotEntry, for hot rooms and those on their way; expires HOT_TTL_MS after the last tick."""

HOT_TTL_MS: Final = 4_000
"""Four ticks: a dead scheduler cannot leave a room hot."""

HEAT_ANNOUNCED: Final = "{hotchat}:heat_announced"
"""Set of the rooms last announced as hot; outlives HOT, so that a room whose flag expired is still called cold."""

VIEWERS: Final = "{hotchat}:viewers"
"""Hash room id → open streams over all publish_servers, summed by the scheduler; expires VIEWERS_TTL_MS later."""

PUBLISHERS: Final = "{hotchat}:publishers"
"""Sorted set of publish_server process ids, scored by the ms (Redis TIME) of their last report."""

VIEWERS_TTL_MS: Final = 15_000

VIEWERS_SUMMED: Final = "{hotchat}:viewers_summed"
"""Exists for a moment after the viewers were summed: of many schedulers one does it."""


def viewers_of(process_id: str) -> str:
    """Hash room id → open streams of one publish_server process; expires VIEWERS_TTL_MS after its last report."""
    return f"{{hotchat}}:viewers:{process_id}"


def flushed_by(process_id: str) -> str:
    """Number of the last batch of fetch counts this process has added: a batch sent again is not counted again."""
    return f"{{hotchat}}:flushed:{process_id}"


SlowedAct = Literal["post", "edit"]


def slow_mode(act: SlowedAct, room_id: str, user_id: str) -> str:
    """Set while this user has to wait in this room; its TTL is the wait.

    Holds what took the turn: the client_message_id of a post, a digest of an edit.
    """
    return f"{{hotchat}}:{'slow' if act == 'post' else 'slow-edit'}:{room_id}:{user_id}"
