"""JSON responses of FastAPI's endpoints that keep the headers which dependencies set, such as a renewed session."""

from typing import Any

import orjson
from fastapi import Response


def json_response(value: Any, response: Response, status: int = 200) -> Response:
    """`response` is the one that the endpoint was given."""
    return json_bytes(orjson.dumps(value), response, status)


def json_bytes(body: bytes, response: Response, status: int = 200) -> Response:
    """As `json_response`, for encoded JSON."""
    answer = Response(body, status, media_type="application/json")
    answer.raw_headers += [
        h for h in response.raw_headers if h[0] not in (b"content-length", b"content-type")
    ]
    return answer
