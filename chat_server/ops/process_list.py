"""Reads the records that all processes leave in Redis, see server_kit/process_reports.py."""

import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Final, NamedTuple, cast

import orjson
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from chat_contract.ops_snapshot import MAX_PROCESSES, RATES, OpsProcess, OpsRates, ProcessRecord
from chat_contract.redis_keys import PROCESSES, PROCESSES_TTL_MS

_RECORD: Final = TypeAdapter(ProcessRecord)

log = logging.getLogger(__name__)


class Processes(NamedTuple):
    listed: list[OpsProcess]
    rates: OpsRates


UNKNOWN: Final = Processes([], cast(OpsRates, dict.fromkeys(RATES)))
"""Without Redis."""


async def read_processes(redis: Redis) -> Processes:
    """`redis` returns bytes. Raises redis.exceptions.RedisError or OSError."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.hgetall(PROCESSES)
        (seconds, microseconds), raw = await cast(Awaitable[Any], pipe.execute())
    return decode_processes(raw, seconds * 1000 + microseconds // 1000)


def decode_processes(raw: Mapping[bytes, bytes], now_ms: int) -> Processes:
    """The processes by kind and id, and the sum of their rates. Old records, and those that this version cannot read,
    are left out. Pure."""
    records = []
    for value in raw.values():
        at_ms, _, text = value.partition(b":")
        try:
            age_ms = now_ms - int(at_ms)
            if age_ms <= PROCESSES_TTL_MS:
                records.append((max(0, age_ms), _RECORD.validate_python(orjson.loads(text))))
        except (ValueError, ValidationError):
            continue
    records.sort(key=lambda each: (each[1]["kind"], each[1]["id"]))
    listed: list[OpsProcess] = []
    rates = dict.fromkeys(RATES, 0.0)
    for age_ms, record in records[:MAX_PROCESSES]:
        rates = {name: round(total + record["rates"].get(name, 0.0), 1) for name, total in rates.items()}
        figures = {name: value for name, value in record.items() if name != "rates"}
        listed.append(cast(OpsProcess, {**figures, "age_s": age_ms / 1000}))
    return Processes(listed, cast(OpsRates, rates))
