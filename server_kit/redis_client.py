"""The Redis client of both servers and the scheduler."""

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis

CALL_TIMEOUT_S: Final = 1.0
"""Timeout for connecting, for a reply, and for a free connection of the pool."""


def open_redis(url: str, max_connections: int) -> Redis:
    """A client with its own pool; close it with `async with`.

    The pool is bounded, because connections that a burst of calls opens are never closed. Overflow rule: WAIT for a
    connection, then fail with redis.exceptions.ConnectionError, as if Redis were down.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=CALL_TIMEOUT_S,
        socket_timeout=CALL_TIMEOUT_S,
        socket_connect_timeout=CALL_TIMEOUT_S,
    )
    return Redis.from_pool(pool)
