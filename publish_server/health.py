"""Whether this process lives, and whether new streams may come."""

from typing import Any

from fastapi import APIRouter, Request, Response

from publish_server.parts import Parts

router = APIRouter(tags=["operation"])


@router.get("/healthz/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/healthz/ready", responses={503: {"description": "It is being stopped, or a vital task keeps crashing"}}
)
async def ready(request: Request, response: Response) -> dict[str, Any]:
    """200 whatever the stores do: without Kafka, Redis or chat_server streams stay open. 503 while draining, or
    while a vital task keeps crashing."""
    parts: Parts = request.app.state.parts
    status = "draining" if parts.hub.is_draining else "ok" if parts.tasks.is_ready() else "unavailable"
    response.status_code = 200 if status == "ok" else 503
    return {"status": status, "crashed_tasks": parts.tasks.down()}
