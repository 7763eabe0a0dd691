"""`GET /docs` and `GET /openapi.json` of both servers, with Swagger UI from our own host."""

from functools import cache
from pathlib import Path
from typing import Final

import fastapi_offline
import orjson
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from server_kit.http.static_files import WholeFiles

POLICY: Final = (
    "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_FILES: Final = Path(fastapi_offline.__file__).parent / "static"

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/docs/files/favicon.png">
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START: Final = """\
SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});
"""
"""A separate file, because the policy allows no inline script. `validatorUrl: null` stops calls to another host."""


def add_docs_page(app: FastAPI) -> None:
    """Add the routes to an app that was created with `docs_url=None` and `openapi_url=None`."""
    page = _PAGE.format(title=app.title)

    @cache
    def document() -> bytes:
        return orjson.dumps(app.openapi())

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(document(), media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def docs_page() -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    @app.get("/docs/start.js", include_in_schema=False)
    async def docs_start() -> Response:
        return Response(_START, media_type="text/javascript")

    app.mount("/docs/files", WholeFiles(directory=_FILES))
