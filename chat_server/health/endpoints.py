"""Liveness and readiness of this process."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from chat_server.health.readiness import Readiness
from chat_server.http.services import service
from chat_server.kafka.event_producer import EventProducer
from server_kit.background_tasks import BackgroundTasks
from server_kit.load_shedder import LoadShedder

router = APIRouter(tags=["operation"])


@router.get("/healthz/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/healthz/ready",
    responses={503: {"description": "Postgres does not answer, or a vital task keeps crashing"}},
)
async def ready(
    readiness: Annotated[Readiness, Depends(service(Readiness))],
    tasks: Annotated[BackgroundTasks, Depends(service(BackgroundTasks))],
    producer: Annotated[EventProducer, Depends(service(EventProducer))],
    shedder: Annotated[LoadShedder, Depends(service(LoadShedder))],
    response: Response,
) -> dict[str, Any]:
    """200 while Postgres answers and vital tasks run. Redis and Kafka do not count, because chat works without them."""
    await readiness.check()
    is_ready = readiness.is_postgres_up and tasks.is_ready()
    response.status_code = 200 if is_ready else 503
    return {
        "status": "ok" if is_ready else "unavailable",
        "postgres": readiness.is_postgres_up,
        "redis": readiness.is_redis_up,
        "kafka": producer.is_up,
        "crashed_tasks": tasks.down(),
        "shed_level": shedder.level,
    }
