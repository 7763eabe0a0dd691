"""Whether this process is alive, and whether it should receive new streams."""

import asyncio
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from server_kit.background_tasks import BackgroundTasks
from server_kit.load_shedder import LoadShedder

router = APIRouter(tags=["operation"])


@dataclass(frozen=True)
class Readiness:
    """What readiness depends on; the app's state holds it as `readiness`."""

    tasks: BackgroundTasks
    draining: asyncio.Event
    shedder: LoadShedder


@router.get("/healthz/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/healthz/ready",
    responses={503: {"description": "The process is draining, or a vital task keeps crashing"}},
)
async def ready(request: Request, response: Response) -> dict[str, Any]:
    """200 even if stores are unavailable: without Kafka, Redis or chat_server streams stay open. 503 while draining,
    or while a vital task keeps crashing."""
    readiness: Readiness = request.app.state.readiness
    tasks = readiness.tasks
    status = "draining" if readiness.draining.is_set() else "ok" if tasks.is_ready() else "unavailable"
    response.status_code = 200 if status == "ok" else 503
    return {"status": status, "crashed_tasks": tasks.down(), "shed_level": readiness.shedder.level}
