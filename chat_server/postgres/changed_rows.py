"""Runs a statement and counts the rows that it changed."""

import asyncpg


async def changed_rows(connection: asyncpg.Connection, sql: str, *values: object) -> int:
    """The number of rows that an INSERT, UPDATE or DELETE changed."""
    status: str = await connection.execute(sql, *values)  # "DELETE 42"
    return int(status.rsplit(maxsplit=1)[-1])
