"""The built frontend, if its folder is configured: its files, and `index.html` for every other page path.

The build writes `name.br` and `name.gz` next to each text file. They are sent as they are, so a visitor costs no
compression.
"""

import mimetypes
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server_kit.http.methods import CALLS_ONLY
from server_kit.http.static_files import WholeFiles

mimetypes.add_type("application/manifest+json", ".webmanifest")

_PAGE_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'{stream}; worker-src 'self' blob:; manifest-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)
_OTHER_POLICY: Final = "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""The policy of HTML responses that set none themselves."""

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_EMBEDDED_ROOM: Final = re.compile(r"/embed/rooms/[a-z0-9-]{1,64}/?")
_NOT_PAGES: Final = CALLS_ONLY | {"assets"}
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Names in Accept-Encoding and what they add to a file's name, the smallest result first."""


class SinglePageApp(WholeFiles):
    """`stream_url` is where browsers open streams, `same-origin` for the page's own host;
    `embed_ancestors` are the CSP sources whose pages may show `/embed/rooms/{room_id}` in a frame."""

    def __init__(self, folder: Path, *, stream_url: str, embed_ancestors: str) -> None:
        super().__init__(directory=folder)
        stream = "" if stream_url == "same-origin" else f" {_csp_source(stream_url)}"
        self._policy = _PAGE_POLICY.format(stream=stream, ancestors="'self'")
        self._embed_policy = _PAGE_POLICY.format(stream=stream, ancestors=embed_ancestors)
        self._compressed = frozenset(_compressed_files(folder))

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await self._file(path if path != "." else "index.html", scope)
        except HTTPException as error:
            is_page = error.status_code == 404 and "." not in path.rpartition("/")[2]
            if not is_page or path.split("/", maxsplit=1)[0] in _NOT_PAGES:
                raise
            path = "index.html"
            response = await self._file(path, scope)
        if path in (".", "index.html"):
            is_embed = _EMBEDDED_ROOM.fullmatch(scope["path"]) is not None
            response.headers["Content-Security-Policy"] = self._embed_policy if is_embed else self._policy
            response.headers["Cache-Control"] = "no-cache"
            response.headers["Referrer-Policy"] = "same-origin"
        elif path.startswith("assets/"):
            response.headers["Cache-Control"] = _IMMUTABLE
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    async def _file(self, path: str, scope: Scope) -> Response:
        """The file in the smallest form that the client takes. Raises HTTPException."""
        if path in self._compressed:
            raise HTTPException(404)  # a compressed form is not a file that clients may name
        accepted = accepts_encoding(Headers(scope=scope).get("accept-encoding", ""))
        forms = [(name, path + suffix) for name, suffix in _ENCODINGS if path + suffix in self._compressed]
        for name, form in forms:
            if accepted(name):
                response = await super().get_response(form, scope)
                if response.status_code == 200:
                    response.headers["Content-Encoding"] = name
                break
        else:
            response = await super().get_response(path, scope)
        if forms:
            response.headers.add_vary_header("Accept-Encoding")
        return response


def accepts_encoding(header: str) -> Callable[[str], bool]:
    """Which content codings an Accept-Encoding header takes. Source: RFC 9110, section 12.5.3."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        try:
            weights[coding.strip()] = float(weight.partition("=")[2]) if weight else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return lambda coding: weights.get(coding, weights.get("*", 0.0)) > 0


def with_html_policy(app: ASGIApp) -> ASGIApp:
    """`app`, with a policy on every HTML answer that sets none itself: it may be in no frame and is not sniffed."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", _OTHER_POLICY)
                    headers.setdefault("Referrer-Policy", "same-origin")
                    headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        await app(scope, receive, send_with_policy)

    return guarded


def _compressed_files(folder: Path) -> Iterator[str]:
    """Compressed forms of files in the folder, as paths in it."""
    for _, suffix in _ENCODINGS:
        for path in folder.rglob(f"*{suffix}"):
            if path.with_name(path.name.removesuffix(suffix)).is_file():
                yield path.relative_to(folder).as_posix()


def _csp_source(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
