"""Lists every call for which a server has a route, documented or not, and makes paths of calls."""

import re
import uuid
from collections.abc import Iterator

from fastapi import FastAPI
from starlette.routing import Mount

from server_kit.http import methods

STATIC_FILES = {"/docs/files"}
AN_ID = str(uuid.UUID(int=7))


def calls_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path template) of each call, except HEAD. Mounted folders are no calls."""
    assert {route.path for route in app.routes if isinstance(route, Mount)} <= STATIC_FILES
    yield from methods.calls_of(app)


def path_of(template: str, **ids: object) -> str:
    """The path of a call in the lobby, with AN_ID for ids that are not given."""
    given = {"room_id": "lobby", "kind": "heart", "report_id": "7", **ids}
    return re.sub(r"\{(\w+)\}", lambda name: str(given.get(name[1], AN_ID)), template)
