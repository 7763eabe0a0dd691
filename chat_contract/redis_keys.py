"""Redis keys that several processes share. The braces are a hash tag: a cluster keeps all keys in one slot, so one
script can use them together."""

from typing import Final, Literal

FETCHES: Final = "{hotchat}:fetches"
"""Hash room id → fetches since the last drain. Written by every chat_server, drained by the scheduler."""

DRAINED_AT_MS: Final = "{hotchat}:drained_at_ms"
"""Redis TIME of the last drain in ms. It also serves as the fencing token that voids the late write of a paused
scheduler."""

POSTS: Final = "{hotchat}:posts"
"""Hash of what people wrote since the last drain: `d:`, `a:`, `n:`, `p:` or `e:` and the room id → posts demanded,
authors and newcomers counted, posts stored, and those of them by hosts and regulars; `t:` and the room id → the target
of slow mode `auto`, empty for a room that has left it; `since` → Redis TIME in ms of the first flush. Drained with
FETCHES."""

AUTHORS: Final = "{hotchat}:authors"
"""Sorted set of who wrote in which room in the last minute, so that all chat_servers together count a person once:
digests of room and user id, scored by the ms (Redis TIME) at which each last counted as an author."""

FETCHES_COUNTED: Final = "{hotchat}:fetches_counted"
"""Fetches that schedulers have drained since Redis started. Tests compare it with the fetches sent."""

HOT: Final = "{hotchat}:hot"
"""Hash room id → JSON of HotEntry, for hot, warm and written rooms; expires HOT_TTL_MS after the last tick."""

SETTING_OVERRIDES: Final = "{hotchat}:setting_overrides"
"""JSON object of the operator's overrides of heat settings, `{"enter_per_s": 3000}`. Every chat_server writes what
Postgres holds; the schedulers read it."""

HOT_TTL_MS: Final = 4_000
"""Four ticks: a dead scheduler cannot leave a room hot."""

HEAT_ANNOUNCED: Final = "{hotchat}:heat_announced"
"""Set of the rooms last announced as hot or with a level. It outlives HOT, so that a room whose flag expired is
announced as cold."""

VIEWERS: Final = "{hotchat}:viewers"
"""Hash room id → open streams over all publish_servers; expires VIEWERS_TTL_MS after a scheduler summed them."""

PUBLISHERS: Final = "{hotchat}:publishers"
"""Sorted set of publish_server process ids, scored by the ms (Redis TIME) of their last report."""

VIEWERS_TTL_MS: Final = 15_000

PROCESSES: Final = "{hotchat}:processes"
"""Hash process id → `<ms of the report>:<JSON of ProcessRecord>`, by Redis TIME. Every server writes its own once a
second; at most MAX_PROCESSES. Expires PROCESSES_TTL_MS after the last report."""

PROCESSES_TTL_MS: Final = 5_000
"""Readers leave out older records: a process that died is gone within seconds."""

VIEWERS_SUMMED: Final = "{hotchat}:viewers_summed"
"""Exists for a short time after the viewers were summed, so that only one scheduler does it."""


def viewers_of(process_id: str) -> str:
    """Hash room id → open streams of one publish_server process; expires VIEWERS_TTL_MS after its last report."""
    return f"{{hotchat}}:viewers:{process_id}"


def flushed_by(process_id: str) -> str:
    """The number of the last batch of fetch counts that this process added, so that no retry counts twice."""
    return f"{{hotchat}}:flushed:{process_id}"


SlowedAct = Literal["post", "edit"]


def slow_mode(act: SlowedAct, room_id: str, user_id: str) -> str:
    """Exists while this user has to wait in this room; its TTL is the wait.

    The value identifies the write that took the turn: the client_message_id of a post, or the digest of an edit.
    """
    return f"{{hotchat}}:{'slow' if act == 'post' else 'slow-edit'}:{room_id}:{user_id}"


WAITING: Final = "{hotchat}:waiting"
"""Sorted set of the places that wait for a stream and are present, by number: the order of the queue."""

WAITING_UNTIL: Final = "{hotchat}:waiting_until"
"""Sorted set of the same places by the ms (Redis TIME) until which each counts as present."""

PLACES_USED: Final = "{hotchat}:places_used"
"""Sorted set of places that opened a stream or lost their turn, by the ms at which no valid token of them is left."""

TURNS_CAME: Final = "{hotchat}:turns_came"
"""Sorted set of places that may open a stream, by the ms at which each learned it: an unused turn ends."""

QUEUE_STATE: Final = "{hotchat}:queue"
"""Hash: `last`, the highest number given; `since`, the ms since which somebody waits."""

FREE_SLOTS: Final = "{hotchat}:free_slots"
"""Hash of publish_server process id → `<free slots>:<ms of the report>`."""

QUEUE_TTL_MS: Final = 180_000
"""The keys of the queue expire this long after their last change."""
