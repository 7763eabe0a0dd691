"""The SQL of the operator's overrides of settings. Each change enters the operator's log in the same transaction."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.hotchat.heat_rules import HeatOverrides, HeatRules, stored_overrides
from chat_server.ops.log_repository import note_details
from chat_server.postgres.pools import driver_connection

# Changes run one after another, so that the log has the value that each of them replaced. Reads go on.
_LOCK: Final = "LOCK TABLE setting_overrides IN SHARE ROW EXCLUSIVE MODE"

_READ: Final = "SELECT name, value::text FROM setting_overrides"

_SET: Final = """
INSERT INTO setting_overrides (name, value, environment, changed_at)
SELECT k.name, k.value::jsonb, k.environment::jsonb, now()
FROM unnest($1::text[], $2::text[], $3::text[]) AS k(name, value, environment)
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, environment = EXCLUDED.environment,
    changed_at = EXCLUDED.changed_at"""

_END: Final = "DELETE FROM setting_overrides WHERE name = ANY($1::text[])"

_END_CHANGED: Final = """
DELETE FROM setting_overrides o USING unnest($1::text[], $2::text[]) AS e(name, environment)
WHERE o.name = e.name AND o.environment <> e.environment::jsonb RETURNING o.name, o.value::text"""


class OverrideRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self) -> HeatOverrides:
        async with driver_connection(self._engine) as connection:
            return await _read(connection)

    async def change(
        self, changes: Mapping[str, float | str | None], environment: HeatRules, reason: str | None
    ) -> HeatOverrides:
        """Set overrides, and end those that are None. Returns all that are in force afterwards."""
        async with driver_connection(self._engine) as connection, connection.transaction():
            await connection.execute(_LOCK)
            before = (await _read(connection)).given()
            changed = {name: value for name, value in changes.items() if before.get(name) != value}
            ended = [name for name, value in changed.items() if value is None]
            given = {name: value for name, value in changed.items() if value is not None}
            if given:
                values = [_json(value) for value in given.values()]
                replaced = [_json(getattr(environment, name)) for name in given]
                await connection.execute(_SET, list(given), values, replaced)
            if ended:
                await connection.execute(_END, ended)
            if changed:
                await _log(connection, before, changed, environment, {"reason": reason})
            return await _read(connection)

    async def end_outdated(self, environment: HeatRules) -> None:
        """End the overrides of settings whose value in the environment is another one than when they were made."""
        names, values = list(environment._fields), [_json(value) for value in environment]
        async with driver_connection(self._engine) as connection, connection.transaction():
            rows = await connection.fetch(_END_CHANGED, names, values)
            if rows:
                before = stored_overrides({name: orjson.loads(value) for name, value in rows}).given()
                ended = dict.fromkeys((row["name"] for row in rows), None)
                await _log(connection, before, ended, environment, {"cause": "environment"})


async def _read(connection: asyncpg.Connection) -> HeatOverrides:
    return stored_overrides({name: orjson.loads(value) for name, value in await connection.fetch(_READ)})


async def _log(
    connection: asyncpg.Connection,
    before: Mapping[str, float | str],
    changed: Mapping[str, float | str | None],
    environment: HeatRules,
    why: Mapping[str, str | None],
) -> None:
    settings = {}
    for name, value in changed.items():
        inherited = getattr(environment, name)
        settings[name] = {
            "old": before.get(name, inherited),
            "new": inherited if value is None else value,
            "source": "environment" if value is None else "operator",
        }
    await note_details(connection, "change_settings", {"settings": settings, **why})


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
