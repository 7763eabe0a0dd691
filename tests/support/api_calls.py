"""Lists every call for which a server has a route, documented or not."""

from collections.abc import Iterator

from fastapi import FastAPI
from starlette.routing import Mount

from server_kit.http import methods

STATIC_FILES = {"/docs/files"}


def calls_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path template) of each call, except HEAD. Mounted folders are no calls."""
    assert {route.path for route in app.routes if isinstance(route, Mount)} <= STATIC_FILES
    yield from methods.calls_of(app)
