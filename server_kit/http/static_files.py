"""Static files that are always sent whole."""

from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_IGNORED: Final = frozenset({b"range", b"if-range"})


class WholeFiles(StaticFiles):
    """Ignores Range (RFC 9110, section 14.2): every file is small, and Starlette answers a bad range as text/plain."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name not in _IGNORED]
        await super().__call__({**scope, "headers": headers}, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Raises HTTPException."""
        response = await super().get_response(path, scope)
        if "Accept-Ranges" in response.headers:
            response.headers["Accept-Ranges"] = "none"
        return response
