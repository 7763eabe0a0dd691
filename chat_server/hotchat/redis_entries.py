"""Reads heat and counts from Redis. A bad entry is skipped and counted; a key of the wrong type is replaced."""

import math
from collections.abc import Iterable
from typing import Final

import orjson
from prometheus_client import Counter

from chat_server.hotchat.heat_policy import HotEntry

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
    return HotEntry(bool(fields["hot"]), since, fetches_per_s, int(fields["calm_ticks"]))
