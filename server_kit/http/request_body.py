"""Reads the body of a request up to a limit."""

from typing import Final

from chat_contract.limits import MAX_BODY_BYTES
from server_kit.http.asgi import Receive, Scope, raw_header
from server_kit.http.problem import ChatError

_NOT_COMPRESSED: Final = (None, b"", b"identity")


def body_too_large(max_bytes: int) -> ChatError:
    return ChatError("body_too_large", f"A request body has at most {max_bytes:,} bytes.")


async def read_body(scope: Scope, receive: Receive, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The whole body. Raises ChatError `body_too_large` as soon as the limit is exceeded, `validation_failed` if the
    client disconnects, `unsupported_media_type` for a compressed body."""
    if raw_header(scope, b"content-encoding") not in _NOT_COMPRESSED:
        raise ChatError("unsupported_media_type", "Send the body without a Content-Encoding.")
    length = raw_header(scope, b"content-length") or b""
    if length.isdigit() and int(length) > max_bytes:
        raise body_too_large(max_bytes)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ChatError("validation_failed", "The request was cut short.", errors=[])
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise body_too_large(max_bytes)
        if not message.get("more_body", False):
            return bytes(body)
