"""Requests for the HTTP crowd as bytes. The crowd fills in both placeholders in every copy that it sends."""

import orjson

UUID_HOLE = "00000000-0000-4000-8000-000000000000"
TIME_HOLE = "@0000000000000000"


def get(path: str, **headers: str) -> bytes:
    return _head("GET", path, headers) + b"\r\n"


def post_message(room: str, token: str, *, text_length: int = 60, text: str | None = None) -> bytes:
    """A message with that text, or of `text_length` characters that begin with the time it was sent."""
    draft = {"client_message_id": UUID_HOLE, "text": text or padded(TIME_HOLE, text_length)}
    return _post(f"/api/v1/rooms/{room}/messages", token, draft)


def make_room(room: str, token: str) -> bytes:
    return _post("/api/v1/rooms", token, {"id": room, "name": room})


def padded(stamp: str, text_length: int) -> str:
    return f"{stamp} ".ljust(text_length, "m")[: max(text_length, len(stamp))]


def _post(path: str, token: str, document: object) -> bytes:
    body = orjson.dumps(document)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    return _head("POST", path, headers) + b"\r\n" + body


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n").encode()
