"""Answers `POST /stream/v1/places` below FastAPI: a crowd that waits asks hundreds of times a second."""

from typing import Any

import orjson

from publish_server.stream_queue.stream_admission import StreamAdmission
from publish_server.streams.routes import PLACES
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError, invalid
from server_kit.http.problem_response import send_problem
from server_kit.http.request_admission import Admission
from server_kit.http.request_body import read_body

MAX_BODY_BYTES = 1_024


class PlaceEndpoint:
    """A Responder, see `server_kit/http/http_layers.py`."""

    def __init__(self, stream_admission: StreamAdmission, admission: Admission) -> None:
        self._stream_admission = stream_admission
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send, extra: RawHeaders) -> bool:
        if scope["method"] != "POST" or scope["path"] != PLACES.path:
            return False
        try:
            place = place_of(await read_body(scope, receive, MAX_BODY_BYTES))
            source, person = self._admission.source_of(scope), self._admission.person_of(scope)
            body = orjson.dumps(await self._stream_admission.stand(place, source, person))
        except ChatError as error:
            await send_problem(scope, send, error, extra)
            return True
        headers = [
            *extra,
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),  # the connections of those who wait would use up what streams need
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return True


def place_of(body: bytes) -> str | None:
    """The place in the body; None without one. Raises ChatError validation_failed."""
    if not body:
        return None
    try:
        fields: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise invalid([{"field": "body", "message": "This is not valid JSON in UTF-8."}]) from None
    if not isinstance(fields, dict) or fields.keys() - {"place"}:
        raise invalid([{"field": "body", "message": 'Send {} or {"place": "…"}.'}])
    place = fields.get("place")
    if place is not None and not isinstance(place, str):
        raise invalid([{"field": "place", "message": "Send the place as text."}])
    return place
