"""Which rooms the control room shows. Pure."""

import heapq
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chat_contract.ops_snapshot import MAX_SNAPSHOT_ROOMS, OpsRoom
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.rooms.slow_mode_rule import SlowModeRule

_CALM: Final = HotEntry(False, None, 0.0, 0)


class Hottest(NamedTuple):
    room_ids: list[str]
    omitted: int


def hottest_rooms(
    entries: Mapping[str, HotEntry], viewers: Mapping[str, int], limit: int = MAX_SNAPSHOT_ROOMS
) -> Hottest:
    """Rooms with heat or viewers: by level, hot, fetches and posts a second, viewers."""

    def heat_of(room_id: str) -> tuple[int, bool, float, int, str]:
        entry = entries.get(room_id, _CALM)
        per_s = entry.fetches_per_s + entry.posts.posts_per_s
        return -entry.posts.level, not entry.hot, -per_s, -viewers.get(room_id, 0), room_id

    # Only the most viewed of thousands of calm rooms may be shown.
    most_viewed = heapq.nlargest(limit, viewers, key=lambda room_id: (viewers[room_id], room_id))
    shown = heapq.nsmallest(limit, entries.keys() | set(most_viewed), key=heat_of)
    rooms = len(viewers) + sum(room_id not in viewers for room_id in entries)
    return Hottest(shown, rooms - len(shown))


def room_row(
    room_id: str, row: Any, hot_rooms: HotRooms, *, is_heat_known: bool, viewers: int | None
) -> OpsRoom:
    """`row`: of SnapshotRepository; None without Postgres."""
    heat = hot_rooms.heat(room_id) if is_heat_known else None
    slow_mode = None if row is None else SlowModeRule(row["slow_mode_s"], row["slow_mode_target"])
    return {
        "id": room_id,
        "name": None if row is None else row["name"],
        "visibility": None if row is None else row["visibility"],
        "hot": None if heat is None else heat["hot"],
        "level": None if heat is None else heat["level"],
        "fetches_per_s": None if heat is None else heat["fetches_per_s"],
        "posts_per_s": None if heat is None else heat["posts_per_s"],
        "viewers": viewers,
        "slow_mode_s": None if slow_mode is None else slow_mode.in_force_s(hot_rooms.governed_s(room_id)),
        "slow_mode": None if slow_mode is None else slow_mode.view(),
        "who_can_post": None if row is None else row["who_can_post"],
    }
