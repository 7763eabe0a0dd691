"""Runs a DELETE and counts its rows."""

import asyncpg


async def delete_rows(connection: asyncpg.Connection, sql: str, *values: object) -> int:
    """The number of deleted rows."""
    status: str = await connection.execute(sql, *values)  # "DELETE 42"
    return int(status.rsplit(maxsplit=1)[-1])
