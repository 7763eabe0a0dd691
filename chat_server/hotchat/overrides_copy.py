"""The copy of the operator's overrides in Redis, for the schedulers, which have no Postgres."""

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from chat_contract.redis_keys import SETTING_OVERRIDES
from chat_server.hotchat.heat_rules import HeatOverrides, stored_overrides


class OverridesCopy:
    """Every method raises redis.exceptions.RedisError, OSError or TimeoutError if Redis does not answer in time."""

    def __init__(self, redis: Redis) -> None:
        """`redis` returns bytes (decode_responses off)."""
        self._redis = redis

    async def write(self, overrides: HeatOverrides) -> None:
        await self._redis.set(SETTING_OVERRIDES, orjson.dumps(overrides.given()))

    async def read(self) -> HeatOverrides | None:
        """None if there is no readable copy, as after a restart of Redis: then the last known overrides stay."""
        try:
            raw = await self._redis.get(SETTING_OVERRIDES)
            values = None if raw is None else orjson.loads(raw)
        except (ResponseError, orjson.JSONDecodeError):  # a value of another type; chat_server replaces it
            return None
        return stored_overrides(values) if isinstance(values, dict) else None
