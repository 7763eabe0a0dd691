"""Whether this process lives, whether it can serve, and its metrics."""

import asyncio
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text

from chat_contract.loop_metrics import count_tasks
from chat_server.db import STORE_ERRORS
from chat_server.parts import Parts, PartsOf

router = APIRouter(tags=["operation"])

CHECK_WITHIN_S = 1.0


@router.get("/healthz/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/healthz/ready",
    responses={503: {"description": "Postgres does not answer, or a vital task keeps crashing"}},
)
async def ready(parts: PartsOf, response: Response) -> dict[str, Any]:
    """200 while Postgres answers and vital tasks run. Redis and Kafka do not count: chat goes on without them."""
    postgres, redis = await asyncio.gather(_postgres_answers(parts), _redis_answers(parts))
    is_ready = postgres and parts.tasks.is_ready()
    response.status_code = 200 if is_ready else 503
    return {
        "status": "ok" if is_ready else "unavailable",
        "postgres": postgres,
        "redis": redis,
        "kafka": parts.producer.is_healthy,
        "crashed_tasks": parts.tasks.down(),
    }


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    count_tasks()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _postgres_answers(parts: Parts) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S), parts.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except STORE_ERRORS:
        return False
    return True


async def _redis_answers(parts: Parts) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await parts.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True
