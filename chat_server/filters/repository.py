"""The SQL of filters, on a bare asyncpg connection, mostly while the rooms are locked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final
from uuid import UUID

import orjson
from asyncpg import Connection

from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.rules import NO_FILTERS, REPEAT_WITHIN_S, FilterRules, TextFilter
from chat_server.postgres.changed_rows import changed_rows

RecentText = tuple[str, UUID, bytes]
"""Room, author, digest of a text."""

_RULES: Final = "SELECT room_id, rules FROM room_filters WHERE room_id = ANY($1::text[])"

_FILTER: Final = """
SELECT r.filter_version, f.rules::text FROM rooms r LEFT JOIN room_filters f ON f.room_id = r.id WHERE r.id = $1"""

_WRITE_RULES: Final = """
INSERT INTO room_filters (room_id, rules) VALUES ($1, $2)
ON CONFLICT (room_id) DO UPDATE SET rules = EXCLUDED.rules"""

_RECENT_TEXTS: Final = """
SELECT t.room_id, t.author_id, t.digest
FROM unnest($1::text[], $2::uuid[], $3::bytea[]) AS k(room_id, author_id, digest)
JOIN recent_texts t USING (room_id, author_id, digest) WHERE t.posted_at > now() - make_interval(secs => $4)"""

_WRITE_RECENT_TEXTS: Final = """
INSERT INTO recent_texts (room_id, author_id, digest, posted_at)
SELECT t.*, now() FROM unnest($1::text[], $2::uuid[], $3::bytea[]) AS t(room_id, author_id, digest)
ON CONFLICT (room_id, author_id, digest) DO UPDATE SET posted_at = EXCLUDED.posted_at"""

_EXPIRE: Final = """
DELETE FROM recent_texts WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM recent_texts WHERE posted_at < now() - make_interval(secs => $1) LIMIT $2 FOR UPDATE SKIP LOCKED
))"""


def stored_rules(stored: str | None) -> FilterRules:
    """The rules from their column; a room without a row never had filters."""
    if stored is None:
        return NO_FILTERS
    rules = orjson.loads(stored)
    return FilterRules(**rules | {"words": tuple(rules["words"])})


async def read_filter(connection: Connection, room_id: str) -> TextFilter | None:
    """The room's filters; None if there is no such room. The caller needs no lock."""
    row = await connection.fetchrow(_FILTER, room_id)
    return None if row is None else TextFilter(row["filter_version"], stored_rules(row["rules"]))


async def read_missing_filters(
    connection: Connection, versions: Mapping[str, int], cache: FilterCache
) -> dict[str, TextFilter]:
    """The filters of these rooms in these versions, which are the present ones. Those read are cached."""
    filters: dict[str, TextFilter] = {}
    for room_id in versions:
        known = cache.get(room_id)
        if known is not None and known.version == versions[room_id]:
            filters[room_id] = known
    missing = [room_id for room_id in versions if room_id not in filters]
    if missing:
        stored = dict(await connection.fetch(_RULES, missing))
        for room_id in missing:
            text_filter = TextFilter(versions[room_id], stored_rules(stored.get(room_id)))
            filters[room_id] = text_filter
            cache.put(room_id, text_filter)
            await asyncio.sleep(0)
    return filters


async def write_filters(connection: Connection, filters: Mapping[str, TextFilter]) -> None:
    """One statement for each room: changes of filters are rare."""
    for room_id, text_filter in filters.items():
        await connection.execute(_WRITE_RULES, room_id, orjson.dumps(asdict(text_filter.rules)).decode())


async def read_recent_texts(connection: Connection, texts: Sequence[RecentText]) -> set[RecentText]:
    """Those of the texts that their authors sent in the last REPEAT_WITHIN_S."""
    if not texts:
        return set()
    rows = await connection.fetch(_RECENT_TEXTS, *zip(*texts, strict=True), REPEAT_WITHIN_S)
    return {(row["room_id"], row["author_id"], row["digest"]) for row in rows}


async def write_recent_texts(connection: Connection, texts: Sequence[RecentText]) -> None:
    if texts:
        await connection.execute(_WRITE_RECENT_TEXTS, *zip(*texts, strict=True))


async def expire_recent_texts(connection: Connection, limit: int) -> int:
    """Delete up to `limit` texts that no longer count as repeats; returns how many."""
    return await changed_rows(connection, _EXPIRE, REPEAT_WITHIN_S, limit)
