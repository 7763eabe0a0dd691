"""Reads heat and counts from Redis. A bad entry is skipped and counted; a key of the wrong type is replaced."""

import math
from collections.abc import Iterable
from typing import Any, Final, cast

import orjson
from prometheus_client import Counter

from chat_contract.events import HeatLevel
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.post_level import LevelState
from chat_server.hotchat.slow_mode_governor import LADDER_S, GovernorState, PostCounts
from chat_server.limits.turn_clock import TurnClock

MAX_COUNT: Final = 10**9
"""Larger counts of one room are treated as bad entries."""

UNREADABLE: Final = Counter(
    "hotchat_heat_entries_unreadable_total", "Entries in Redis that could not be read: SKIP", ["kind"]
)

LUA_FUNCTIONS: Final = f"""
local function drop_other_type(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= kind then redis.call('DEL', key) end
end
local function count_in(text)
  local number = tonumber(text)
  if number and number >= 0 and number <= {MAX_COUNT} and number == math.floor(number) then return number end
  return 0
end
"""
"""Prefix for Lua scripts. `drop_other_type` deletes a key of the wrong type, which would fail every later script.
`count_in` returns a whole number, or 0 for anything else."""


def decode_counts(pairs: Iterable[tuple[bytes, bytes | int]]) -> dict[str, int]:
    """Room id → count; entries that are not valid counts are left out."""
    counts: dict[str, int] = {}
    for room_id, text in pairs:
        try:
            count = int(text)
            if not 0 <= count <= MAX_COUNT:
                raise ValueError("not a count")
            counts[room_id.decode()] = count
        except ValueError:
            UNREADABLE.labels("count").inc()
    return counts


def decode_posts(pairs: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, PostCounts], int | None]:
    """Room id → what people wrote there, and the time of the first flush in ms, None if unknown."""
    kinds: dict[bytes, list[tuple[bytes, bytes]]] = {kind: [] for kind in (b"d", b"a", b"p", b"e", b"n")}
    targets: dict[str, float | None] = {}
    since_ms = None
    for field, text in pairs:
        kind, _, room_id = field.partition(b":")
        try:
            if field == b"since":
                since_ms = int(text)
            elif kind == b"t":
                targets[room_id.decode()] = _target(text)
            elif kind in kinds:
                kinds[kind].append((room_id, text))
        except ValueError:
            UNREADABLE.labels("posts").inc()
    demand, authors, passed, exempt, newcomers = (decode_counts(counts) for counts in kinds.values())
    rooms = demand.keys() | passed.keys() | targets.keys()
    return {
        room_id: PostCounts(
            demand.get(room_id, 0),
            passed.get(room_id, 0),
            exempt.get(room_id, 0),
            authors.get(room_id, 0),
            targets.get(room_id),
            room_id in targets,
            newcomers.get(room_id, 0),
        )
        for room_id in rooms
    }, since_ms


def _target(text: bytes) -> float | None:
    if not text:
        return None
    target = float(text)
    if not (math.isfinite(target) and target > 0):
        raise ValueError("no target")
    return target


def decode_room_ids(members: Iterable[bytes]) -> frozenset[str]:
    """Room ids; those that are not valid UTF-8 are left out."""
    room_ids = set()
    for member in members:
        try:
            room_ids.add(member.decode())
        except ValueError:
            UNREADABLE.labels("room").inc()
    return frozenset(room_ids)


def decode_entries(rows: Iterable[tuple[bytes, bytes]]) -> dict[str, HotEntry]:
    """Room id → entry. An entry that this version cannot read, as during a deploy, is left out: its room is cold."""
    entries: dict[str, HotEntry] = {}
    for room_id, text in rows:
        try:
            entries[room_id.decode()] = _decode_entry(text)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            UNREADABLE.labels("heat").inc()
    return entries


def _decode_entry(text: bytes) -> HotEntry:
    fields = orjson.loads(text)
    since, fetches_per_s = fields.get("since"), float(fields["fetches_per_s"])
    if not (since is None or isinstance(since, str)) or not math.isfinite(fetches_per_s):
        raise ValueError("no entry of ours")
    return HotEntry(
        bool(fields["hot"]),
        since,
        fetches_per_s,
        int(fields["calm_ticks"]),
        _decode_level(fields),
        _decode_governor(fields.get("governor")),
    )


def _decode_level(fields: dict[str, Any]) -> LevelState:
    """The version before wrote none: then nobody has written."""
    posts_per_s, level = float(fields.get("posts_per_s", 0.0)), int(fields.get("level", 0))
    if not math.isfinite(posts_per_s) or not 0 <= level <= 3:
        raise ValueError("no level of ours")
    return LevelState(posts_per_s, cast(HeatLevel, level), int(fields.get("level_calm_ticks", 0)))


def _decode_governor(fields: dict[str, Any] | None) -> GovernorState | None:
    """Fields of another version are left out, and those that it did not write have their defaults. None for a wait that
    this version does not set: then it begins again."""
    if fields is None:
        return None
    values: dict[str, Any] = {}
    for name in GovernorState._fields:
        if name in fields:
            kind = type(GovernorState._field_defaults.get(name, 0.0))
            values[name] = (
                TurnClock(*map(_finite, fields[name])) if kind is TurnClock else kind(_finite(fields[name]))
            )
    state = GovernorState(**values)
    return state if state.wait_s in LADDER_S and state.target > 0 else None


def _finite(number: Any) -> float:
    if not math.isfinite(number):
        raise ValueError("not a number of ours")
    return float(number)


def encode_entry(entry: HotEntry) -> bytes:
    """As versions before have it, with more fields."""
    fields: dict[str, Any] = {
        "hot": entry.hot,
        "since": entry.since,
        "fetches_per_s": entry.fetches_per_s,
        "calm_ticks": entry.calm_ticks,
        "posts_per_s": round(entry.posts.posts_per_s, 2),
        "level": entry.posts.level,
        "level_calm_ticks": entry.posts.calm_ticks,
    }
    if entry.governor is not None:
        fields["governor"] = {
            name: list(value) if isinstance(value, TurnClock) else value
            for name, value in entry.governor._asdict().items()
        }
    return orjson.dumps(fields)
