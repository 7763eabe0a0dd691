"""The table of stream routes: matching of requests, and the OpenAPI document."""

import pytest

from publish_server.main import create_app
from publish_server.streams.routes import ROOM, ROOM_LIST, ROUTES, StreamRoute, route_of


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/stream/v1/rooms", ROOM_LIST),
        ("/stream/v1/rooms/lobby", ROOM),
        ("/stream/v1/rooms/", ROOM),
        ("/stream/v1/rooms/lobby/nothing", None),
        ("/stream/v1/room", None),
        ("/stream/v1/roomsx", None),
        ("/healthz/live", None),
    ],
)
def test_a_path_belongs_to_one_stream_or_none(path: str, route: StreamRoute | None) -> None:
    assert route_of(path) is route


def test_the_openapi_document_describes_every_stream() -> None:
    app = create_app()
    paths = app.openapi()["paths"]
    for route in ROUTES:
        operation = paths[route.path]["get"]
        assert operation["responses"].keys() == {"200", *map(str, route.problems)}
        assert len(operation["parameters"]) == len(route.parameters)
    assert not {route.path for route in ROUTES} & {getattr(route, "path", "") for route in app.routes}
