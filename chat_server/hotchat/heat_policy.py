"""Decides when a room is hot. Pure functions: no Redis, clock or scheduler."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from chat_contract.events import Heat
from chat_server.config import HeatSettings

WARM_SHARE: Final = 0.1
"""A room above this fraction of the entry rate is warm: its rate is published although it is not hot."""

MAX_WARM_ROOMS: Final = 300
"""Overflow rule: the rooms with the lowest rates are left out. Hot rooms always stay."""


class HeatLimits(NamedTuple):
    enter_per_s: float
    exit_per_s: float
    calm_ticks_to_cool: int


class HeatState(NamedTuple):
    hot: bool = False
    calm_ticks: int = 0


class HotEntry(NamedTuple):
    """The heat of one room. `since` is RFC 3339 and set while the room is hot."""

    hot: bool
    since: str | None
    fetches_per_s: float
    calm_ticks: int

    def heat(self) -> Heat:
        return {
            "hot": self.hot,
            "since": self.since,
            "fetches_per_s": self.fetches_per_s,
            "posts_per_s": 0.0,
            "level": 0,
        }


def heat_limits(settings: HeatSettings) -> HeatLimits:
    enter_per_s = settings.hotchat_enter_per_s
    return HeatLimits(enter_per_s, enter_per_s * settings.hotchat_exit_ratio, settings.hotchat_calm_ticks)


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
    previous: Mapping[str, HotEntry], counts: Mapping[str, int], elapsed_ms: int, limits: HeatLimits, now: str
) -> dict[str, HotEntry]:
    """The hot and the warm rooms after a tick.

    A hot room without fetches has a rate of 0. `elapsed_ms` is the actual time since the last drain, so that counts
    gathered while no scheduler ran do not look like the load of one second.
    """
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
    return hot | {room_id: warm[room_id] for room_id in warmest}
