"""Whether this process lives, and whether it can serve."""

from typing import Any

from fastapi import APIRouter, Response

from chat_server.dependencies import PartsOf

router = APIRouter(tags=["operation"])


@router.get("/healthz/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/healthz/ready",
    responses={503: {"description": "Postgres does not answer, or a vital task keeps crashing"}},
)
async def ready(parts: PartsOf, response: Response) -> dict[str, Any]:
    """200 while Postgres answers and vital tasks run. Redis and Kafka do not count: chat goes on without them."""
    postgres, redis = await parts.readiness.stores()
    is_ready = postgres and parts.tasks.is_ready()
    response.status_code = 200 if is_ready else 503
    return {
        "status": "ok" if is_ready else "unavailable",
        "postgres": postgres,
        "redis": redis,
        "kafka": parts.producer.is_healthy,
        "crashed_tasks": parts.tasks.down(),
    }
