"""httpx for servers on loopback, which have no certificate and may share a slow machine with the tests."""

import asyncio
import ssl
from http import HTTPStatus
from typing import Any, Final

import httpx

NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Shared, because each client without it spends 30 ms on loading the machine's certificates."""

ANSWERS_WITHIN_S: Final = 30.0
"""httpx gives up after 5 s, which a response takes on a busy machine now and then."""

RETRIES: Final = 5

_ANY_NUMBER: Final = httpx.Limits(max_connections=None)


def client_of(base_url: str) -> httpx.AsyncClient:
    """A client that waits long for the server at this URL, and has a connection for each call."""
    return httpx.AsyncClient(
        base_url=base_url, verify=NO_CERTIFICATES, timeout=ANSWERS_WITHIN_S, limits=_ANY_NUMBER
    )


async def answer_of(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    """The response to a call. Like the page, it repeats a call when a busy server asks for that by 503."""
    for _ in range(RETRIES):
        answer = await http.request(method, path, **options)
        if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE or "Retry-After" not in answer.headers:
            return answer
        await asyncio.sleep(float(answer.headers["Retry-After"]))
    return await http.request(method, path, **options)
