"""Answers in plain ASGI, for the two paths that pass the framework by: fetches and writes."""

from chat_server.http.errors import PROBLEMS_SENT
from chat_server.http.single_write_response import ResponseHead, send_response
from server_kit.http.asgi import Send
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError

JSON: RawHeaders = [(b"content-type", b"application/json")]


async def send_answer(
    send: Send, status: int, headers: RawHeaders, body: bytes, *, is_head: bool = False
) -> None:
    """A whole response; `headers` without the length. To a HEAD: the same headers, no body."""
    length = (b"content-length", b"%d" % len(body))
    await send_response(send, ResponseHead(status, [length]), headers, b"" if is_head else body)


async def send_problem(send: Send, error: ChatError, extra: RawHeaders, *, is_head: bool = False) -> None:
    PROBLEMS_SENT.labels(error.code).inc()
    await send_answer(send, error.status, error.raw_headers() + extra, error.body(), is_head=is_head)
