"""Lists every call for which a server has a route, documented or not."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

STATIC_FILES = {"/docs/files"}


def calls_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path template) of each call, except HEAD."""
    for route in iter_route_contexts(app.routes):
        assert route.path is not None
        if isinstance(route.original_route, Mount):
            assert route.path in STATIC_FILES, route.path
            continue
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, route.path
