"""The built page, where a folder of it is given: files as they are, and `index.html` for every other page path."""

import mimetypes
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

mimetypes.add_type("application/manifest+json", ".webmanifest")

_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' {stream}; worker-src 'self' blob:; manifest-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)
_IMMUTABLE = "public, max-age=31536000, immutable"


class SinglePageApp(StaticFiles):
    """`stream_source` is the CSP source of the streams; `embed_ancestors` may show `/embed/…` in a frame."""

    def __init__(self, folder: Path, *, stream_source: str, embed_ancestors: str) -> None:
        super().__init__(directory=folder)
        self._stream_source = stream_source
        self._embed_ancestors = embed_ancestors

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path if path != "." else "index.html", scope)
        except HTTPException as error:
            is_page = error.status_code == 404 and "." not in path.rpartition("/")[2]
            if not is_page or path.split("/", maxsplit=1)[0] in ("api", "internal", "healthz"):
                raise
            response = await super().get_response("index.html", scope)
        if isinstance(response, FileResponse) and response.media_type == "text/html":
            is_embed = scope["path"].startswith("/embed/")
            response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY.format(
                stream=self._stream_source, ancestors=self._embed_ancestors if is_embed else "'self'"
            )
            response.headers["Cache-Control"] = "no-cache"
            response.headers["Referrer-Policy"] = "same-origin"
        elif path.startswith("assets/"):
            response.headers["Cache-Control"] = _IMMUTABLE
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
