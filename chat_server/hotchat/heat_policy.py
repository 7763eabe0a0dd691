"""Decides when a room is hot. Pure functions: no Redis, clock or scheduler."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from chat_contract.events import Heat
from chat_server.hotchat.heat_rules import HeatRules
from chat_server.hotchat.post_level import LevelState, next_level, smoothed
from chat_server.hotchat.slow_mode_governor import GovernorState, PostCounts, next_governor

WARM_SHARE: Final = 0.1
"""A room above this fraction of the entry rate is warm: its rate is published although it is not hot."""

MAX_WARM_ROOMS: Final = 300
"""Overflow rule: the rooms with the lowest rates are left out. Hot rooms always stay."""

MAX_WRITTEN_ROOMS: Final = 1_000
"""Rooms with a rate of posts, a level or a governor. Overflow rule: those in which the fewest write are left out."""


class HeatLimits(NamedTuple):
    enter_per_s: float
    exit_per_s: float
    calm_ticks_to_cool: int


class HeatState(NamedTuple):
    hot: bool = False
    calm_ticks: int = 0


class HotEntry(NamedTuple):
    """The heat of one room. `since` is RFC 3339 and set while the room is hot. `governor`: for slow mode `auto`."""

    hot: bool
    since: str | None
    fetches_per_s: float
    calm_ticks: int
    posts: LevelState = LevelState()
    governor: GovernorState | None = None

    @property
    def is_announced(self) -> bool:
        """Whether clients get a signal every two seconds while it lasts."""
        return self.hot or self.posts.level > 0

    def heat(self) -> Heat:
        return {
            "hot": self.hot,
            "since": self.since,
            "fetches_per_s": self.fetches_per_s,
            "posts_per_s": round(self.posts.posts_per_s, 1),
            "level": self.posts.level,
        }


def heat_limits(rules: HeatRules) -> HeatLimits:
    return HeatLimits(rules.enter_per_s, rules.enter_per_s * rules.exit_ratio, rules.calm_ticks)


def next_heat(previous: HeatState, fetches_per_s: float, limits: HeatLimits) -> HeatState:
    """Turn hot at once, cool slowly: a room near the limit must not flicker (hysteresis)."""
    if fetches_per_s >= limits.enter_per_s:
        return HeatState(hot=True)
    if not previous.hot or fetches_per_s >= limits.exit_per_s:
        return HeatState(hot=previous.hot)
    calm_ticks = previous.calm_ticks + 1
    cooled = calm_ticks >= limits.calm_ticks_to_cool
    return HeatState(hot=not cooled, calm_ticks=0 if cooled else calm_ticks)


def next_entries(
    previous: Mapping[str, HotEntry],
    counts: Mapping[str, int],
    elapsed_ms: int,
    limits: HeatLimits,
    now: str,
    posts: Mapping[str, PostCounts] = MappingProxyType({}),
    posts_elapsed_ms: int = 0,
) -> dict[str, HotEntry]:
    """The hot, the warm and the written rooms after a tick. `counts` are of fetches.

    A hot room without fetches has a rate of 0. `elapsed_ms` is the actual time since the last drain, so that counts
    gathered while no scheduler ran do not look like the load of one second; `posts_elapsed_ms` likewise, 0 if the same.
    """
    written = _written(previous, posts, max(1, posts_elapsed_ms or elapsed_ms) / 1000)
    hot: dict[str, HotEntry] = {}
    warm: dict[str, HotEntry] = {}
    was_hot = {room_id for room_id, entry in previous.items() if entry.hot}
    for room_id in counts.keys() | was_hot:
        fetches_per_s = round(counts.get(room_id, 0) * 1000 / max(1, elapsed_ms), 1)
        before = previous.get(room_id)
        state = HeatState() if before is None else HeatState(before.hot, before.calm_ticks)
        after = next_heat(state, fetches_per_s, limits)
        if after.hot:
            since = before.since if before is not None and before.hot else now
            hot[room_id] = HotEntry(True, since, fetches_per_s, after.calm_ticks)
        elif fetches_per_s >= limits.enter_per_s * WARM_SHARE:
            warm[room_id] = HotEntry(False, None, fetches_per_s, 0)
    warmest = sorted(warm, key=lambda room_id: (-warm[room_id].fetches_per_s, room_id))[:MAX_WARM_ROOMS]
    fetched = hot | {room_id: warm[room_id] for room_id in warmest}
    return {
        room_id: fetched.get(room_id, _UNFETCHED)._replace(posts=level, governor=governor)
        for room_id, (level, governor) in (dict.fromkeys(fetched, _UNWRITTEN) | written).items()
    }


def _written(
    previous: Mapping[str, HotEntry], posts: Mapping[str, PostCounts], elapsed_s: float
) -> dict[str, tuple[LevelState, GovernorState | None]]:
    """The level and the governor of the rooms in which people write or wrote lately."""
    written = {}
    for room_id in posts.keys() | previous.keys():
        before, counts = previous.get(room_id, _UNFETCHED), posts.get(room_id)
        demand = 0 if counts is None else counts.demand
        level = next_level(before.posts, smoothed(before.posts.posts_per_s, demand, elapsed_s))
        governor = next_governor(before.governor, counts, elapsed_s)
        if level.posts_per_s or level.level or governor is not None:
            written[room_id] = (level, governor)
    most_written = sorted(written, key=lambda room_id: (-written[room_id][0].posts_per_s, room_id))
    return {room_id: written[room_id] for room_id in most_written[:MAX_WRITTEN_ROOMS]}


_UNFETCHED: Final = HotEntry(False, None, 0.0, 0)
_UNWRITTEN: Final[tuple[LevelState, GovernorState | None]] = (LevelState(), None)
