"""The floor for a fetch: one constant page, without and with FastAPI. `PAGE=<file> uvicorn …:bare` or `…:framework`.

`If-None-Match` gives 304 and `/refused` 429, so that each kind of response has its own floor.
"""

import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

PAGE = Path(os.environ["PAGE"]).read_bytes()
HEADERS = {
    "content-type": "application/json",
    "cache-control": "private, no-cache",
    "etag": 'W/"constant"',
    "cache-status": "hotchat; hit",
    "x-request-id": "0123456789abcdef",
}
REFUSAL = (
    b'{"type":"/problems/room_hot","title":"This room is hot","status":429,"detail":"","code":"room_hot"}'
)
REFUSAL_HEADERS = {"content-type": "application/problem+json", "retry-after": "2"}


def _raw(headers: dict[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
    return [
        *((name.encode(), value.encode()) for name, value in headers.items()),
        (b"content-length", b"%d" % len(body)),
    ]


ANSWERS = {
    200: (_raw(HEADERS, PAGE), PAGE),
    304: (_raw(HEADERS, b"")[:-1], b""),
    429: (_raw(REFUSAL_HEADERS, REFUSAL), REFUSAL),
}


async def bare(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    status = 200
    if scope["path"] == "/refused":
        status = 429
    elif any(name == b"if-none-match" for name, _ in scope["headers"]):
        status = 304
    headers, body = ANSWERS[status]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


framework = FastAPI()


@framework.get("/api/v1/rooms/{room_id}/messages")
async def page(room_id: str, request: Request, limit: int = 50, before_seq: int | None = None) -> Response:
    if "if-none-match" in request.headers:
        return Response(status_code=304, headers=HEADERS)
    return Response(PAGE, headers=HEADERS)
