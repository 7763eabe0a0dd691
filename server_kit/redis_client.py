"""How both servers and the scheduler reach Redis."""

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis

CALL_TIMEOUT_S: Final = 1.0
"""For connecting, for an answer, and for a free connection of the pool."""


def open_redis(url: str, max_connections: int) -> Redis:
    """A client with a pool of its own; close it with `async with`.

    Without a bound, each burst of calls leaves its connections open for good. Overflow rule: WAIT for a connection,
    then fail with redis.exceptions.ConnectionError, as when Redis is unavailable.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=CALL_TIMEOUT_S,
        socket_timeout=CALL_TIMEOUT_S,
        socket_connect_timeout=CALL_TIMEOUT_S,
    )
    return Redis.from_pool(pool)
