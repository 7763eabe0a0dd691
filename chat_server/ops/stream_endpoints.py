"""The stream of the control room. The streams of rooms are publish_server's."""

import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from chat_server.http.errors import problems
from chat_server.http.page_parameters import each_parameter_once
from chat_server.http.services import service
from chat_server.ops.snapshot_feed import SnapshotFeed
from chat_server.sessions.current import OperatorAccess
from server_kit.http.methods import IS_HEAD

router = APIRouter(prefix="/ops", tags=["operator"], dependencies=[Depends(each_parameter_once)])

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE: Final = "text/event-stream"

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`event: ops.snapshot` once a second, with an OpsSnapshot as data",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    **problems("unauthenticated", "session_expired", "forbidden", "rate_limited", "server_full"),
}


class SnapshotStream(EventSourceResponse):
    """The stream of a watcher, who has entered the feed. server_kit/http/connections.py cuts one that does not read."""

    def __init__(self, feed: SnapshotFeed, until_s: float) -> None:
        super().__init__(feed.frames(until_s, time.time), headers=HEADERS, ping=0)
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave()


@router.get("/stream", response_class=Response, responses=_RESPONSES)
async def watch(
    request: Request,
    access: Annotated[OperatorAccess, Depends(service(OperatorAccess))],
    feed: Annotated[SnapshotFeed, Depends(service(SnapshotFeed))],
) -> Response:
    """Server-sent events: the state of rooms, processes and stores, once a second. Ends when the cookie does."""
    until_s = access.operator_until_s(request.scope, time.time())
    if request.scope.get(IS_HEAD):
        return Response(headers=HEADERS, media_type=MEDIA_TYPE)
    feed.enter()
    return SnapshotStream(feed, until_s)
